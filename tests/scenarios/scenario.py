"""Reads a scenario's words, plans, and prints the plan as the scenario files show it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sync_core.billing import marker
from sync_core.billing.naming import has_names, text_mark
from sync_core.model.agreements import Agreement, AgreementLines, AgreementStatus, Charge, Line
from sync_core.model.billing import Basis, LineChoice, Link, ManualEdits, Names
from sync_core.model.licences import Source, SubscriptionStatus, User
from tests.scenarios.shown import shown
from tests.scenarios.story import STORIES, told
from tests.unit.billing.world import OURS, SOMEBODY_ELSE, US, World, agreement, binding, line, subscription

FOLDER = Path(__file__).parent
_BLOCKS = re.compile(r"^## (?P<title>.+?)\n.*?```given\n(?P<given>.*?)```\n+```plan\n(?P<plan>.*?)```", re.MULTILINE | re.DOTALL)
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
_ROWS: dict[str, tuple[SubscriptionStatus, str | None, bool]] = {
    "bought": (SubscriptionStatus.ENABLED, US, False),
    "warning": (SubscriptionStatus.WARNING, US, False),
    "suspended": (SubscriptionStatus.SUSPENDED, US, False),
    "trial": (SubscriptionStatus.ENABLED, US, True),
    "sold by others": (SubscriptionStatus.ENABLED, SOMEBODY_ELSE, False),
    "seller unknown": (SubscriptionStatus.ENABLED, None, False),
}


@dataclass(frozen=True)
class Scenario:
    """One case of a file: its title, what was given, and the plan the file promises."""

    file: str
    title: str
    given: str
    plan: str


def scenarios() -> list[Scenario]:
    """All cases of all files beside this module."""
    return [
        Scenario(path.name, match["title"], match["given"], match["plan"])
        for path in sorted(FOLDER.glob("*.md"))
        for match in _BLOCKS.finditer(path.read_text(encoding="utf-8"))
    ]


def stories() -> list[Scenario]:
    """All stories of all files beside this module; ``plan`` is what the file tells."""
    return [
        Scenario(path.name, match["title"], match["given"], match["story"])
        for path in sorted(FOLDER.glob("*.md"))
        for match in STORIES.finditer(path.read_text(encoding="utf-8"))
    ]


def plan_of(given: str) -> str:
    """The plan for what is given, as text."""
    changes = world_of(given).plan()
    return "".join(shown(change) for change in changes) or "nothing to change\n"


def world_of(given: str) -> World:
    """The world that the words describe."""
    words = [re.split(r"\s{2,}", entry.strip(), maxsplit=1) for entry in given.splitlines() if entry.strip()]
    world = World()
    confirmed = [value for name, value in words if name == "confirmed"]
    for name, value in sorted(words, key=lambda word: ("line", "text").index(word[0]) + 1 if word[0] in ("line", "text") else 0):
        world = _told(world, name, value)
    if confirmed:
        world = replace(world, bindings={"k": replace(world.bindings["k"], **_confirmed(confirmed[0]))})
    return world


def _told(world: World, name: str, value: str) -> World:
    if name in _ROWS:
        status, owner, trial = _ROWS[name]
        return replace(world, rows=(*world.rows, subscription(int(value), status, owner, is_trial=trial)))
    simple: dict[str, Any] = {
        "today": lambda: {"today": date.fromisoformat(value)},
        "assigned": lambda: {"assigned": int(value)},
        "agreement": lambda: {"home": _agreement(value)},
        "profile": lambda: {"links": (_profile(world.links[0], value),)},
        "link": lambda: {"links": (_link(world.links[0], value),)},
        "unread": lambda: {"failed": {Source(value.split(", ")[0]): value.split(", ")[1]}},
        "zero since": lambda: {"first_zeros": {"k": date.fromisoformat(value)}},
        "manual edits": lambda: {"rails": replace(world.rails, manual_edits=ManualEdits(value))},
        "line": lambda: _line(world, value),
        "limit": lambda: {"home": replace(world.home, text_limit=int(value))},
        "people": lambda: {"people": tuple(User(f"u-{name}", display_name=name) for name in value.split(", "))},
        "text": lambda: _text(world, value),
        "privacy": lambda: {"private": True},
        "excluded": lambda: {"excluded": frozenset({world.links[0].item_id})},
        "product": lambda: {"product": None},
        "journal": lambda: {"known_markers": frozenset()},
        "confirmed": dict,
    }
    return replace(world, **simple[name]())


def _agreement(text: str, **facts: Any) -> Agreement:
    number, *parts = text.split(", ")
    facts |= {"agreement_id": number}
    for part in parts:
        if part in _MONTHS:
            facts["period_months"] = _MONTHS[part]
        elif part.startswith("from "):
            facts["start"] = facts["anchor"] = date.fromisoformat(part[5:])
        elif part.startswith("invoiced to "):
            facts["next_invoice"] = date.fromisoformat(part[12:]) + timedelta(days=1)
        elif part.startswith("ends "):
            facts["end"] = date.fromisoformat(part[5:])
        else:
            facts["status"] = AgreementStatus(part)
    return agreement(**facts)


def _profile(of: Link, text: str) -> Link:
    facts: dict[str, Any] = {}
    for part in text.split(", "):
        name, _, number = part.rpartition(" ")
        if name in ("minimum", "included"):
            facts[name] = int(number)
        elif part == "warning left out":
            facts["bill_warning"] = False
        elif part.startswith("names "):
            facts["names"] = Names(part.removeprefix("names "))
        elif part == "unassigned shown":
            facts["show_unassigned"] = True
        else:
            facts["basis"] = Basis(part)
    return replace(of, profile=replace(of.profile, **facts))


def _link(of: Link, text: str) -> Link:
    for part in text.split(", "):
        name, _, value = part.partition(" ")
        if name == "starts":
            of = replace(of, start=date.fromisoformat(value))
        elif name == "agreement":
            of = replace(of, agreement_id=value)
        else:
            of = replace(of, choice=LineChoice(name), adopt_line_id=value)
    return of


def _line(world: World, text: str) -> dict[str, Any]:
    """The line, on the agreement it says; the first that is ours is the one the link manages."""
    made, place, managed = _read_line(text)
    bound = {"k": binding(made, agreement_id=place)} if managed and not world.bindings else world.bindings
    if place == world.home.agreement_id:
        return {"lines": (*world.lines, made), "bindings": bound}
    other = AgreementLines(agreement(agreement_id=place, name="Contoso other"), (made,))
    return {"others": (*world.others, other), "bindings": bound}


def _text(world: World, text: str) -> dict[str, Any]:
    """The text of our line, which we left so; ``edited`` where a person wrote it after us."""
    shown, _, edited = text.partition("  ")
    (first, *others), bound = world.lines, world.bindings["k"]
    mark = text_mark("something else" if edited else shown) if has_names(shown) else ""
    return {"lines": (replace(first, text=shown), *others), "bindings": {"k": replace(bound, text=mark)}}


def _read_line(text: str) -> tuple[Line, str, bool]:
    number, amount, *parts = text.split(", ")
    quantity, price = amount.split(" x ")
    facts: dict[str, Any] = {"unit_price": Decimal(price)}
    place, managed = "7", False
    for part in parts:
        name, _, value = part.partition(" ")
        if part in ("ours", "our marker"):
            facts["marker"], managed = OURS, part == "ours"
        elif name == "of":
            facts["marker"] = marker(value, "p", "k")
        elif name in ("starts", "ends"):
            facts[name] = date.fromisoformat(value)
        elif name == "on":
            place = value.removeprefix("agreement ")
        elif name == "bills":
            facts |= {"product": value, "product_id": value}
        elif name == "edited":
            facts |= {"edited_by": value.removeprefix("by ")}
        elif name == "includes":
            facts["included"] = Decimal(value)
        elif part != "by hand":
            facts["charge"] = Charge(part)
    return line(number, int(quantity), **facts), place, managed


def _confirmed(text: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for part in text.split(", "):
        name, _, value = part.rpartition(" ")
        if name == "quantity":
            facts["quantity"] = Decimal(value)
        elif name == "we ended it":
            facts |= {"ended": date.fromisoformat(value), "ends": date.fromisoformat(value)}
        else:
            facts |= {"ends": None, "charge": Charge.BILLABLE}
    return facts


def _write_plans_anew() -> None:
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        for match in reversed(list(_BLOCKS.finditer(text))):
            text = text[: match.start("plan")] + plan_of(match["given"]) + text[match.end("plan") :]
        for match in reversed(list(STORIES.finditer(text))):
            text = text[: match.start("story")] + told(match["given"], match["story"]) + text[match.end("story") :]
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    _write_plans_anew()
