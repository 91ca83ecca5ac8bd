"""What an adapter takes for true of its PSA although the vendor documents it nowhere, and what a look at the PSA says of it.

Each kind of PSA lists its assumptions, with the setting that changes them and how a person checks them; ``look`` reads what can be
read of them, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync_core.ports import Psa


class Verdict(StrEnum):
    """What a look says of an assumption."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNSEEN = "cannot be seen"


@dataclass(frozen=True)
class Assumption:
    """One assumption. ``setting`` names what changes it, empty where nothing does; ``by_hand`` says how a person checks it."""

    name: str
    text: str
    setting: str
    by_hand: str


@dataclass(frozen=True)
class Finding:
    """What was seen of an assumption. ``instead`` is what to do where it is contradicted."""

    verdict: Verdict
    seen: str
    instead: str = ""


class Look(Protocol):
    """Reads what can be read of a kind's assumptions, and gives what it found by their names.

    ``agreement_ids`` are those that the configuration bills to; empty looks at all. Raises what reads raise.
    """

    def __call__(self, psa: Psa, agreement_ids: Collection[str]) -> Mapping[str, Finding]: ...


NOT_LOOKED_AT = Finding(Verdict.UNSEEN, "reading alone does not show it")
NOTHING_THERE = Finding(Verdict.UNSEEN, "nothing is there to tell it by")


def votes(agreeing: int, against: Iterable[str], what: str, instead: str = "") -> Finding:
    """The finding of cases that speak for an assumption or against it, in words such as ``of 12 invoices``; one case against it counts."""
    cases = sorted(against)
    if cases:
        shown = ", ".join(cases[:3]) + (", ..." if len(cases) > 3 else "")
        return Finding(Verdict.CONTRADICTED, f"{len(cases)} of {agreeing + len(cases)} {what} say otherwise: {shown}", instead)
    return Finding(Verdict.CONFIRMED, f"{agreeing} of {agreeing} {what} say so") if agreeing else NOTHING_THERE
