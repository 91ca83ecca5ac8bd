"""Chooses the agreement of a link among those of its company. What is not plainly one agreement that bills is a question, never a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sync_core.model.agreements import Agreement, AgreementStatus
from sync_core.model.billing import Link, Question
from sync_core.model.configuration import AgreementBy, AgreementChoice, ConfiguredLink


def resolve(links: Sequence[ConfiguredLink], headers: Sequence[Agreement]) -> tuple[tuple[Link, ...], tuple[Question, ...]]:
    """The links whose agreement is found, and a question for each of the others. ``headers`` may hold other companies' agreements too."""
    results = [_resolve(link, headers) for link in links]
    return tuple(item for item in results if isinstance(item, Link)), tuple(item for item in results if isinstance(item, Question))


def cannot_bill(head: Agreement, on: date = date.min) -> str:
    """Why nothing can be planned on an agreement on that business date; empty where it can."""
    if head.status is not AgreementStatus.ACTIVE:
        return f"{_named(head)} is {head.status}. Nothing is billed to it."
    if head.end and head.end < on:
        return f"{_named(head)} ended on {head.end}. Nothing is billed to it."
    if head.period_months <= 0:
        return f"{_named(head)} has the billing cycle {head.cycle or 'unknown'}, which is not in whole months and not supported."
    if head.next_invoice is None:
        return f"The PSA names no next invoice for {_named(head)}, so nobody can tell from when a change counts."
    return ""


def _resolve(link: ConfiguredLink, headers: Sequence[Agreement]) -> Link | Question:
    there = [head for head in headers if head.connection == link.connection]
    own = [head for head in there if head.company_id == link.company_id]
    found = [head for head in own if _matches(head, link.agreement)]
    active = [head for head in found if head.status is AgreementStatus.ACTIVE]
    if len(active) > 1:
        return _question(link, f"{_choice(link)} fits several active agreements: {_names(active)}. Choose one by its id.")
    if not active:
        return _question(link, _nothing_active(link, there, own, found), found[0].agreement_id if len(found) == 1 else "")
    problem = cannot_bill(active[0])
    return _question(link, problem, active[0].agreement_id) if problem else _link(link, active[0].agreement_id)


def _matches(head: Agreement, choice: AgreementChoice) -> bool:
    if choice.by is AgreementBy.ID:
        return head.agreement_id == choice.value
    return (head.type_name if choice.by is AgreementBy.TYPE else head.name).casefold() == choice.value.casefold()


def _nothing_active(link: ConfiguredLink, there: Sequence[Agreement], own: Sequence[Agreement], found: Sequence[Agreement]) -> str:
    if found:
        states = ", ".join(f"{_named(head)} is {head.status}" for head in _sorted(found))
        return f"{states}. Nothing is billed to it.{_successor(own, found)}"
    if link.agreement.by is AgreementBy.ID and any(_matches(head, link.agreement) for head in there):
        return f"{_choice(link)} belongs to another company than {link.company_id}. Nothing is billed to it."
    others = [head for head in own if head.status is AgreementStatus.ACTIVE]
    known = f"Its active agreements: {_names(others)}." if others else "It has no active agreement."
    return f"{_choice(link)} was not found among the agreements of company {link.company_id}; it may be cancelled or renamed. {known}"


def _successor(own: Sequence[Agreement], gone: Sequence[Agreement]) -> str:
    """The active agreements of the same company that share type or name with one that is over."""
    likely = [head for head in own if head.status is AgreementStatus.ACTIVE and any(_alike(head, other) for other in gone)]
    return f" Likely successor: {_names(likely)}." if likely else ""


def _alike(one: Agreement, other: Agreement) -> bool:
    return one.type_name.casefold() == other.type_name.casefold() or one.name.casefold() == other.name.casefold()


def _question(link: ConfiguredLink, text: str, agreement_id: str = "") -> Question:
    return Question(_link(link, agreement_id), text)


def _link(link: ConfiguredLink, agreement_id: str) -> Link:
    return Link(
        link.key,
        link.item_id,
        link.profile,
        link.connection,
        link.company_id,
        agreement_id,
        link.start,
        link.choice,
        link.adopt_line_id,
        link.bills,
        link.family,
        link.outgoing,
    )


def _choice(link: ConfiguredLink) -> str:
    word = {AgreementBy.ID: "Agreement", AgreementBy.TYPE: "Agreement type", AgreementBy.NAME: "Agreement name"}[link.agreement.by]
    return f"{word} {link.agreement.value}"


def _named(head: Agreement) -> str:
    return f"Agreement {head.agreement_id} ({head.name})"


def _names(heads: Iterable[Agreement]) -> str:
    return ", ".join(f"{head.agreement_id} ({head.name})" for head in _sorted(heads))


def _sorted(heads: Iterable[Agreement]) -> list[Agreement]:
    return sorted(heads, key=lambda head: head.agreement_id)
