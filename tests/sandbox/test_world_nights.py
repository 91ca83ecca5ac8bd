"""The world keeps its promises: real stages and adapters, two nights, and not one write too many."""

from collections.abc import Iterator

import pytest

from sandbox.world import Promise
from sandbox.world.books import CHOICES
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.reports import CustomerReport
from tests.sandbox.world_night import WorldNights


@pytest.fixture
def nights() -> Iterator[WorldNights]:
    with WorldNights(customers=45) as nights:
        yield nights


@pytest.mark.parametrize("psa", CHOICES)
def test_a_first_night_comes_to_what_was_promised_and_a_second_writes_nothing(psa: str) -> None:
    """At each PSA, and with each customer at another one."""
    with WorldNights(customers=45, psa=psa) as nights:
        promised = {promise.tenant_id: promise for promise in nights.world.promises}
        first = nights.night()
        assert [report.customer.name for report in first if differs(report, promised[report.customer.tenant_id])] == []
        written = written_in(nights)
        assert written == sum(promise.writes for promise in promised.values())
        nights.next_day()
        second = nights.night()
        assert {report.customer.tenant_id: report.customer.state for report in second} == {key: promise.state for key, promise in promised.items()}
        assert written_in(nights) == written


def written_in(nights: WorldNights) -> int:
    """How many writes the PSAs took so far."""
    return sum(len(books.written()) for books in nights.world.books)


def test_nobody_is_billed_twice_for_what_others_bill_already(nights: WorldNights) -> None:
    """Lines of persons and of another tool stand where they stood, and nothing stands beside them."""
    before = {line.id: line for line in nights.world.ledger.additions.values()}
    nights.night()
    after = nights.world.ledger.additions
    unmanaged = before.keys() - {int(link.line.split()[1]) for account in nights.world.accounts for link in account.links if link.line != "new"}
    assert [before[number] for number in sorted(unmanaged)] == [after[number] for number in sorted(unmanaged)]
    assert [nights.world.ledger.products[after[number].product_id].identifier for number in after.keys() - before.keys()] == ["EXO-P1"]


def test_a_persons_edit_of_a_managed_line_is_asked_about_on_the_next_day(nights: WorldNights) -> None:
    nights.night()
    contoso = nights.world.account("Contoso")
    line = int(contoso.links[0].line.split()[1])
    nights.world.ledger.edit_as_person(line, "account-manager", quantity=nights.world.ledger.additions[line].quantity + 4)
    nights.next_day()
    report = next(report for report in nights.night() if report.customer.tenant_id == contoso.tenant.tenant_id)
    [change] = report.changes
    assert (change.kind, str(change.before), str(change.after), change.result) == (ChangeKind.SET_QUANTITY, "32", "28", ChangeResult.WAITING)


def differs(report: CustomerReport, promise: Promise) -> bool:
    """Whether a customer ended otherwise than promised. Questions beyond the promised ones are allowed, other changes are not."""
    found = {(change.item_id, change.kind, change.before, change.after, change.result) for change in report.changes}
    wanted = {(change.item_id, change.kind, change.before, change.after, change.result) for change in promise.changes}
    further = {change for change in found - wanted if change[1] is not ChangeKind.NONE}
    ended = (report.customer.state, report.customer.code, {item.item for item in report.customer.unlinked})
    return ended != (promise.state, promise.code, set(promise.unlinked)) or not wanted <= found or bool(further)
