"""What goes wrong, and how often: drawn anew for each seed, so that each plays some kinds of trouble often and others not at all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Self


class Fate(StrEnum):
    """What becomes of one request to a PSA."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    """Refused unprocessed, with the time to wait."""
    BUSY = "busy"
    """Answered with 503 and not carried out."""
    REQUEST_LOST = "request lost"
    """Not carried out, and nobody hears of that."""
    ANSWER_LOST = "answer lost"
    """Carried out, and nobody hears of it."""
    ERROR_HIDES_SUCCESS = "error hides success"
    """Carried out, and answered with 502."""
    LATE = "late"
    """The answer is lost now, and it is carried out later, within the PSA's settle time."""
    REFUSED = "refused"
    """Understood and refused, as wrong."""


_OF_WRITES = tuple(fate for fate in Fate if fate is not Fate.ANSWERED)
_OF_READS = (Fate.THROTTLED, Fate.BUSY, Fate.REQUEST_LOST)


@dataclass(frozen=True)
class Rates:
    """How likely each kind of trouble is: of one call, of one message, or of one request."""

    death: float = 0.0
    """That the process ends before or after a call."""
    freeze: float = 0.0
    """That it stands still for minutes before a call, as on a machine that is out of memory."""
    slow: float = 0.0
    """That seconds pass between two calls of anybody."""
    duplicate: float = 0.0
    """That a message is delivered twice."""
    write: float = 0.0
    """That a write meets a fate other than an answer."""
    read: float = 0.0
    """That a read of a PSA does."""
    microsoft: float = 0.0
    """That a read of a customer fails, as a whole or in part."""
    mail: float = 0.0
    """That a mail is refused, or its answer is lost."""

    @classmethod
    def drawn(cls, chance: Random) -> Self:
        """The rates of a seed; about half of them are zero."""
        return cls(**{name: most * chance.random() if chance.random() < 0.55 else 0.0 for name, most in _MOST.items()})


_MOST = {
    "death": 0.02,
    "freeze": 0.03,
    "slow": 0.1,
    "duplicate": 0.2,
    "write": 1.0,
    "read": 0.2,
    "microsoft": 0.6,
    "mail": 0.6,
}


def fate(chance: Random, rate: float, writes: bool) -> Fate:
    """What becomes of a request."""
    if not rate or chance.random() >= rate:
        return Fate.ANSWERED
    return chance.choice(_OF_WRITES if writes else _OF_READS)
