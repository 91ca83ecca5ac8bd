"""Reads custom licences and conditions: what names stand for is looked up, and a condition must mean something for what is counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sync_core.configuration.nodes import did_you_mean, shown
from sync_core.configuration.references import References
from sync_core.configuration.shapes import Read, Section
from sync_core.model.custom_licences import Attribute, Condition, Conditions, Counts, CustomLicence, custom_name, fits, part_name, whole_id

_SKUS = (Attribute.SKU, Attribute.ALL_SKUS)


def read_custom_licences(written: Section, templates: Section, references: References) -> dict[str, CustomLicence]:
    """The custom licences of the file by name. ``templates`` are the rules that come with the app, written in the same way."""
    whole = {name: _with_template(read.value, templates, references) for name, read in written.members.items()}
    counted = {name: _licence(name, section, references) for name, section in whole.items() if "sum_of" not in section.members}
    known = replace(references, custom_licences=counted)
    sums = {name: _sum(name, section, known) for name, section in whole.items() if "sum_of" in section.members}
    return {name: sums[name] if name in sums else counted[name] for name in whole}


def own_custom_licences(written: Section, references: References) -> tuple[CustomLicence, ...]:
    """The custom licences that count otherwise for one customer."""
    found = []
    for name, read in written.members.items():
        usual = references.custom_licences.get(name)
        if usual is None:
            fix = did_you_mean(name, references.custom_licences)
            references.problems.error(read.place, f"unknown custom licence ({shown(name)})", fix)
        elif usual.counts is Counts.SUM:
            references.problems.error(read.place, "a sum has no conditions of its own", "Change what it adds up")
        else:
            found.append(_changed(usual, read.value, references))
    return tuple(found)


def _changed(usual: CustomLicence, section: Section, references: References) -> CustomLicence:
    def given(member: str, instead: tuple[Conditions, ...]) -> tuple[Conditions, ...]:
        return conditions(section.items(member), usual.counts, references) if member in section.members else instead

    return replace(usual, include=given("include", usual.include), exclude=given("exclude", usual.exclude))


def conditions(written: Iterable[Read], counts: Counts, references: References) -> tuple[Conditions, ...]:
    """Entries of which any will do, each with conditions that hold together."""
    return tuple(tuple(_conditions(read, counts, references)) for read in written)


def _with_template(section: Section, templates: Section, references: References) -> Section:
    name = section.get("template")
    if name is None:
        return section
    if name not in templates.members:
        fix = did_you_mean(name, templates.members)
        references.problems.error(section.place_of("template"), f"unknown template ({shown(name)})", fix)
        return section
    template: Mapping[str, Read] = templates.members[name].value.members
    return Section(section.place, {**template, **section.members})


def _licence(name: str, section: Section, references: References) -> CustomLicence:
    counts = section.get("count", Counts.USERS)
    include, exclude = (conditions(section.items(member), counts, references) for member in ("include", "exclude"))
    return CustomLicence(name, section.get("title", name), counts, include, exclude)


def _sum(name: str, section: Section, references: References) -> CustomLicence:
    for member in ("include", "exclude"):
        if member in section.members:
            references.problems.error(section.place_of(member), "a sum has no conditions of its own", "Write them where its items are counted")
    added = references.items(section.items("sum_of"))
    if not added:
        references.problems.error(section.place_of("sum_of"), "nothing to add up", "Name at least one item that is no sum itself")
    return CustomLicence(name, section.get("title", name), Counts.SUM, sum_of=added)


def _conditions(read: Read, counts: Counts, references: References) -> Iterator[Condition]:
    members: Mapping[str, Read] = read.value.members
    if not members:
        references.problems.error(read.place, "no condition", "Name one, or take the entry out")
    for name, value in members.items():
        attribute = Attribute(name)
        if not fits(attribute, counts):
            what = f"{attribute} says nothing about {counts}"
            references.problems.error(value.place, what, f"Known here: {', '.join(each for each in Attribute if fits(each, counts))}")
        if value.value == ():
            references.problems.error(value.place, "no value", "Name one, or take the condition out")
        yield Condition(attribute, tuple(_values(attribute, value, references)))


def _values(attribute: Attribute, read: Read, references: References) -> Iterator[str]:
    if isinstance(read.value, bool):
        yield str(read.value).lower()
    elif isinstance(read.value, int):
        yield str(read.value)
    elif attribute in _SKUS:
        yield from references.skus(read.value)
    else:
        yield from (str(item.value).strip() for item in read.value)


def written_name(item_id: str) -> str:
    """An item as messages name it."""
    name, part = custom_name(item_id), part_name(item_id)
    whole = f"custom licence {name}" if name else f"SKU {whole_id(item_id)}"
    return f"part {part} of {whole}" if part else whole
