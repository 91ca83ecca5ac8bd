"""A person is forgotten: a pseudonym in everything that is stored, no count that differs, and no read that brings them back."""

from __future__ import annotations

import io
import json
import zlib
from dataclasses import replace
from datetime import date

import pytest

from sandbox.commands.forget import parser, perform
from sandbox.terminal import Terminal
from sync_core.counting import count_customer, holders_of
from sync_core.documents import from_document
from sync_core.errors import Rejected
from sync_core.history.explain import explain
from sync_core.history.forget import Forgetting, Names, replacing
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration, Partner
from sync_core.model.custom_licences import Attribute, Condition, Counts, CustomLicence, Part, Split, part_id
from sync_core.model.customers import Customer, Mode
from sync_core.model.forgotten import Forgotten, mark_of, without_people
from sync_core.model.history import RecordKind
from sync_core.model.licences import Device, Mailbox, MailboxKind, PrepaidUnits, Sku, Source, UsageSnapshot, User
from sync_core.model.people import Who
from sync_core.model.plans import ChangeResult, PlanState
from sync_core.pipeline.customers import CUSTOMERS, load_live, load_plan, load_record, move_live, plans_of
from sync_core.pipeline.decisions import show_plan
from sync_core.pipeline.history import of_kind, records
from tests.pipeline.faults import Death, Killed
from tests.pipeline.night import SKU, Night, tenant
from tests.pipeline.scenes import check_next_day
from tests.pipeline.test_names import naming
from tests.pipeline.test_retention import stored

WHO = Who("a clerk")
ANNA = User("0d1e8a52-0000-4000-8000-00000000000a", frozenset({SKU}), {}, "anna.smith@contoso.example", "Anna Smith")
BUYER = User("0d1e8a52-0000-4000-8000-00000000000b", frozenset({SKU}), {}, "buyer@contoso.example", "Buyer")
COURIER = User("0d1e8a52-0000-4000-8000-00000000000c", frozenset({SKU}), {}, "courier@contoso.example", "Courier")
TRACES = ("anna", "00000000000a")


def named(mode: Mode = Mode.AUTOMATIC) -> Night:
    """Two nights: Anna and Buyer are named on the line, then Anna has left."""
    night = naming(Night(seats=12, billed=12, mode=mode))
    night.microsoft.users[tenant(1)] = (ANNA, BUYER)
    night.run()
    night.next_day()
    night.microsoft.users[tenant(1)] = (BUYER,)
    night.run()
    night.next_day()
    return night


def traces(night: Night) -> list[str]:
    """What is still known of Anna."""
    text = stored(night).casefold()
    return [trace for trace in TRACES if trace in text]


def numbers(night: Night) -> list[tuple[object, ...]]:
    """All changes of all plans without their texts."""
    plans = plans_of(night.store, tenant(1))
    return [(plan.plan_id, change.kind, change.before, change.after, change.result) for plan, _ in plans for change in plan.changes]


@pytest.mark.parametrize("person", ["Anna.Smith@contoso.example", ANNA.user_id])
def test_nothing_stored_names_the_person_any_more_and_everything_else_is_as_it_was(person: str) -> None:
    night = named()
    before = numbers(night)
    assert traces(night) == list(TRACES)
    done = Forgetting(night.context, tenant(1), person).forget(WHO)
    assert traces(night) == []
    assert (len(done.snapshots), done.plans > 0, done.steps > 0, done.left) == (1, True, True, ())
    assert numbers(night) == before
    assert night.psa.lines("a1")[0].text == "| Users: Buyer"
    (told,) = of_kind(records(night.store, CUSTOMERS, tenant(1)), RecordKind.FORGOTTEN)
    assert (told.document, told.by) == ({"pseudonym": done.pseudonym}, "a clerk (unverified)")


def test_the_day_is_explained_with_the_pseudonym_and_the_same_count() -> None:
    night = named()
    done = Forgetting(night.context, tenant(1), ANNA.user_id).forget(WHO)
    (found,) = explain(night.context, tenant(1), date(2026, 3, 17))
    assert found.people.names == ("Buyer", done.pseudonym)
    assert found.counted is not None and found.counted.purchased == 12
    assert any(done.pseudonym in story.change.terms.text for story in found.made_by)


def test_the_next_days_write_nothing_and_store_no_new_evidence() -> None:
    night = named()
    Forgetting(night.context, tenant(1), ANNA.user_id).forget(WHO)
    blobs = night.blobs.held
    check_next_day(night)
    assert [name for name in night.blobs.held if name.startswith("snapshots/")] == [name for name in blobs if name.startswith("snapshots/")]


