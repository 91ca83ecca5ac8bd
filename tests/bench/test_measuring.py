"""The benchmark measures the right thing. What the values are is never tested here, except where they are counts that a person can follow."""

from collections import Counter
from dataclasses import replace

from sandbox.bench.bare import BareLoop
from sandbox.bench.calls import Kind, kind_of, typical
from sandbox.bench.figures import Figure, Section, table
from sandbox.bench.large import measure_large
from sandbox.bench.recording import Get, Query, Transact
from sandbox.bench.scale import plain_customers
from sandbox.memory.counting import Operation
from sandbox.web import Request
from sandbox.world.customers import FIRST_CUSTOMERS
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.runs import customers_of, load_run
from tests.bench.conftest import Played


def test_the_second_day_is_one_without_changes(played: Played) -> None:
    """Every customer is read once, is done, and sends no plan to be applied."""
    store = played.laboratory.process().store
    customers = [stored.value for stored in customers_of(store, played.second_day.run.run_id)]
    assert {customer.tenant_id for customer in customers} == set(played.laboratory.tenants)
    assert {(customer.state, customer.changes) for customer in customers} == {(CustomerState.DONE, 0)}
    assert len(played.second_day.messages) == len(customers) + 1


def test_each_customer_is_counted_with_the_calls_that_arrived_at_the_simulators(played: Played) -> None:
    """The calls of a customer are its own: its tenant's token, its batch, its agreement's lines."""
    for message in played.second_day.customers:
        kinds = Counter(kind_of(call, played.laboratory.partner_id) for call in message.did.calls)
        assert (kinds[Kind.TOKEN], kinds[Kind.BATCH], kinds[Kind.LINES], kinds[Kind.WRITE]) == (1, 1, 1, 0)
        assert message.did.calls[0].request.path.startswith(f"/{message.tenant_id}/")


def test_the_operations_of_a_customer_are_listed_one_by_one(played: Played) -> None:
    """Who comes first or last does more, and is not taken for the usual customer."""
    assert typical(played.second_day.customers) == (
        Operation("get", "runs", "daily-*"),
        Operation("get", "runs", "daily-*"),
        Operation("query", "customers", "*"),
        Operation("upsert", "customers", "*"),
        Operation("get", "runs", "daily-*"),
        Operation("transaction", "runs", "daily-*"),
    )


def test_every_operation_on_a_table_can_be_repeated(played: Played) -> None:
    """Each one that was counted was recorded with all that it was asked with."""
    usual = next(message.did for message in played.second_day.customers if message.did.repeatable)
    recorded = [effect for effect in usual.effects if isinstance(effect, Get | Query | Transact)]
    assert [effect.table for effect in recorded] == [operation.target for operation in usual.operations]


def test_the_bare_loop_makes_the_same_calls(played: Played) -> None:
    """The simulators get the same requests again, bodies and authorization included, and accept them."""
    laboratory = played.laboratory
    usual = next(message.did for message in played.second_day.customers if message.did.repeatable)
    laboratory.recording.take()
    BareLoop(laboratory.urls, laboratory.connection).repeat(usual)
    again = laboratory.recording.take().calls
    assert [_sent(call.request) for call in again] == [_sent(call.request) for call in usual.calls]


def test_the_bare_loop_leaves_every_row_as_it_was(played: Played) -> None:
    """What it writes is what is there, so a night can go on after it; only ETags are new."""
    store, run_id = played.laboratory.process().store, played.second_day.run.run_id
    usual = next(message.did for message in played.second_day.customers if message.did.repeatable)
    written = [write.row for effect in usual.effects if isinstance(effect, Transact) for write in effect.writes if "counter" not in write.row.key]
    tables = {write.row.key: effect.table for effect in usual.effects if isinstance(effect, Transact) for write in effect.writes}
    BareLoop(played.laboratory.urls, played.laboratory.connection).repeat(usual)
    for row in written:
        there = store.get(tables[row.key], row.partition, row.key)
        assert there is not None
        assert replace(there, etag="") == replace(row, etag="")
    run = load_run(store, run_id)
    assert run is not None
    assert run.value.state is RunState.TOLD


def test_what_would_not_end_the_same_is_not_repeated(played: Played) -> None:
    """The first customer inserts what all share, and the last one sends a message: neither has a bare counterpart."""
    customers = played.second_day.customers
    assert [message.did.repeatable for message in customers] == [False, True, True, False]


def test_the_nights_are_of_plain_customers_only(played: Played) -> None:
    """The first customers of a world wait and fail on purpose."""
    yaml = played.laboratory.world.configuration_yaml(played.laboratory.urls.psas)
    configured = {item.customer.tenant_id for item in plain_customers(yaml).customers}
    assert configured == set(played.laboratory.tenants)
    assert len(played.laboratory.world.accounts) == len(FIRST_CUSTOMERS) + len(configured)


def test_a_figure_says_whether_its_goal_is_met() -> None:
    """Without a goal, and without a value, there is no mark."""
    assert [Figure("x", value, most=most).met for value, most in ((1, 1), (2, 1), (2, None), (None, 1))] == [True, False, None, None]


def test_the_table_has_goals_beside_values() -> None:
    """A value that could not be measured is a dash."""
    text = table([Section("Calls", (Figure("token request", 1, most=1), Figure("memory", None, "MiB", most=2)), ("One customer.",))])
    assert text.splitlines() == [
        "Calls",
        "  token request          1        goal <= 1    met",
        "  memory                 - MiB    goal <= 2",
        "  One customer.",
    ]


def _sent(request: Request) -> object:
    kept = {name: request.headers.get(name) for name in ("authorization", "content-type", "accept", "clientid")}
    return request.method, request.path, request.query, request.body, kept


def test_a_large_customer_is_counted_from_the_same_pages_that_are_only_fetched() -> None:
    """A small one here: what is compared is the same, and memory does not grow with the licences."""
    (section,) = measure_large(users=1200, licences=10, rounds=1)
    figures = {figure.name: figure for figure in section.figures}
    assert "over 3 pages of users" in section.notes[0]
    assert figures["ratio of the peaks"].met
    assert figures["ratio"].value and figures["ratio of counting alone"].value
