"""Billing profiles out of a configuration file, with the combinations that make no sense refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from sync_core.configuration.nodes import Problems
from sync_core.configuration.shapes import Section
from sync_core.model.billing import BillingProfile, Names, PriceRange

_NUMBERS = ("basis", "minimum", "included", "bill_warning", "prorate", "credits", "decreases", "cost_plus")
_WORDS = ("charge", "taxable", "description", "names", "show_unassigned")


def read_profiles(file: Section, problems: Problems) -> dict[str, BillingProfile]:
    """The profiles by name; what is wrong with one goes to ``problems``."""
    return {name: _profile(name, read.value, problems) for name, read in file.section("profiles").members.items()}


def overridden(name: str, profile: Section, override: Section, problems: Problems) -> BillingProfile:
    """A profile with what a link says otherwise; its name says so, too."""
    members = {**profile.members, **override.members}
    for one, other in (("prices", "cost_plus"), ("cost_plus", "prices")):
        if one in override.members:
            members.pop(other, None)
    words = ", ".join(f"{member} {_word(read.value)}" for member, read in sorted(override.members.items()))
    return _profile(f"{name} with {words}", Section(override.place, members), problems)


def _word(value: Any) -> str:
    if isinstance(value, tuple):
        return " / ".join(_word(read.value) for read in value)
    if isinstance(value, Section):
        return " ".join(f"{name} {_word(read.value)}" if name != "amount" else _word(read.value) for name, read in sorted(value.members.items()))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _profile(name: str, section: Section, problems: Problems) -> BillingProfile:
    if section.get("credits") and not section.get("prorate"):
        problems.error(section.place_of("credits"), "credits without prorate", "Add 'prorate: true', or take the credits out")
    if section.get("show_unassigned") and section.get("names", Names.NONE) is Names.NONE:
        fix = "Add 'names: display name' or 'names: upn', or take show_unassigned out"
        problems.error(section.place_of("show_unassigned"), "unassigned units behind names that are not shown", fix)
    return BillingProfile(name, section.get("product", ""), prices=tuple(_prices(section, problems)), **section.given(*_NUMBERS, *_WORDS))


def _prices(section: Section, problems: Problems) -> Iterator[PriceRange]:
    ranges = [
        (read.place, PriceRange(read.value.get("amount"), read.value.get("from"), read.value.get("until")))
        for read in section.items("prices")
        if "amount" in read.value.members
    ]
    for place, each in ranges:
        if each.first and each.last and each.last < each.first:
            problems.error(place, f"a price that ends on {each.last}, before it begins on {each.first}", "Write the later day under 'until'")
    for (_, one), (place, other) in pairwise(sorted(ranges, key=lambda item: item[1].first or date.min)):
        if one.last is None or (other.first or date.min) <= one.last:
            problems.error(place, f"two prices for {other.first or one.first or 'the first days'}", "Let one end with 'until' before the next begins")
    yield from (each for _, each in ranges)
