"""Findings in what a customer holds: seats that nobody holds, and licences of people who are gone and of shared mailboxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sync_core.model.agreements import Charge
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.model.custom_licences import Attribute, part_name, whole_id
from sync_core.model.customers import Customer
from sync_core.model.forgotten import mark_of
from sync_core.model.licences import MailboxKind, Source, UsageSnapshot, User
from sync_core.model.notices import BY_REQUEST, Finding, NoticeKind
from sync_core.ports import UsageNeeds

MOST_OF_A_KIND = 100
"""So many findings of a kind are kept of one customer; what is more is one finding with its number."""
_USERS = UsageNeeds(frozenset({Source.USERS}), frozenset({Attribute.ENABLED}))
_NEEDS = {
    NoticeKind.DISABLED_USERS: _USERS,
    NoticeKind.SHARED_MAILBOXES: UsageNeeds(frozenset({Source.USERS, Source.MAILBOXES})),
}
_READ = {
    NoticeKind.UNASSIGNED: frozenset({Source.SKUS, Source.SUBSCRIPTIONS}),
    NoticeKind.DISABLED_USERS: frozenset({Source.USERS}),
    NoticeKind.SHARED_MAILBOXES: frozenset({Source.USERS, Source.MAILBOXES}),
}


@dataclass(frozen=True)
class Found:
    """Findings, and the kinds of which these are all there are: what is missing of those is solved."""

    findings: tuple[Finding, ...] = ()
    judged: frozenset[NoticeKind] = frozenset()


def kinds_asked(configuration: Configuration, item: CustomerConfiguration) -> frozenset[NoticeKind]:
    """The kinds of findings that are looked for at a customer."""
    return frozenset(kind for kind in BY_REQUEST - item.silence.off if configuration.notices.route(kind))


def needs_of_notices(kinds: Iterable[NoticeKind]) -> UsageNeeds:
    """What has to be read of a customer to look for these kinds."""
    needs = [_NEEDS[kind] for kind in kinds if kind in _NEEDS]
    return UsageNeeds(frozenset().union(*(each.sources for each in needs)), frozenset().union(*(each.attributes for each in needs)))


def quiet_items(items: Iterable[CountedItem], item: CustomerConfiguration) -> frozenset[str]:
    """The items of which nothing is told: excluded ones, and those whose every link, or its profile, says *do not bill*."""
    billed = {whole_id(link.item_id) for link in item.links if link.bills and link.profile.charge is not Charge.DO_NOT_BILL}
    linked = {whole_id(link.item_id) for link in item.links}
    return frozenset(counted.item_id for counted in items if counted.excluded) | item.excluded_skus | (linked - billed)


def found_in_usage(
    snapshot: UsageSnapshot, items: Iterable[CountedItem], configuration: Configuration, item: CustomerConfiguration, kinds: frozenset[NoticeKind]
) -> Found:
    """What there is of these kinds at a customer. A kind whose sources could not be read whole is not judged."""
    counted = {each.item_id: each for each in items if not part_name(each.item_id)}
    quiet = quiet_items(counted.values(), item)
    told = {item_id: each.name for item_id, each in counted.items() if item_id not in quiet and not each.by_rule}
    makers = {
        NoticeKind.UNASSIGNED: lambda: _unassigned(snapshot, counted, told, item.customer),
        NoticeKind.DISABLED_USERS: lambda: _disabled(snapshot, told, item.customer),
        NoticeKind.SHARED_MAILBOXES: lambda: _shared(snapshot, told, item.customer),
    }
    read = snapshot.read | ({Source.SKUS, Source.SUBSCRIPTIONS} - snapshot.failed.keys())
    judged = frozenset(kind for kind in kinds if _READ[kind] <= read)
    untold: list[Finding] = []
    if NoticeKind.SHARED_MAILBOXES in judged and _untold(snapshot):
        judged -= {NoticeKind.SHARED_MAILBOXES}
        untold = [_told_apart_by_nobody(item.customer)]
    findings = [finding for kind in sorted(judged) for finding in _capped(kind, tuple(makers[kind]()), item.customer)]
    return Found((*findings, *untold), judged)


def _unassigned(snapshot: UsageSnapshot, items: Mapping[str, CountedItem], told: Mapping[str, str], customer: Customer) -> Iterator[Finding]:
    """Of what we sold, the seats that nobody holds. SKUs for a whole company are assigned to nobody."""
    for sku in snapshot.skus:
        item = items.get(sku.sku_id)
        if item is None or sku.sku_id not in told or item.company_wide or not item.purchased:
            continue
        spare = min(item.purchased, sku.units.enabled - sku.assigned)
        if spare > 0:
            text = f"{spare} of {item.purchased} bought are assigned to nobody"
            yield _finding(NoticeKind.UNASSIGNED, sku.sku_id, text, customer, item_id=sku.sku_id, item=item.name)


def _disabled(snapshot: UsageSnapshot, told: Mapping[str, str], customer: Customer) -> Iterator[Finding]:
    shared = {user.user_id for user in _of_shared_mailboxes(snapshot)}
    for user in snapshot.users:
        if not user.enabled and user.user_id not in shared and (text := _holds(user, told)):
            yield _about(NoticeKind.DISABLED_USERS, user, text, customer)


def _shared(snapshot: UsageSnapshot, told: Mapping[str, str], customer: Customer) -> Iterator[Finding]:
    for user in _of_shared_mailboxes(snapshot):
        if text := _holds(user, told):
            yield _about(NoticeKind.SHARED_MAILBOXES, user, text, customer)


def _of_shared_mailboxes(snapshot: UsageSnapshot) -> tuple[User, ...]:
    names = {each.user_principal_name.casefold() for each in snapshot.mailboxes if each.kind is MailboxKind.SHARED and not each.deleted}
    return tuple(user for user in snapshot.users if user.user_principal_name.casefold() in names)


def _untold(snapshot: UsageSnapshot) -> bool:
    """Whether the report of mailboxes leaves open whose they are, or which ones are shared."""
    living = [mailbox for mailbox in snapshot.mailboxes if not mailbox.deleted]
    return snapshot.names_concealed or any(mailbox.kind is MailboxKind.UNKNOWN for mailbox in living)


def _told_apart_by_nobody(customer: Customer) -> Finding:
    text = "Microsoft's report does not say which mailboxes are shared, or conceals whose they are"
    fix = "Show names in reports (admin centre, Org settings, Reports); where the report has no recipient type, rely on the kind “disabled users”"
    return _finding(NoticeKind.SHARED_MAILBOXES, "unknown", text, customer, fix=fix)


def _holds(user: User, told: Mapping[str, str]) -> str:
    names = sorted(told[sku_id] for sku_id in user.sku_ids if sku_id in told)
    return f"holds {', '.join(names)}" if names else ""


def _capped(kind: NoticeKind, findings: tuple[Finding, ...], customer: Customer) -> tuple[Finding, ...]:
    ordered = sorted(findings, key=lambda each: each.key)
    if len(ordered) <= MOST_OF_A_KIND:
        return tuple(ordered)
    return (*ordered[:MOST_OF_A_KIND], _finding(kind, "more", f"and {len(ordered) - MOST_OF_A_KIND} more", customer))


def _about(kind: NoticeKind, user: User, text: str, customer: Customer) -> Finding:
    """A finding about a user, who is known by a mark that does not lead back to them."""
    mark = mark_of(customer.tenant_id, user.user_id)
    return _finding(kind, mark, text, customer, person=mark)


def _finding(
    kind: NoticeKind, key: str, text: str, customer: Customer, *, item_id: str = "", item: str = "", fix: str = "", person: str = ""
) -> Finding:
    return Finding(kind, key, text, customer.tenant_id, customer.name, item_id, item, fix, person=person)
