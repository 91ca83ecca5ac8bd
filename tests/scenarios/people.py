"""Reads a scenario of people and a rule or split, and prints who is counted, as the scenario file shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import indent
from typing import Any

from adapters.configuration.sku_table import known_skus
from adapters.configuration.yaml_file import read_text
from sync_core.counting import count_customer, quantity_for
from sync_core.counting.custom.preview import Preview, preview
from sync_core.model.billing import CountedItem
from sync_core.model.configuration import Configuration
from sync_core.model.custom_licences import part_name
from sync_core.model.licences import Source, UsageSnapshot, User
from tests.configuration.files import CUSTOMERS, HEAD
from tests.unit.billing.world import PARTNER, SKU
from tests.unit.counting.people import SALES, usage, user

FILE = Path(__file__).with_name("counting.md")
_BLOCKS = re.compile(
    r"^## (?P<title>.+?)\n.*?```people\n(?P<people>.*?)```\n+```(?P<kind>rule|split)\n(?P<written>.*?)```\n+```counted\n(?P<counted>.*?)```",
    re.MULTILINE | re.DOTALL,
)
_LINK = "    links:\n      - {profile: Premium, agreement: {id: 7}, "
_NUMBERS = ("bought", "minimum", "included")


@dataclass(frozen=True)
class PeopleScenario:
    """One case: who there is, the rule or split as a configuration has it, and who is counted."""

    title: str
    people: str
    kind: str
    written: str
    counted: str


def scenarios() -> list[PeopleScenario]:
    """All cases of the file."""
    return [PeopleScenario(**match.groupdict()) for match in _BLOCKS.finditer(FILE.read_text(encoding="utf-8"))]


def counted(people: str, kind: str, written: str) -> str:
    """Who is counted and who is not, as text."""
    lines = [re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in people.splitlines() if line.strip()]
    numbers = {name: value for name, value in lines if name in (*_NUMBERS, "unread")}
    configuration = _configuration(kind, written, numbers)
    snapshot = _snapshot([line for line in lines if line[0] not in numbers], numbers)
    customer = configuration.customers[0]
    (only,) = preview(snapshot, count_customer(snapshot, configuration, customer), configuration, customer)
    profile = customer.links[0].profile
    billed = {item.item_id: quantity_for(item, profile).value for item in (only.item, *only.parts)}
    return "".join(f"{line}\n" for line in _shown(only, billed))


def _configuration(kind: str, written: str, numbers: dict[str, str]) -> Configuration:
    profile = "".join(f"    {name}: {numbers[name]}\n" for name in ("minimum", "included") if name in numbers)
    head = HEAD.replace("    product: M365-BP\n", f"    product: M365-BP\n{profile}")
    if kind == "rule":
        text = f"{head}custom_licences:\n  rule:\n{indent(written, '    ')}{CUSTOMERS}{_LINK}custom: rule}}\n"
    else:
        text = f"{head}{CUSTOMERS}{_LINK.replace('{', '', 1).replace(', ', chr(10) + '        ').rstrip()}\n        sku: SPB\n        split:\n"
        text += indent(written, "          ")
    return replace(read_text(text, known_skus(), "scenario.yaml").configuration, partner=PARTNER)


def _snapshot(people: list[list[str]], numbers: dict[str, str]) -> UsageSnapshot:
    users = [_user(number, name, says) for number, (name, says) in enumerate(people)]
    group = frozenset(each.user_id for each, (_, says) in zip(users, people, strict=True) if "in the group" in says)
    facts: dict[str, Any] = {"groups": {SALES: group}}
    if "bought" in numbers:
        facts["bought"] = int(numbers["bought"])
    if "unread" in numbers:
        source, reason = numbers["unread"].split(", ")
        facts |= {"failed": {Source(source): reason}, "read": frozenset(Source) - {Source(source)}}
    return usage(*users, **facts)


def _user(number: int, name: str, says: str) -> User:
    facts: dict[str, Any] = {"licensed": False, "display_name": name, "user_principal_name": f"{number}@contoso.example"}
    texts: dict[str, str] = {}
    for word in says.split(", "):
        attribute, _, value = word.partition(" ")
        if word == "licensed":
            facts["sku_ids"] = frozenset({SKU})
        elif word in ("guest", "disabled"):
            facts["guest" if word == "guest" else "enabled"] = word == "guest"
        elif attribute == "signed":
            facts["days_ago"] = int(value.split()[1])
        elif word != "in the group":
            texts[attribute] = value
    return user(number, texts=texts, **facts)


def _shown(only: Preview, billed: dict[str, int | None]) -> Iterator[str]:
    for item in only.parts or (only.item,):
        yield _headline(item, billed[item.item_id])
        yield from (
            f"    {seen.name.partition(' <')[0]}{seen.why and f': {seen.why}'}" for seen in only.counted if seen.part == part_name(item.item_id)
        )
    if only.left_out:
        yield "not counted"
        yield from (f"    {seen.name.partition(' <')[0]}: {seen.why}" for seen in only.left_out)


def _headline(item: CountedItem, billed: int | None) -> str:
    name = part_name(item.item_id)
    if item.questions:
        return f"{name or 'question'}: {item.questions[0]}"
    numbers = f"{item.purchased} counted" if item.by_rule else f"{item.purchased} bought, {item.assigned} assigned"
    return f"{name + ': ' if name else ''}{numbers}, billed {billed}"


def _write_anew() -> None:
    text = FILE.read_text(encoding="utf-8")
    for match in reversed(list(_BLOCKS.finditer(text))):
        text = text[: match.start("counted")] + counted(match["people"], match["kind"], match["written"]) + text[match.end("counted") :]
    FILE.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    _write_anew()
