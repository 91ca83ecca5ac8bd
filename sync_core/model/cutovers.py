"""A cut-over: lines of the PSA that were looked for, of which some are chosen to end, to be taken over or to be replaced, all confirmed together.

Nobody else touches these lines for us: they were made by people or by another tool. An offboarding is a cut-over of the lines
that we manage for one customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fnmatch import fnmatchcase

from sync_core.model.agreements import Agreement, Charge, Line

LINES_A_UNIT = 60
"""So many lines stand in one row, and are planned and written together; lines of one link are never parted."""


class CutoverState(StrEnum):
    """The life of a cut-over."""

    SEARCHING = "searching"
    FOUND = "found"
    PREPARING = "preparing"
    """Its chosen lines are read anew, and what would happen with each is worked out."""
    PREPARED = "prepared"
    """Shown, and waiting for a person's word."""
    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"
    DROPPED = "dropped"

    @property
    def working(self) -> bool:
        """Whether the app takes it further by itself."""
        return self in (CutoverState.SEARCHING, CutoverState.PREPARING, CutoverState.RUNNING)


class What(StrEnum):
    """What happens with a chosen line."""

    END = "end"
    TAKE_OVER = "take over"
    """The link that bills its product manages it from now on, as it is; nothing is written to the PSA."""
    REPLACE = "replace"
    """It ends, and a line of the link that bills its product begins on the day after, with the same units."""


class LineState(StrEnum):
    """How far a line of a cut-over is."""

    FOUND = "found"
    """Listed, not chosen, and never touched."""
    CHOSEN = "chosen"
    REFUSED = "refused"
    """Chosen, and it cannot be done; nothing is written."""
    DONE = "done"
    HELD = "held"
    """It is not as it was when it was chosen, or writing was stopped."""
    FAILED = "failed"


@dataclass(frozen=True)
class Wanted:
    """Which lines are looked for. Texts are compared without regard to case, and may hold ``*`` and ``?``; empty means any.

    ``companies`` and ``agreements`` are ids or names (of an agreement also the name of its type), ``markers`` serial numbers or references.
    """

    connections: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    blank: bool = False
    """Lines without a marker, too; alone, only these."""
    linked: bool = False
    """Only at companies that a configured customer bills to."""

    def takes_head(self, head: Agreement, company: str) -> bool:
        """Whether lines of an agreement are looked for. ``company`` is the name of its company."""
        here = _fits(self.companies, head.company_id, company) and _fits(self.connections, head.connection)
        return here and _fits(self.agreements, head.agreement_id, head.name, head.type_name)

    def takes_found(self, unit: Unit, line: CutoverLine) -> bool:
        """Whether a line that was found is meant. What is kept of its agreement is no longer the name of its type."""
        here = _fits(self.companies, unit.company_id, unit.company) and _fits(self.connections, unit.connection)
        return here and _fits(self.agreements, line.agreement_id, line.agreement) and self.takes_line(line)

    def takes_line(self, line: Line | CutoverLine) -> bool:
        """Whether a line is one of those that are looked for, wherever it is."""
        marked = not (self.markers or self.blank) or (self.blank and not line.marker.strip()) or (self.markers and _fits(self.markers, line.marker))
        return bool(marked) and _fits(self.products, line.product)


