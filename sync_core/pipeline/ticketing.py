"""Which tickets a run opens: for findings that stand in none yet, one for each kind and company; and those of which all is solved."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync_core.billing import marker
from sync_core.hostile_text import clean
from sync_core.model.configuration import Configuration
from sync_core.model.notices import Finding, NoticeKind, TicketRoute
from sync_core.notices import Memory, Remembered, closed, ticketed
from sync_core.ports import Ticket

_LONGEST_TITLE = 100
_LONGEST_TEXT = 4000
"""Characters; less than every PSA takes."""
SOLVED = "All of this is solved: the last run found none of it any more."


@dataclass(frozen=True)
class TicketPlace:
    """Where a finding's ticket is opened by a run, and the marker that it gets."""

    kind: NoticeKind
    route: TicketRoute
    company_id: str
    customer: str
    marker: str


@dataclass(frozen=True)
class WantedTicket:
    """A ticket that a run opens or, with ``solved``, notes in that all of it is solved."""

    connection: str
    ticket: Ticket
    solved: bool = False


def places_of(findings: Iterable[Finding], configuration: Configuration, installation: str, run_id: str) -> Mapping[str, TicketPlace]:
    """By finding id, where its ticket would be opened, of the kinds that make tickets."""
    places = {}
    for finding in findings:
        route = configuration.notices.ticket(finding.kind)
        if route:
            own = _own_company(finding, configuration, route)
            company_id = own or route.company
            name = marker(installation, run_id, f"ticket~{finding.kind}~{route.connection}~{company_id}")
            places[finding.finding_id] = TicketPlace(finding.kind, route, company_id, finding.customer if own else "", name)
    return places


def with_tickets(memories: Mapping[str, Memory], places: Mapping[str, TicketPlace], run_id: str) -> Mapping[str, Memory]:
    """The memories after the run claimed tickets for what stands in none, and the closing of those of which all is gone."""
    markers = {finding_id: place.marker for finding_id, place in places.items()}
    claimed = {key: ticketed(memory, markers) for key, memory in memories.items()}
    entries = [entry for memory in claimed.values() for entry in memory.entries.values() if entry.ticket]
    open_ones = {entry.ticket for entry in entries if not entry.gone}
    over = {entry.ticket for entry in entries if not entry.closed_by} - open_ones
    return {key: closed(memory, over, run_id) for key, memory in claimed.items()}


def tickets_of(
    places: Mapping[str, TicketPlace],
    found: Iterable[Finding],
    entries: Mapping[str, Remembered],
    configuration: Configuration,
    run_id: str,
    shown: Callable[[Sequence[Finding]], Sequence[Finding]],
) -> tuple[WantedTicket, ...]:
    """The tickets that the run has claimed, with what they say, and those that it closes. ``shown`` says whom findings are about."""
    claimed: dict[str, list[Finding]] = {}
    for finding in found:
        place, entry = places.get(finding.finding_id), entries.get(finding.finding_id)
        if place and entry and entry.ticket == place.marker:
            claimed.setdefault(place.marker, []).append(finding)
    by_marker = {place.marker: place for place in places.values()}
    opened = [_opened(by_marker[name], shown(findings)) for name, findings in sorted(claimed.items())]
    over = {entry.ticket: entry.finding for entry in entries.values() if entry.closed_by == run_id}
    return (*opened, *(each for name, finding in sorted(over.items()) if (each := _closing(name, finding, configuration))))


def _own_company(finding: Finding, configuration: Configuration, route: TicketRoute) -> str:
    """The customer's company on the route's connection, by its links."""
    item = configuration.customer(finding.tenant_id) if route.at_customer else None
    return next((link.company_id for link in item.links if link.connection == route.connection), "") if item else ""


def _opened(place: TicketPlace, findings: Iterable[Finding]) -> WantedTicket:
    title = f"Microsoft 365 licences: {place.kind}" + (f", {place.customer}" if place.customer else "")
    ticket = Ticket(place.marker, place.company_id, clean(title, _LONGEST_TITLE), _text(list(findings)), place.route.settings)
    return WantedTicket(place.route.connection, ticket)


def _closing(name: str, finding: Finding, configuration: Configuration) -> WantedTicket | None:
    route = configuration.notices.ticket(finding.kind)
    if route is None:
        return None
    company_id = _own_company(finding, configuration, route) or route.company
    return WantedTicket(route.connection, Ticket(name, company_id, "", SOLVED, route.settings), solved=True)


def _text(findings: list[Finding]) -> str:
    """A line for each finding."""
    lines: list[str] = []
    for number, finding in enumerate(findings):
        parts = (finding.customer, finding.item, finding.text, finding.fix and f"To do: {finding.fix}")
        line = clean("- " + ": ".join(part for part in parts if part), 500)
        if sum(map(len, lines)) + len(lines) + len(line) > _LONGEST_TEXT - 100:
            lines.append(f"- and {len(findings) - number} more")
            break
        lines.append(line)
    return "\n".join(lines)
