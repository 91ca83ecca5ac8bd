"""An explanation in the words that terminal and HTTP share: who counted, by which rule, what changed, who approved, what the PSA answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from sync_core.billing.identity import plain
from sync_core.history.explanation import Explanation, Rule, Story, Write
from sync_core.model.billing import CountedItem
from sync_core.model.custom_licences import part_name
from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.pipeline.wording import before_and_after, money_of, sentences

Fact = tuple[str, str]
"""A heading, empty where the text goes on under the one before, and a text."""
_MOST_NAMES = 25
_MOST_EARLIER = 5
_QUANTITIES = (ChangeKind.ADOPT, ChangeKind.ADD, ChangeKind.SET_QUANTITY, ChangeKind.PRORATE, ChangeKind.END)


def question(found: Explanation) -> str:
    """What is explained, as ``Why is Microsoft 365 E3 of Contoso 12 on 2026-03-20?``."""
    held = "not on a line of ours" if found.units is None else plain(found.units)
    return f"Why is {found.item} of {found.customer} {held} on {found.on}?"


def facts(found: Explanation) -> Iterator[Fact]:
    """The answer, part by part."""
    place = f"{found.connection}, agreement {found.agreement_id}" if found.agreement_id else found.connection
    yield "Line", f"{place}, line {found.line_id}, product {found.product}" if found.line_id else f"{place}: none that we follow"
    yield from _counted(found)
    yield from _rule(found)
    yield from _people(found)
    yield from _made_by(found)
    for story in found.open:
        yield "Open", sentences(_what(story), f"{story.change.verdict}, {story.change.result}", *story.change.reasons, story.change.result_reason)
        yield from _said(story)


def _counted(found: Explanation) -> Iterator[Fact]:
    if found.look is None:
        yield "Counted", "No run that read the customer is known for that day or one before it"
        return
    if found.counted is None:
        yield "Counted", f"Run {found.look.run_id} looked; no counts of this item are recorded for it"
    else:
        since = f"so since the run of {_time(found.counted_since)}" if found.counted_since else ""
        yield "Counted", sentences(f"{_numbers(found.counted)}, {since}", *found.counted.questions, *found.counted.notes)
    yield "", f"Looked at last by run {found.look.run_id} of {_time(found.look.at)}"
    if found.look.unread:
        yield "", f"After that it could not be read: {found.look.unread}"


def _numbers(item: CountedItem) -> str:
    if item.by_rule:
        return f"{_known(item.purchased)} counted by a rule"
    more = [f"{number} {word}" for number, word in ((item.warning, "in their grace period"), (item.suspended, "suspended")) if number]
    return ", ".join((f"{_known(item.purchased)} bought", f"{_known(item.assigned)} assigned", *more))


def _rule(found: Explanation) -> Iterator[Fact]:
    rule = found.rule
    if rule is None:
        yield "Rule", "The configuration of that day has no link for it"
        return
    imported = f", imported by {rule.imported_by} on {_time(rule.imported)}" if rule.imported else ""
    yield "Rule", f"Profile “{rule.profile.name}” of configuration version {rule.configuration}{imported}"
    yield "", _arithmetic(rule)
    if part := part_name(found.item_id):
        yield "", f"The item is divided by a split; this is its part “{part}”"


def _arithmetic(rule: Rule) -> str:
    profile = rule.profile
    terms = f"billed by {profile.basis}, minimum {profile.minimum}, included {profile.included}"
    return f"{terms}: {rule.words} → {rule.units}" if rule.units is not None else f"{terms}: {rule.words}"


def _people(found: Explanation) -> Iterator[Fact]:
    names = found.people.names
    if not names:
        if found.people.why:
            yield "People", found.people.why
        return
    shown = ", ".join(names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    yield "People", f"{len(names)}: {shown}{more}"


def _made_by(found: Explanation) -> Iterator[Fact]:
    """The change that set the quantity in full, and the others in a line each."""
    main = next((story for story in found.made_by if story.change.kind in _QUANTITIES), None)
    if main is None:
        yield "Change", "We have changed nothing on it"
        return
    yield "Change", sentences(f"{_what(main)}, in plan {main.plan_id} of run {main.run_id}, made {_time(main.made)}", *main.change.reasons)
    yield from _said(main)
    for write in main.written:
        yield from _written(write)
    yield from _told(main)
    others = [story for story in found.made_by if story is not main]
    for number, story in enumerate(others[:_MOST_EARLIER]):
        yield "" if number else "Also", f"{_time(story.made)}: {_what(story)} (plan {story.plan_id})"
    if len(others) > _MOST_EARLIER:
        yield "", f"and {len(others) - _MOST_EARLIER} before that"


def _what(story: Story) -> str:
    change = story.change
    money = money_of(change) if change.money or change.prorated else ""
    effective = f"from {change.effective} on" if change.effective and change.kind is not ChangeKind.END else ""
    invoice = f"first on the invoice of {change.invoice}" if change.invoice else ""
    return ", ".join(filter(None, (before_and_after(change) or str(change.kind), effective, money, invoice)))


def _said(story: Story) -> Iterator[Fact]:
    for word in story.said:
        yield "Decided", f"{word.decision} by {word.by} on {_time(word.at)}" + (f": “{word.why}”" if word.why else "")
    if not story.said and story.change.result in (ChangeResult.APPLIED, ChangeResult.HALF_DONE):
        yield "Decided", f"nobody had to: its verdict was “{story.change.verdict}”, in mode {story.mode}"


def _written(write: Write) -> Iterator[Fact]:
    yield "Sent", f"{_time(write.sent)}: {write.what}" if write.sent else write.what
    held = _held(write.before, write.after)
    answer = write.answer or ("read back as written" if write.state == "confirmed" else write.outcome)
    yield "Answered", ". ".join(filter(None, (f"{write.state}: {answer}" if answer else write.state, held)))


def _held(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What the line held before and after, as far as it moved."""
    moved = [name for name in after if name in before and before[name] != after[name] and name != "text"]
    return ", ".join(f"{name} was {before[name]} and is {after[name]}" for name in moved)


def _told(story: Story) -> Iterator[Fact]:
    for mail in story.told:
        yield "Told", f"{_time(mail.at)}: “{mail.subject}” to {', '.join(mail.to)} ({mail.message_id})"
    if not story.told and story.notice:
        yield "Told", f"no mail: {story.notice}"


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "an unknown time"


def _known(number: int | None) -> str:
    return "an unknown number" if number is None else str(number)
