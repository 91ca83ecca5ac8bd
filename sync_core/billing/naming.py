"""The people who hold an item, in the text of its line on the invoice: ``<text of its own> | Users: a, b, + 3 more, 2 unassigned``.

The first part is the PSA's or a person's and is kept; what follows the mark is ours, in the language of the PSA's invoices. All is on
one line: the names come from the customer's directory, and some PSAs make a space of a line break.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

from sync_core.hostile_text import clean
from sync_core.model.billing import Names
from sync_core.model.languages import Language
from sync_core.model.licences import User

_MARKS = re.compile("|".join(re.escape(f" | {language.words.users}: ") for language in Language))
"""The mark in every language: texts may be older than the connection's present one."""
_BETWEEN = ", "
_LONGEST_NAME = 100


def shown_names(users: Iterable[User], names: Names) -> tuple[str, ...]:
    """The names of people, harmless and in an order that no answer of Microsoft's changes; one without such a name by another."""
    return tuple(sorted((_name(user, names) for user in users), key=lambda name: (name.casefold(), name)))


def own_text(text: str) -> str:
    """The part of a line's text that is not ours."""
    return _parts(text)[0].strip()


def without_names(text: str) -> str:
    """The text with the fact that people were named, and no longer who."""
    own, mark, _ = _parts(text)
    return f"{own.strip()}{mark}names deleted".strip() if mark else text


def replaced_names(text: str, names: frozenset[str], by: str) -> str:
    """The text with another name in place of those that are among ``names``, which are case-folded."""
    own, mark, people = _parts(text)
    shown = _BETWEEN.join(by if name.strip().casefold() in names else name for name in people.split(_BETWEEN))
    return f"{own}{mark}{shown}".removeprefix(" ")


def has_names(text: str) -> bool:
    """Whether a line's text has a part that is, or looks like, ours."""
    return bool(_parts(text)[1])


def with_names(text: str, names: Sequence[str], unassigned: int, limit: int, language: Language = Language.ENGLISH) -> str:
    """``text`` with these names in place of those it has, at most ``limit`` UTF-16 units long, as the PSAs count; what does not fit is only counted.

    Without anybody to name, and where not even the number fits, the text's own part alone.
    """
    own, words = own_text(text), language.words
    mark = f" | {words.users}: "
    rest = (f"{unassigned} {words.unassigned}",) if unassigned > 0 else ()
    room = limit - _length(own + mark)
    ends = [0, *accumulate(_length(name + _BETWEEN) for name in names)]
    for shown in range(len(names), -1, -1):
        left = len(names) - shown
        tail = (*((f"+ {left} {words.more}",) if left else ()), *rest)
        if not shown and not tail:
            break
        length = ends[shown] + _length(_BETWEEN.join(tail)) if tail else ends[shown] - len(_BETWEEN)
        if length <= room:
            return f"{own}{mark}{_BETWEEN.join((*names[:shown], *tail))}".strip()
    return own


def same_names(one: str, other: str) -> bool:
    """Whether two texts of a line name the same people in one language: another order, and other spaces, are no difference."""
    return _named(one) == _named(other)


def text_mark(text: str) -> str:
    """A fingerprint of a line's text, by which an edit is noticed; the text itself, with its names, is not kept."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:16]


def _named(text: str) -> list[str]:
    _, mark, people = _parts(text)
    return [mark, *sorted(" ".join(people.split()).split(_BETWEEN))]


def _parts(text: str) -> tuple[str, str, str]:
    """The text's own part, the mark, and what follows it; a text without names has only the first. An own part begins with a space."""
    spaced = f" {text}"
    found = _MARKS.search(spaced)
    return (spaced[: found.start()], found[0], spaced[found.end() :]) if found else (spaced, "", "")


def _name(user: User, names: Names) -> str:
    wanted = user.user_principal_name if names is Names.UPN else user.display_name
    return next((name for each in (wanted, user.user_principal_name, user.user_id) if (name := clean(each, _LONGEST_NAME))), "?")


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
