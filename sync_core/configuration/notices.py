"""Reads what is said about notices: who is told of which kind and how often, and what is off."""

from __future__ import annotations

from typing import Any

from sync_core.configuration.references import References
from sync_core.configuration.shapes import Read, Section
from sync_core.model.configuration import MailVia, Notices
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence, TicketRoute


def read_notices(section: Section, references: References) -> Notices:
    """The notices of a file; recipients without a sender, and kinds that nobody would be told of, are problems."""
    smtp, problems = section.section("smtp"), references.problems
    given: dict[str, Any] = section.given("sender", "via", "unread_after_days", "when_empty")
    given |= {f"smtp_{name}": value for name, value in smtp.given("host", "port", "user", "password_secret").items()}
    routes = {NoticeKind(name): _route(NoticeKind(name), read, references) for name, read in section.section("routes").members.items()}
    notices = Notices(_addresses(section), routes=routes, silence=read_silence(section, references), **given)
    if (notices.recipients or any(route.recipients for route in routes.values())) and "sender" not in section.members:
        problems.error(section.place, "sender is missing", "Name the mailbox that the digest comes from")
    if notices.via is MailVia.SMTP and "smtp" not in section.members:
        problems.error(section.place_of("via"), "smtp is missing", "Name the mail server: smtp with its host")
    return notices


def read_silence(section: Section, references: References) -> Silence:
    """What is off here."""
    items: dict[str, frozenset[NoticeKind]] = {}
    for name, read in section.section("items").members.items():
        item_id = references.item(Read(name, read.place))
        if item_id is not None:
            items[item_id] = items.get(item_id, frozenset()) | _kinds(read.value)
    return Silence(_kinds(section.items("off")), items)


def _ticket(section: Section, references: References) -> TicketRoute:
    connection = references.connection(section) or ""
    settings = {name: read.value for name, read in section.section("settings").members.items()}
    return TicketRoute(connection, section.get("company", ""), section.get("at_customer", False), settings)


def _route(kind: NoticeKind, read: Read, references: References) -> Route:
    section: Section = read.value
    ticket = _ticket(section.section("ticket"), references) if "ticket" in section.members else None
    route = Route(_addresses(section), ticket=ticket, **section.given("frequency", "weekday", "when_empty", "repeat", "mail"))
    if ticket and kind is NoticeKind.APPLIED:
        references.problems.error(section.place_of("ticket"), "a ticket for what was done", "Tickets are for what somebody has to do: take it out")
    if "weekday" in section.members and route.frequency is not Frequency.WEEKLY:
        references.problems.error(section.place_of("weekday"), "a weekday without frequency: weekly", "Take it out, or write frequency: weekly")
    return route


def _addresses(section: Section) -> tuple[str, ...]:
    return tuple(item.value for item in section.items("recipients"))


def _kinds(items: tuple[Read, ...]) -> frozenset[NoticeKind]:
    return frozenset(item.value for item in items)
