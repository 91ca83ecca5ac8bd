"""Reads how a link divides its items over several places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from sync_core.configuration.custom_licences import conditions, written_name
from sync_core.configuration.customer_links import CustomerLink, Goal
from sync_core.configuration.nodes import Problems
from sync_core.configuration.references import References, agreement
from sync_core.configuration.shapes import Section
from sync_core.model.billing import Basis, BillingProfile, LineChoice, Per
from sync_core.model.custom_licences import Counts, Part


def divided(link: CustomerLink, section: Section, references: References) -> CustomerLink:
    """The link with the parts of its ``split``; what a part does not say is as the link says it."""
    split, counts = section.section("split"), _counts(section, references)
    remainder = split.get("remainder", "")
    if counts is Counts.SUM:
        references.problems.error(split.place, "a sum cannot be divided", "Divide the items that it adds up")
        return link
    if "parts" in split.members and not split.items("parts"):
        references.problems.error(split.place_of("parts"), "no part", "Name at least one")
    parts = tuple(_part(read.value, link.goal, counts, references) for read in split.items("parts"))
    for name, times in Counter([*(part.name for part, _ in parts), remainder]).items():
        if name and times > 1:
            references.problems.error(split.place, f"two parts called {name}", "Give each a name of its own, the remainder too")
    return replace(link, parts=parts, remainder=remainder)


def refuse_partly_divided(links: Iterable[CustomerLink], problems: Problems) -> None:
    """An item that one link divides and another bills as a whole, or divides again, would be billed twice."""
    first: dict[str, CustomerLink] = {}
    for link in links:
        for item_id in link.item_ids:
            other = first.setdefault(item_id, link)
            if other is not link and (other.remainder or link.remainder):
                what = f"a second link of the {written_name(item_id)}, which is divided; the other is in line {other.place.line}"
                problems.error(link.place, what, "Keep one of them, and make the other a part of it")


def refuse_wrong_rows(per: Per, profiles: Iterable[BillingProfile], section: Section, problems: Problems) -> None:
    """Lines by term or subscription are of SKUs, are all that there is of them, and bill what was bought: who sits on which nobody can tell."""
    if per is Per.SKU:
        return
    for member in ("custom", "split"):
        if member in section.members:
            what = f"a line for each {per} of what is no SKU, or is divided"
            problems.error(section.place_of(member), what, f"Take out 'per', 'terms' or '{member}'")
    if section.get("line", (LineChoice.NONE, ""))[0] is LineChoice.ADOPT:
        fix = "Take 'line' out: the line that is managed now goes on as one of them"
        problems.error(section.place_of("line"), f"one line to adopt for what gets a line for each {per}", fix)
    for profile in profiles:
        if profile.basis is not Basis.PURCHASED:
            what = f"a line for each {per} under {profile.name}, which bills by {profile.basis}"
            problems.error(section.place, what, "Microsoft does not say which subscription a person sits on: bill it by what was purchased")


def _part(section: Section, usual: Goal, counts: Counts, references: References) -> tuple[Part, Goal]:
    where = section.items("where")
    if "where" in section.members and not where:
        references.problems.error(section.place_of("where"), "no condition", "Name at least one; what fits no part is the remainder's")
    choice, line_id = section.get("line", (usual.choice.NONE, ""))
    goal = Goal(
        (references.profile(section) if "profile" in section.members else None) or usual.profile,
        usual.connection,
        section.get("company", usual.company_id),
        agreement(section) or usual.agreement,
        section.get("start"),
        choice,
        line_id,
        usual.bills,
    )
    if "override" in section.members and "profile" not in section.members:
        references.problems.error(section.place_of("override"), "override without profile", "Name the profile that it changes, too")
    return Part(section.get("name", ""), conditions(where, counts, references)), goal


def _counts(section: Section, references: References) -> Counts:
    licence = references.custom_licences.get(section.get("custom", ""))
    return licence.counts if licence else Counts.USERS_AND_GUESTS
