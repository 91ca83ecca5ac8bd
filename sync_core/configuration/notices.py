"""Reads what is said about notices: who is told of which kind and how often, and what is off."""

from __future__ import annotations

from typing import Any

from sync_core.configuration.references import References
from sync_core.configuration.shapes import Read, Section
from sync_core.model.configuration import MailVia, Notices
from sync_core.model.notices import Frequency, NoticeKind, Route, Silence


def read_notices(section: Section, references: References) -> Notices:
    """The notices of a file; recipients without a sender, and kinds that nobody would be told of, are problems."""
    smtp, problems = section.section("smtp"), references.problems
    given: dict[str, Any] = section.given("sender", "via", "unread_after_days", "when_empty")
    given |= {f"smtp_{name}": value for name, value in smtp.given("host", "port", "user", "password_secret").items()}
    routes = {NoticeKind(name): _route(read, references) for name, read in section.section("routes").members.items()}
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


def _route(read: Read, references: References) -> Route:
    section: Section = read.value
    route = Route(_addresses(section), **section.given("frequency", "weekday", "when_empty", "repeat", "mail"))
    if "weekday" in section.members and route.frequency is not Frequency.WEEKLY:
        references.problems.error(section.place_of("weekday"), "a weekday without frequency: weekly", "Take it out, or write frequency: weekly")
    return route


def _addresses(section: Section) -> tuple[str, ...]:
    return tuple(item.value for item in section.items("recipients"))


def _kinds(items: tuple[Read, ...]) -> frozenset[NoticeKind]:
    return frozenset(item.value for item in items)