def test_a_person_who_is_still_there_stays_on_the_line_and_comes_back_in_no_evidence() -> None:
    night = naming(Night(seats=12, billed=12))
    night.microsoft.users[tenant(1)] = (ANNA, BUYER)
    night.run()
    done = Forgetting(night.context, tenant(1), ANNA.user_id).forget(WHO)
    assert done.present
    check_next_day(night)
    night.microsoft.users[tenant(1)] = (ANNA, BUYER, COURIER)
    night.next_day()
    night.run()
    newest = load_record(night.store, tenant(1)).last
    assert newest is not None
    snapshot = from_document(UsageSnapshot, json.loads(zlib.decompress(night.blobs.get(newest.value.snapshot) or b"")))
    assert sorted(user.display_name for user in snapshot.users) == ["Buyer", "Courier", done.pseudonym]
    assert "Anna Smith" in night.psa.lines("a1")[0].text


def test_a_plan_that_waits_with_the_name_is_withdrawn_and_made_anew() -> None:
    night = naming(Night(seats=12, billed=12, mode=Mode.APPROVE))
    night.microsoft.users[tenant(1)] = (ANNA, BUYER)
    night.run()
    assert show_plan(night.context, tenant(1)).undecided
    preview = Forgetting(night.context, tenant(1), ANNA.user_id).preview()
    assert "withdrawn" in preview.live and load_live(night.store, tenant(1)).value.state is PlanState.LIVE
    night.microsoft.users[tenant(1)] = (BUYER,)
    Forgetting(night.context, tenant(1), ANNA.user_id).forget(WHO)
    assert traces(night) == []
    night.next_day()
    run = night.run()
    assert [change.result for change in night.report(run).changes if change.terms.text] == [ChangeResult.WAITING]
    assert night.psa.writes == []


def test_a_plan_that_is_being_applied_is_left_and_said_so() -> None:
    night = named()
    live = load_live(night.store, tenant(1))
    move_live(night.store, tenant(1), live, PlanState.APPLYING)
    done = Forgetting(night.context, tenant(1), ANNA.user_id).forget(WHO)
    assert len(done.left) == 1 and "being applied" in done.left[0]


def test_a_plan_that_begins_while_it_is_withdrawn_is_left_as_it_is_sent() -> None:
    night = naming(Night(seats=12, billed=12, mode=Mode.APPROVE))
    night.microsoft.users[tenant(1)] = (ANNA, BUYER)
    night.run()
    live = load_live(night.store, tenant(1))
    plan = load_plan(night.store, tenant(1), live.value.plan_id)
    assert plan and "anna" in str(plan.value).casefold()

    def begin(call: str, done: bool) -> None:
        if call == "store.transact customers" and not done and load_record(night.store, tenant(1)).forgotten:
            now = load_live(night.store, tenant(1))
            if now.value.state is PlanState.LIVE:
                move_live(night.store, tenant(1), now, PlanState.APPLYING)

    night.watch(begin)
    done = Forgetting(night.context, tenant(1), "anna.smith@contoso.example").forget(WHO)
    assert load_plan(night.store, tenant(1), live.value.plan_id) == plan
    assert any("being applied" in each for each in done.left)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_after_a_death_at_any_call_the_same_command_ends_what_was_begun(after: bool) -> None:
    whole, living = named(), Death()
    whole.watch(living)
    Forgetting(whole.context, tenant(1), ANNA.user_principal_name).forget(WHO)
    whole.watch(None)
    assert len(living.calls) > 10
    for at in range(len(living.calls)):
        night, death = named(), Death(at, after)
        night.watch(death)
        with pytest.raises(Killed):
            Forgetting(night.context, tenant(1), ANNA.user_principal_name).forget(WHO)
        night.watch(None)
        Forgetting(night.context, tenant(1), ANNA.user_principal_name).forget(WHO)
        assert (at, traces(night)) == (at, [])
        (kept,) = load_record(night.store, tenant(1)).forgotten
        assert kept.pseudonym == load_record(whole.store, tenant(1)).forgotten[0].pseudonym


def test_the_command_shows_asks_replaces_and_says_what_it_cannot_reach() -> None:
    night, shown = named(), io.StringIO()
    terminal = Terminal(shown, {}, 120)
    options = parser().parse_args([ANNA.user_principal_name, "--preview"])
    assert perform(options, night.context, terminal, lambda _: "never asked") == 0
    options = parser().parse_args([ANNA.user_principal_name, "--customer", "Customer 1"])
    assert perform(options, night.context, terminal, lambda _: "n") == 1
    assert traces(night) == list(TRACES)
    assert perform(options, night.context, terminal, lambda _: "y") == 0
    assert traces(night) == []
    assert "memory, agreement a1, line 1" in shown.getvalue() and "mails with their files" in shown.getvalue()
    with pytest.raises(Rejected, match="Nothing stored names this person"):
        perform(options, night.context, terminal, lambda _: "y")


