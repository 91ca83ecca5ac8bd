"""What a night has to leave in the PSA: the invoices that a person would have got by making the promised changes by hand."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from sandbox.connectwise.records import Addition
from sandbox.world import World, seeded_world
from sandbox.world.msp import Account
from sandbox.world.offers import MANAGED_USERS, OFFERS
from sandbox.world.promises import PromisedChange
from sync_core.model.plans import ChangeKind
from sync_core.model.reports import RunReport
from tests.nights.chain import Chain
from tests.sandbox.test_world_nights import differs

BilledLine = tuple[int, str, Decimal, Decimal]
"""Agreement, product, quantity and amount as a coming invoice shows them."""


def promised_invoices(chain: Chain) -> Counter[BilledLine]:
    """The coming invoices of the same world after its promised changes were made by hand; a text moves no amount."""
    world = seeded_world(len(chain.world.accounts), chain.seed, now=lambda: chain.began)
    for account in world.accounts:
        for change in account.promise.changes:
            if change.writes and change.kind is not ChangeKind.SET_TEXT:  # a text moves no amount
                _by_hand(world, account, change)
    return invoices(world, chain)


def invoices(world: World, chain: Chain) -> Counter[BilledLine]:
    """The coming invoices of all agreements, line by line."""
    previews = [world.ledger.invoice_preview(agreement.id, chain.began.date()) for agreement in list(world.ledger.agreements.values())]
    return Counter((invoice.agreement_id, line.product, line.quantity, line.amount) for invoice in previews for line in invoice.lines)


def written_twice(chain: Chain) -> list[int | None]:
    """The lines that were written more than once."""
    return [line for line, times in Counter(write.addition_id for write in chain.world.ledger.writes).items() if times > 1]


def _by_hand(world: World, account: Account, change: PromisedChange) -> Addition:
    ledger = world.ledger
    offer = next(offer for offer in (*OFFERS, MANAGED_USERS) if offer.item_id == change.item_id)
    link = next(link for link in account.links if link.offer == offer)
    assert change.after is not None
    if change.kind is ChangeKind.ADD:
        agreement = ledger.agreements[account.agreement.id]
        product = next(each for each in ledger.products.values() if each.identifier == offer.product)
        return ledger.addition(agreement, product, change.after, effective=agreement.next_invoice)
    return ledger.edit_as_person(int(link.line.split()[1]), "account-manager", quantity=Decimal(change.after))


def broken_promises(chain: Chain, report: RunReport) -> list[str]:
    """The customers that a first night ended otherwise for than the world promises."""
    promised = {promise.tenant_id: promise for promise in chain.world.promises}
    assert len(report.customers) == len(promised)
    return [item.customer.name for item in report.customers if differs(item, promised[item.customer.tenant_id])]