@dataclass(frozen=True)
class CutoverLine:
    """A line that was found. Money is net, a period of its agreement, and negative where less is billed than before.

    ``link_key`` is the customer's link that bills the same product and has no line yet; ``managed_by`` the link that manages this very line.
    ``before`` are the PSA's values that were shown: where one differs later, the line is left alone.
    """

    connection: str
    agreement_id: str
    agreement: str
    line_id: str
    product_id: str
    product: str
    quantity: Decimal
    unit_price: Decimal
    currency: str = ""
    period_months: int = 1
    marker: str = ""
    charge: Charge = Charge.BILLABLE
    starts: date | None = None
    ends: date | None = None
    managed_by: str = ""
    link_key: str = ""
    state: LineState = LineState.FOUND
    what: What | None = None
    last: date | None = None
    """The last billed day, of a line that is to end."""
    money: Decimal = Decimal(0)
    shown: tuple[str, ...] = ()
    """What was said about it when it was prepared."""
    before: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)
    """Of a line that is replaced: how the one that follows it was shown to be billed. One that would be billed otherwise is not made."""
    ended: bool = False
    """Of a line that is replaced: whether it has its end already, and its successor is to be made."""
    attempts: int = 0
    """How often it was tried before, as far as that matters."""
    why: str = ""
    """Why it is refused, held or failed."""

    @property
    def name(self) -> str:
        """By which a person chooses it: ``connection/agreement/line``."""
        return f"{self.connection}/{self.agreement_id}/{self.line_id}"


@dataclass(frozen=True)
class Unit:
    """Lines of one company that are planned together, in the partition of the customer that bills to the company, or of the company itself."""

    cutover_id: str
    partition: str
    connection: str
    company_id: str
    company: str
    number: int = 0
    lines: tuple[CutoverLine, ...] = ()
    gathered: str = ""
    """The last run whose outcome stands on the lines."""

    @property
    def open_lines(self) -> tuple[CutoverLine, ...]:
        """The lines that something is still to be written for."""
        return tuple(line for line in self.lines if line.state is LineState.CHOSEN)


@dataclass(frozen=True)
class Confirmation:
    """A person's word on exactly what was shown; ``second`` where two have to agree."""

    by: str
    person: str
    at: datetime
    why: str = ""
    second: str = ""


@dataclass(frozen=True)
class Tally:
    """How many lines stand where, and what the chosen ones move a period, by currency."""

    lines: Mapping[LineState, int] = field(default_factory=dict)
    money: Mapping[str, Decimal] = field(default_factory=dict)

    def count(self, *states: LineState) -> int:
        """How many lines are in one of the states."""
        return sum(self.lines.get(state, 0) for state in states)

    def with_unit(self, unit: Unit) -> Tally:
        """The tally with a unit's lines counted in."""
        lines, money = dict(self.lines), dict(self.money)
        for line in unit.lines:
            lines[line.state] = lines.get(line.state, 0) + 1
            if line.what and line.state is not LineState.REFUSED:
                money[line.currency] = money.get(line.currency, Decimal(0)) + line.money
        return Tally(lines, {currency: amount for currency, amount in money.items() if amount})


@dataclass(frozen=True)
class Choice:
    """Which of the found lines are meant: those named, or without names all that ``wanted`` takes; and what happens with them."""

    what: What
    last: date | None = None
    names: str = ""
    """Where the names of the chosen lines are kept; empty where ``wanted`` chooses."""
    wanted: Wanted = field(default_factory=Wanted)


@dataclass(frozen=True)
class Cutover:
    """The cut-over itself. ``cursor`` is how far its present work is, ``done`` and ``total`` count its companies or units.

    ``prepared`` stands for exactly what was shown. ``leaving`` is the customer that an offboarding is about.
    """

    cutover_id: str
    state: CutoverState
    wanted: Wanted
    configuration: int
    asked_by: str
    started: datetime
    touched: datetime
    cursor: str = ""
    done: int = 0
    total: int = 0
    tally: Tally = field(default_factory=Tally)
    choice: Choice | None = None
    prepared: str = ""
    prepared_at: datetime | None = None
    confirmed: Confirmation | None = None
    runs: tuple[str, ...] = ()
    """The runs that carry it out, one after the other."""
    run_id: str = ""
    """The one that is under way."""
    leaving: str = ""
    trouble: str = ""
    """Why it cannot go on by itself, and what to do."""


def _fits(patterns: tuple[str, ...], *texts: str) -> bool:
    wanted, found = [pattern.strip().casefold() for pattern in patterns], [text.strip().casefold() for text in texts]
    return not wanted or any(text == pattern or fnmatchcase(text, pattern) for pattern in wanted for text in found)
