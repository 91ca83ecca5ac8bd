"""How the line of a SKU and the lines of its terms or subscriptions take each other's place, so that no unit is ever billed on two of them.

A link that bills by term or subscription is a family of links, one a row; so is one that did. A line goes on under another link of
the family where one fits. What fits none ends, and nothing of the family grows while it still bills.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sync_core.billing.changes import Case, same_product
from sync_core.billing.falling import may_fall
from sync_core.billing.identity import plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.periods import first_open_day
from sync_core.model.agreements import Line
from sync_core.model.billing import BillingProfile, Binding, CountedItem, Link, Outgoing, Per
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink
from sync_core.model.custom_licences import part_id, part_name, whole_id
from sync_core.model.licences import Source

_ROW = "@"


def family_of(link_key: str) -> str:
    """The key of the configured link that a link is, or is a row of."""
    return link_key.partition(_ROW)[0]


def with_rows(
    links: Iterable[ConfiguredLink], items: Mapping[str, CountedItem], bindings: Mapping[str, Binding], failed: Mapping[Source, str]
) -> tuple[ConfiguredLink, ...]:
    """The links with a row for each term or subscription where they say so, and for each line that was made for one before."""
    return tuple(row for link in links for row in _rows(link, items, bindings, Source.SUBSCRIPTIONS in failed))


def _rows(link: ConfiguredLink, items: Mapping[str, CountedItem], bindings: Mapping[str, Binding], unread: bool) -> Iterator[ConfiguredLink]:
    bound = {key: binding for key, binding in bindings.items() if key.startswith(f"{link.key}{_ROW}")}
    if link.per is Per.SKU and not bound:
        yield link
        return
    counted = {} if link.per is Per.SKU else _counted(link, items)
    whole = items.get(link.item_id)
    if link.per is Per.SKU or (not counted and not bound and (whole is None or whole.purchased is None)):
        yield replace(link, family=link.key, per=Per.SKU)
    for group, item in counted.items():
        profile = profile_of(link, item)
        yield replace(link, key=f"{link.key}{_ROW}{group}", item_id=item.item_id, profile=profile, per=Per.SKU, terms=(), family=link.key)
    for key, binding in bound.items():
        group = key.partition(_ROW)[2]
        if group not in counted:
            gone = link.per is not Per.SKU and _is_term(group) is (link.per is Per.TERM)
            outgoing = Outgoing.NO if gone and unread else Outgoing.GONE if gone else Outgoing.REARRANGED
            yield _bound(link, key, part_id(link.item_id, group), binding, outgoing)
    if link.per is not Per.SKU and link.key in bindings:
        yield _bound(link, link.key, link.item_id, bindings[link.key], Outgoing.REARRANGED)


def _counted(link: ConfiguredLink, items: Mapping[str, CountedItem]) -> dict[str, CountedItem]:
    rows = {part_name(item_id): item for item_id, item in items.items() if item.term and whole_id(item_id) == link.item_id}
    return {group: item for group, item in rows.items() if _is_term(group) is (link.per is Per.TERM)}


def _is_term(group: str) -> bool:
    """A subscription goes by its GUID, which begins with none of these letters."""
    return group[:1] in ("P", "u")


def profile_of(link: ConfiguredLink, item: CountedItem) -> BillingProfile:
    """The profile under which an item of a link, or a row of it, is billed."""
    return next((each.profile for each in link.terms if item.term and each.fits(item.term)), link.profile)


def _bound(link: ConfiguredLink, key: str, item_id: str, binding: Binding, outgoing: Outgoing) -> ConfiguredLink:
    """A link for a line that is there, on the agreement where it is."""
    where = AgreementChoice(AgreementBy.ID, binding.agreement_id)
    return replace(link, key=key, item_id=item_id, agreement=where, per=Per.SKU, terms=(), family=link.key, outgoing=outgoing)


def handed_over(inputs: ReconcileInput) -> ReconcileInput:
    """The same, with lines that go on under another link of their family, and with what has to wait for a line that still bills."""
    families: dict[str, list[Link]] = {}
    for link in inputs.links:
        if link.family:
            families.setdefault(link.family, []).append(link)
    if not families:
        return inputs
    heirs = {heir.key: (heir, old) for members in families.values() for heir, old in _heirs(inputs, members)}
    bindings = {**inputs.bindings, **{key: replace(inputs.bindings[old.key], link_key=key) for key, (_, old) in heirs.items()}}
    gone = {old.key for _, old in heirs.values()} | _followed_elsewhere(inputs)
    links = [heirs[link.key][0] if link.key in heirs else link for link in inputs.links if link.key not in gone]
    after = replace(inputs, links=links, bindings=bindings)
    waiting = {link.key: words for link in links if link.family and not link.outgoing and (words := _waits(after, link))}
    ends = {link.key: last for link in links if link.family and not link.outgoing and (last := _last_end(after, link))}
    return replace(after, waiting=waiting, free_after=ends)


def _followed_elsewhere(inputs: ReconcileInput) -> set[str]:
    """Outgoing links whose line another link follows already."""
    outgoing = [link for link in inputs.links if link.outgoing]
    return {link.key for link in outgoing if any(_same_line(inputs.bindings[link.key], other) for other in inputs.bindings.values())}


def _same_line(binding: Binding, other: Binding) -> bool:
    place = (binding.connection, binding.line_id)
    return other.link_key != binding.link_key and place == (other.connection, other.line_id)


def _heirs(inputs: ReconcileInput, members: Sequence[Link]) -> Iterator[tuple[Link, Link]]:
    """Pairs of a link without a line and the outgoing one whose line it goes on with: the same units first, then the largest."""
    elsewhere = _followed_elsewhere(inputs)
    coming = [link for link in members if not link.outgoing and link.key not in inputs.bindings and inputs.counted(link).value]
    outgoing = [link for link in members if link.outgoing and link.key not in elsewhere and _living(inputs, link)]
    for old in sorted(outgoing, key=lambda link: (-inputs.bindings[link.key].quantity, link.key)):
        fitting = [link for link in coming if _fits(inputs, link, old)]
        if fitting:
            heir = min(fitting, key=lambda link: _rank(inputs, link, old))
            coming.remove(heir)
            yield replace(heir, takes_over=old.key, follows=_follows(inputs, heir, old)), old


def _rank(inputs: ReconcileInput, link: Link, old: Link) -> tuple[bool, Decimal, str]:
    wanted = _wanted(inputs, link)
    return wanted != inputs.bindings[old.key].quantity, -wanted, link.key


def _fits(inputs: ReconcileInput, link: Link, old: Link) -> bool:
    line, term = _line(inputs, old), inputs.item(link).term
    before = inputs.row_terms.get(old.key, "")
    if line is None or (link.connection, link.agreement_id) != (old.connection, old.agreement_id):
        return False
    same_term = old.outgoing is Outgoing.REARRANGED or not (before and term and term.duration) or before == term.duration
    return same_term and same_product(line.product, link.profile.product)


def _follows(inputs: ReconcileInput, heir: Link, old: Link) -> str:
    """Why a person has to agree that a new subscription goes on as the one that is gone; empty where only the link was rearranged."""
    if old.outgoing is Outgoing.REARRANGED:
        return ""
    units, before, line = _wanted(inputs, heir), inputs.bindings[old.key].quantity, inputs.bindings[old.key].line_id
    same = f"its {plain(before)} units" if units == before else f"{plain(units)} units in place of its {plain(before)}"
    seems = f"{inputs.item(old).name} is gone, and {inputs.item(heir).name} is new with its SKU and term and {same}: it seems to be its renewal."
    return f"{seems} If it is a purchase of its own, end line {line} in the PSA instead."


def _living(inputs: ReconcileInput, link: Link) -> bool:
    binding, line = inputs.bindings[link.key], _line(inputs, link)
    return binding.ended is None and line is not None and line.ends is None


def _line(inputs: ReconcileInput, link: Link) -> Line | None:
    binding = inputs.bindings[link.key]
    held = inputs.agreements.get((binding.connection, binding.agreement_id))
    return held.line(binding.line_id) if held else None


def _wanted(inputs: ReconcileInput, link: Link) -> Decimal:
    return Decimal(inputs.counted(link).value or 0)


def _waits(inputs: ReconcileInput, link: Link) -> str:
    """In words, the lines of the family that still bill units which this link would bill, too; empty where there are none."""
    lines = [other for other in _others(inputs, link) if _still_bills(inputs, other, link)]
    ids = ", ".join(sorted(inputs.bindings[other.key].line_id for other in lines))
    return f"waits until line {ids} bills no more than its own units, so that none is billed twice" if lines else ""


def _still_bills(inputs: ReconcileInput, other: Link, link: Link) -> bool:
    if inputs.bindings[other.key].ended is not None or not _living(inputs, other):
        last = inputs.bindings[other.key].ended
        return last is not None and link.key in inputs.bindings and last >= _opens(inputs, link)
    held = inputs.bindings[other.key].quantity
    return held > (Decimal(0) if other.outgoing else _to_keep(inputs, other, held))


def _to_keep(inputs: ReconcileInput, other: Link, held: Decimal) -> Decimal:
    """What a line is to hold for the time being: where its profile lowers it later, what it holds."""
    counted, lines = inputs.counted(other), inputs.agreements.get((other.connection, other.agreement_id))
    if counted.value is None or lines is None:
        return held
    case = Case(inputs, other, lines, Decimal(counted.value), counted.explanation)
    return case.wanted if case.wanted >= held or may_fall(case) else held


def _last_end(inputs: ReconcileInput, link: Link) -> date | None:
    """The last billed day of lines of the family that were ended, where it lies in time that is still open."""
    ends = [last for other in _others(inputs, link) if (last := inputs.bindings[other.key].ended)]
    return max((last for last in ends if last >= _opens(inputs, link)), default=None)


def _opens(inputs: ReconcileInput, link: Link) -> date:
    held = inputs.agreements.get((link.connection, link.agreement_id))
    return first_open_day(held.agreement) if held and held.agreement.next_invoice else date.max


def _others(inputs: ReconcileInput, link: Link) -> Iterator[Link]:
    return (other for other in inputs.links if other.family == link.family and other.key != link.key and other.key in inputs.bindings)
