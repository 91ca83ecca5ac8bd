"""Messages that nobody can handle end somewhere, and the run goes on to its notice without them."""

import re
from collections.abc import Iterator

import pytest
from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from sandbox.faults import Effect, Fault
from sandbox.host.queues import create_queue
from sandbox.local_storage import STORAGE
from sync_core.documents import dumps
from sync_core.model.plans import PlanState
from sync_core.model.reports import RunReport
from sync_core.model.runs import CustomerState, RunState
from sync_core.pipeline.customers import CUSTOMERS, load_live
from sync_core.pipeline.messages import APPLY_PLAN, SEND_NOTICES, SYNC_CUSTOMER, Message
from sync_core.pipeline.runs import load_run
from sync_core.ports import Row
from sync_core.rows import upsert
from tests.eventually import eventually
from tests.nights.chain import Chain, one_at_a_time

STAGES = (SYNC_CUSTOMER, APPLY_PLAN, SEND_NOTICES)
QUEUES = tuple(f"{stage}{kind}" for stage in STAGES for kind in ("", "-poison"))
SOON_GIVEN_UP = {"AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "2"}
BAD_BODIES = ("no JSON", "", "null", "[]", '"text"', "{}", "\u202e{", '{"run_id": "a/b?c#d\\\\e"}', '{"run_id": "%s"}' % ("x" * 3000), "[" * 20_000)
POISON_FAILED = re.compile(r"Executed 'Functions\.\w+_poison' \(Failed")


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chain, RunReport]]:
    """A night with unreadable messages on every queue, and customers whose rows in the storage are damaged."""
    with Chain(tmp_path_factory.mktemp("poison"), {**SOON_GIVEN_UP, **one_at_a_time()}) as chain:
        chain.import_configuration()
        for queue in QUEUES:
            send(chain, queue, *BAD_BODIES)
        damage(chain, "Contoso", "a-state")
        damage(chain, "Tailspin Toys", "a-live")
        chain.at_write(1, lambda: damage_plans(chain))
        chain.start_host()
        yield chain, chain.night()


def send(chain: Chain, queue: str, *bodies: str) -> None:
    """Puts messages as the app's own code does."""
    client = client_of(chain, queue)
    create_queue(client)
    for body in bodies:
        client.send_message(body)


def client_of(chain: Chain, queue: str) -> QueueClient:
    """A queue of the app."""
    return QueueClient.from_connection_string(chain.settings[STORAGE], queue, message_encode_policy=TextBase64EncodePolicy())


def damage(chain: Chain, customer: str, key: str) -> None:
    """Makes a row of a customer unreadable, as a version of the app would find it that it was never made for."""
    row = Row(chain.tenant_id(customer), key, {"document_0": '{"number": "none", "day": "never"'})
    chain.context.store.transact(CUSTOMERS, [upsert(row)])


def damage_plans(chain: Chain) -> None:
    """Makes those of two plans unreadable that are released and not begun yet: at the first write at least one of them."""
    for customer in ("Fabrikam", "Northwind Traders"):
        live = load_live(chain.context.store, chain.tenant_id(customer)).value
        if live.state is PlanState.LIVE:
            damage(chain, customer, f"p-{live.plan_id}")


def ended(night: tuple[Chain, RunReport]) -> dict[str, str]:
    """The code of each customer's end, or its state where it has none, by its name in the configuration."""
    names = {account.tenant.tenant_id: account.name for account in night[0].world.accounts}
    return {names[item.customer.tenant_id]: item.customer.code or item.customer.state.value for item in night[1].customers}


def test_customers_that_cannot_be_handled_fail_and_the_others_end_as_promised(night: tuple[Chain, RunReport]) -> None:
    found = ended(night)
    poisoned = {name for name, end in found.items() if end == "poison-message"}
    assert {"Contoso", "Tailspin Toys"} < poisoned
    assert poisoned & {"Fabrikam", "Northwind Traders"}
    others = [promise for promise in night[0].world.promises if promise.customer not in poisoned]
    assert {promise.customer: found[promise.customer] for promise in others} == {item.customer: item.code or item.state for item in others}


def test_the_mail_goes_out_and_names_who_failed(night: tuple[Chain, RunReport]) -> None:
    chain, report = night
    assert report.run.notice == "sent"
    [mail] = chain.world.microsoft.mails
    assert "failed again and again" in mail.to_json()["body"]["content"]


def test_nothing_is_left_in_any_queue(night: tuple[Chain, RunReport]) -> None:
    chain = night[0]
    eventually(lambda: [queue for queue in QUEUES if client_of(chain, queue).get_queue_properties().approximate_message_count] == [])


def test_the_handlers_of_the_poison_queues_never_fail(night: tuple[Chain, RunReport]) -> None:
    chain = night[0]
    logged = chain.log.read_text(encoding="utf-8")
    assert "poison.unreadable" in logged
    assert POISON_FAILED.findall(logged) == []


def test_a_notice_that_is_given_up_closes_its_run(running: Chain) -> None:
    """Its message is in the poison queue while the mailbox is still tried."""
    running.world.microsoft.graph_faults.add(Fault(Effect.ANSWER, path="/sendMail$", times=0, status=503))
    run_id = running.call("POST", f"customers/{running.tenant_id('Litware')}/resync").json["run"]
    eventually(lambda: (run := load_run(running.context.store, run_id)) is not None and run.value.state is RunState.FINISHED)
    send(running, f"{SEND_NOTICES}-poison", dumps(Message(run_id)))
    report = running.follow(run_id)
    running.world.microsoft.graph_faults.clear()
    assert report.run.notice.startswith("failed")
    assert report.customers[0].customer.state is CustomerState.FAILED
