"""Keeps the names of the people who hold an item in the text of its line, and takes them out again where they are not to be shown.

Quantity and dates are never touched, the text's own part stays, and where it is not known who the people are, nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sync_core.billing.changes import Case
from sync_core.billing.existing import editor
from sync_core.billing.naming import has_names, own_text, same_names, shown_names, text_mark, with_names
from sync_core.model.agreements import Line, Product
from sync_core.model.billing import Binding, Names
from sync_core.model.languages import Language
from sync_core.model.plans import Change, ChangeKind, Verdict

_RESTS_ON = ("status", "line ends", "product", "text")


def describe(case: Case, line: Line) -> Iterator[Change]:
    """What makes the line's text name the right people, in whatever order it does."""
    if not _shows_names(case) and not (case.binding and case.binding.text):
        return
    if not case.agreement.text_limit:
        if _shows_names(case):
            yield case.question(_cannot_write(case), line=line)
        return
    text = _text(case, line.text) if _shows_names(case) else own_text(line.text)
    if text is not None and not same_names(text, line.text):
        yield _set_text(case, line, text)


def text_of_new_line(case: Case, product: Product) -> str:
    """The text that a new line is given; empty leaves it to the PSA."""
    own = case.link.profile.description.replace("{item}", case.inputs.item(case.link).name)
    if not _shows_names(case) or not case.agreement.text_limit:
        return own
    text = _text(case, own or product.text or product.name)
    return text if text and has_names(text) else own


def left_text(known: Binding | None, change: Change, line: Line) -> str:
    """What the link remembers of its line's text once a change is done: a mark where there are names of ours in it."""
    if change.kind in (ChangeKind.ADD, ChangeKind.SET_TEXT):
        return text_mark(line.text) if has_names(change.terms.text) else ""
    return known.text if known and known.line_id == line.line_id else ""


def _shows_names(case: Case) -> bool:
    return case.link.profile.names is not Names.NONE and not case.inputs.private


def _text(case: Case, before: str) -> str | None:
    people = case.inputs.people.get(case.link.item_id)
    if people is None:
        return None
    names = shown_names(people, case.link.profile.names)
    language = case.inputs.languages.get(case.link.connection, Language.ENGLISH)
    return with_names(before, names, _unassigned(case, len(names)), case.agreement.text_limit, language)


def _unassigned(case: Case, held: int) -> int:
    """How many units were bought that nobody holds; none of what a rule counts, or of a subscription."""
    item, profile = case.inputs.item(case.link), case.link.profile
    if not profile.show_unassigned or item.by_rule or item.company_wide or item.purchased is None or item.term:
        return 0
    return max(item.purchased + (item.warning if profile.bill_warning else 0) - held, 0)


def _set_text(case: Case, line: Line, text: str) -> Change:
    edited = line.text and text_mark(line.text) != case.binding.text if case.binding and case.binding.text else has_names(line.text)
    words = (f"Its text was edited by {editor(line)}; the part before the names stays.",) if edited else ()
    what = "The names of the people who hold it." if has_names(text) else "The names are taken out of the text."
    change = case.set_text(line, text, what, *words, verdict=Verdict.NEEDS_APPROVAL if edited else Verdict.SAFE)
    return replace(change, rests_on={name: change.rests_on[name] for name in _RESTS_ON if name in change.rests_on})


def _cannot_write(case: Case) -> str:
    return f"The profile {case.link.profile.name} shows names, and this connection cannot write a line's text. Take `names` out of the profile."