def test_a_name_of_one_word_is_replaced_only_among_the_people_of_a_line() -> None:
    change = replacing(Names(frozenset({"id-1"}), frozenset({"info@contoso.example"}), frozenset({"Info"})), "forgotten-1")
    assert change("Office | Users: Buyer, Info, + 2 more") == "Office | Users: Buyer, forgotten-1, + 2 more"
    assert change("Info for the customer") == "Info for the customer"
    assert change("asked by INFO@contoso.example, id-1") == "asked by forgotten-1, forgotten-1"
    two = replacing(Names(display_names=frozenset({"Anna Smith", "Needs Approval"})), "forgotten-1")
    assert two("ordered by Anna Smith, not Anna Smithson") == "ordered by forgotten-1, not Anna Smithson"
    assert two("needs approval") == "needs approval"


def _everything() -> tuple[UsageSnapshot, Configuration]:
    """A snapshot with the person everywhere, and rules that look at all of it."""
    person = replace(ANNA, attributes={attribute.value: "" for attribute in Attribute} | {"domain": "contoso.example", "department": "Sales"})
    other = replace(BUYER, attributes={attribute.value: "" for attribute in Attribute} | {"domain": "contoso.example"})
    snapshot = UsageSnapshot(
        tenant(1),
        Night().clock.now(),
        (Sku(SKU, "SPB", "Business Premium", PrepaidUnits(5), 2),),
        users=(person, other),
        read=frozenset(Source) - {Source.SKUS, Source.SUBSCRIPTIONS},
        groups={"g1": frozenset({ANNA.user_id})},
        mfa_registered=frozenset({ANNA.user_id, BUYER.user_id}),
        mailboxes=(Mailbox(ANNA.user_principal_name.upper(), MailboxKind.USER), Mailbox("room@contoso.example", MailboxKind.SHARED)),
        intune_devices=(Device("d1", "Anna's laptop", user_principal_name=ANNA.user_principal_name),),
    )
    conditions = {
        "domain": (Counts.USERS, Condition(Attribute.DOMAIN, ("contoso.example",))),
        "sales": (Counts.USERS, Condition(Attribute.DEPARTMENT, ("sales",))),
        "group": (Counts.USERS, Condition(Attribute.GROUP, ("g1",))),
        "mfa": (Counts.USERS, Condition(Attribute.MFA_REGISTERED, ("true",))),
        "mailboxes": (Counts.MAILBOXES, Condition(Attribute.GROUP, ("g1",))),
        "intune": (Counts.INTUNE_DEVICES, Condition(Attribute.GROUP, ("g1",))),
    }
    rules = tuple(CustomLicence(name, name, counts, ((condition,),)) for name, (counts, condition) in conditions.items())
    split = Split(SKU, (Part("Sales", ((Condition(Attribute.DEPARTMENT, ("sales",)),),)),), "Rest")
    place = AgreementChoice(AgreementBy.ID, "a1")
    items = [*(rule.item_id for rule in rules), part_id(SKU, "Sales"), part_id(SKU, "Rest")]
    links = tuple(ConfiguredLink(item_id, item_id, BillingProfile("p", "p"), "psa", "c1", place) for item_id in items)
    customer = CustomerConfiguration(Customer(tenant(1), "Customer 1"), links, splits=(split,))
    return snapshot, Configuration(Partner(tenant(9), "app"), (), (customer,), custom_licences=rules)


def test_no_rule_counts_otherwise_and_the_person_stays_one_person() -> None:
    snapshot, configuration = _everything()
    customer = configuration.customers[0]
    marks = frozenset(mark_of(tenant(1), name) for name in (ANNA.user_id, ANNA.user_principal_name))
    after = without_people(snapshot, [Forgotten("forgotten-1", marks, "", snapshot.read_at)])
    counts = [count_customer(each, configuration, customer) for each in (snapshot, after)]
    assert counts[0] == counts[1] and {item.purchased for item in counts[0] if item.by_rule} == {1, 2}
    document = repr(after).casefold()
    assert [trace for trace in TRACES if trace in document] == []
    for link in customer.links:
        before, now = (holders_of(link.item_id, each, configuration, customer) for each in (snapshot, after))
        assert len(before or ()) == len(now or ())
