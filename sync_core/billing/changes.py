"""Builds the changes of one link: each with its line, before and after, money, dates and the words that explain it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sync_core.billing.identity import change_id, marker, marker_owner, plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.naming import own_text, text_mark
from sync_core.billing.periods import ONE_DAY, first_open_day, invoice_for, last_billed_day, period_of, price_of_days
from sync_core.model.agreements import Ability, Agreement, AgreementLines, Line, Product, SelfEnding, Shift, Terms
from sync_core.model.billing import Binding, Link
from sync_core.model.plans import Change, ChangeKind, Verdict

NOTHING = Decimal(0)
AGREEMENT_FACTS = ("status", "ends", "next invoice", "period", "prorates")
"""The facts of an agreement that no write of ours alters."""
PSA_TERMS = Terms()
"""Everything but product, units and dates is the PSA's."""


@dataclass(frozen=True)
class Target:
    """What a main line is to hold now, the lines to add beside it, and what it is to hold ``later``, once their time is invoiced.

    ``doubt`` says why a person has to look first; empty where nobody has to.
    """

    quantity: Decimal
    self_ending: tuple[SelfEnding, ...] = ()
    later: Decimal | None = None
    doubt: str = ""


@dataclass(frozen=True)
class Case:
    """One link with the agreement it bills to and the units that are wanted there."""

    inputs: ReconcileInput
    link: Link
    lines: AgreementLines
    wanted: Decimal
    explanation: str

    @property
    def agreement(self) -> Agreement:
        """The agreement the link bills to."""
        return self.lines.agreement

    @property
    def binding(self) -> Binding | None:
        """The line the link manages, as we last confirmed it."""
        return self.inputs.bindings.get(self.link.key)

    @property
    def opens(self) -> date:
        """The first day that no invoice covers yet."""
        return first_open_day(self.agreement)

    @property
    def today(self) -> date:
        """The business date."""
        return self.inputs.business_dates[self.link.connection]

    @property
    def gives_up(self) -> date:
        """The last day that a line is billed which is given up today."""
        return last_billed_day(self.agreement, self.today)

    def in_force(self, line: Line) -> bool:
        """Whether the line goes on after what is given up today."""
        if self.agreement.counted and line.quantity == 0:
            return False
        return line.ends is None or line.ends > max(self.gives_up, _eve(line))

    def last_of(self, shift: Shift) -> date | None:
        """The last day that a shift is billed by its days; ``None`` where it begins with a period that is open, and is billed with it."""
        period = period_of(self.agreement, shift.first)
        whole = shift.first == period.first and shift.first >= self.opens
        return None if whole else max(period.last, self.opens - ONE_DAY)

    def question(self, *texts: str, line: Line | None = None) -> Change:
        """Nothing can be proposed until a person answers."""
        return ask(self.inputs, self.link, *texts, line=line, agreement=self.agreement)

    def add(self, product: Product, starts: date, *reasons: str, terms: Terms = PSA_TERMS, verdict: Verdict = Verdict.SAFE) -> Change:
        """A new line from ``starts`` on, at the catalogue's price where ``terms`` name none."""
        price = product.price if terms.unit_price is None else terms.unit_price
        line = Line("", product.product_id, product.identifier, NOTHING, price, starts=starts, charge=terms.charge)
        change = self._change(ChangeKind.ADD, line, self.wanted, (self.explanation, *reasons, self._counts_from(starts)), verdict)
        text = marker(self.inputs.installation, self.inputs.plan_id, self.link.key)
        change = replace(change, before=None, effective=starts, invoice=invoice_for(self.agreement, starts), marker=text, terms=terms)
        whole = self._whole_from(starts)
        if whole == starts or not self.link.profile.prorate or Ability.DATED_QUANTITIES in self.agreement.abilities:
            return replace(change, prorated=self._first_days(change.money, starts))
        beside = SelfEnding(self.wanted, starts, whole - ONE_DAY, beside_marker(self, starts))
        words = (self.explanation, *reasons, *self._words_beside(line, Target(self.wanted, (beside,))), self._counts_from(whole))
        return replace(change, reasons=words, prorated=self._price_of(line, beside), self_ending=(beside,), line_from=whole)

    def set_quantity(self, line: Line, target: Target | None = None, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line's quantity becomes that of ``target``, or the wanted one, from the first day that is not yet invoiced."""
        starts = max(self.opens, line.starts or self.opens)
        if target is None and line.units_on(starts) != line.quantity:
            return self._set_on(line, starts, *reasons, verdict=verdict)
        goal = target or Target(self.wanted)
        words = (self.explanation, *reasons, *self._words_beside(line, goal), self._counts_from(starts))
        change = self._change(ChangeKind.SET_QUANTITY, line, goal.quantity, words, verdict)
        change = replace(change, effective=starts, invoice=invoice_for(self.agreement, starts))
        return replace(self._beside(change, line, goal), line_from=starts) if goal.self_ending else change

    def _set_on(self, line: Line, starts: date, *reasons: str, verdict: Verdict) -> Change:
        """A dated quantity that holds another number on the day of the change than now: both move by as many units."""
        before = line.units_on(starts)
        after = before + self.wanted - line.quantity
        if after < 0:
            what = f"Line {line.line_id} holds {plain(before)} units on {starts}, fewer than are to be taken off from then on."
            return self.question(self.explanation, *reasons, what, "Lower it in the PSA, from a day of your choice.", line=line)
        shifted = self.shift(line, (Shift(starts, before, after),), *reasons, verdict=verdict)
        money = self._change(ChangeKind.SET_QUANTITY, line, self.wanted, ()).money
        return replace(shifted, after=self.wanted, money=money)

    def shift(self, line: Line, shifts: tuple[Shift, ...], *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line's dated quantity changes by these shifts."""
        first = shifts[0].first
        words = (self.explanation, *reasons, *(self._words_of(line, each, alone=len(shifts) == 1) for each in shifts))
        change = self._change(ChangeKind.SET_QUANTITY, line, shifts[-1].after, words, verdict)
        money = sum((self._days_of(line, each) for each in shifts), NOTHING)
        return replace(change, shifts=shifts, prorated=money, effective=first, invoice=invoice_for(self.agreement, first))

    def prorate(self, line: Line, target: Target, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """Self-ending lines beside the line, which keeps its quantity until the period is invoiced."""
        binding = self.binding
        held = binding.due[-1].quantity if binding and binding.due else line.quantity
        words = (self.explanation, *reasons, *self._words_beside(line, target))
        return self._beside(self._change(ChangeKind.PRORATE, replace(line, quantity=held), self.wanted, words, verdict), line, target)

    def set_price(self, line: Line, price: Decimal, why: str) -> Change:
        """The line's price becomes ``price`` for all that is not yet invoiced; a person has to agree."""
        words = (why, self._counts_from(self.opens))
        change = self._change(ChangeKind.SET_PRICE, line, line.quantity, words, Verdict.NEEDS_APPROVAL)
        rests_on = {name: value for name, value in change.rests_on.items() if name != "quantity"}
        money, invoice = line.billed * (price - line.unit_price), invoice_for(self.agreement, self.opens)
        return replace(change, money=money, terms=Terms(unit_price=price), effective=self.opens, invoice=invoice, rests_on=rests_on)

    def set_text(self, line: Line, text: str, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line's text becomes ``text``; nothing else changes."""
        change = self._change(ChangeKind.SET_TEXT, line, line.quantity, reasons, verdict)
        return replace(change, before=None, after=None, terms=Terms(text=text), rests_on=self._facts(line))

    def end(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line is billed for the last time on ``effective``; one that has not begun ends on the eve of its start."""
        last = max(self.gives_up, _eve(line))
        change = self._change(ChangeKind.END, line, NOTHING, (*reasons, f"Last billed day {last}."), verdict)
        return replace(change, effective=last, invoice=invoice_for(self.agreement, last + ONE_DAY))

    def take_off(self, line: Line, each: SelfEnding, later: Decimal | None, *reasons: str) -> Change:
        """A self-ending line bills nothing: it ends on the eve of its first day. ``later`` is what the main line is due to hold then, if anything."""
        eve, billed = each.first - ONE_DAY, replace(each, units=-each.units)
        words = (*reasons, f"Line {line.line_id}, for the days from {each.first} to {each.last}, ends on {eve} and is billed for no day.")
        ended = replace(self.end(line), reasons=words, effective=eve, invoice=invoice_for(self.agreement, each.first))
        amount = self._price_of(line, billed)
        return replace(ended, money=NOTHING, prorated=amount, self_ending=(billed,), later=later, is_double=True)

    def give_up(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line bills nothing any more: it is ended, or its units go to 0 where they are only counted."""
        if not self.agreement.counted:
            return self.end(line, *reasons, verdict=verdict)
        change = self._change(ChangeKind.SET_QUANTITY, line, NOTHING, (*reasons, self._counts_from(self.opens)), verdict)
        return replace(change, effective=self.opens, invoice=invoice_for(self.agreement, self.opens))

    def adopt(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line is managed as it stands from now on; nothing is written to the PSA."""
        return self._change(ChangeKind.ADOPT, line, line.quantity, reasons, verdict)

    def _change(self, kind: ChangeKind, line: Line, after: Decimal, reasons: tuple[str, ...], verdict: Verdict = Verdict.SAFE) -> Change:
        change, period = _bare(self.inputs, self.link, kind, verdict, reasons, line.line_id), period_of(self.agreement, self.today)
        return replace(
            change,
            product=line.product,
            product_id=line.product_id,
            before=line.quantity,
            after=after,
            unit_price=line.unit_price,
            money=(replace(line, quantity=after).billed - line.billed) * line.unit_price,
            period_months=self.agreement.period_months,
            period_first=period.first,
            period_last=period.last,
            currency=self.agreement.currency,
            marker=line.marker,
            rests_on={name: value for name, value in self._facts(line).items() if name != "text"},
        )

    def _facts(self, line: Line) -> Mapping[str, str]:
        return facts(self.lines, line.line_id, line.product, self.inputs.installation)

    def _beside(self, change: Change, line: Line, target: Target) -> Change:
        """The change with the target's self-ending lines, which copy what the main line has, but for the names in its text."""
        first = min(each.first for each in target.self_ending)
        terms = Terms(line.unit_price, line.unit_cost, line.charge, line.taxable, line.grouping, own_text(line.text))
        money = sum((self._price_of(line, each) for each in target.self_ending), NOTHING)
        beside = replace(change, self_ending=target.self_ending, later=target.later, terms=terms, prorated=money)
        return replace(beside, effective=first, invoice=invoice_for(self.agreement, first))

    def _words_beside(self, line: Line, target: Target) -> Iterator[str]:
        for each in target.self_ending:
            invoice, amount = invoice_for(self.agreement, each.first), self._price_of(line, each)
            what = f"{plain(abs(each.units))} {'more' if each.units > 0 else 'fewer'} from {each.first} to {each.last}"
            yield f"{what} on a line that ends by itself: {amount:+.2f} {self.agreement.currency} on the invoice of {invoice}."
        if target.later is not None:
            until = max(each.last for each in target.self_ending)
            goes = f"{plain(target.later)} with the first run after the days to {until} are invoiced"
            yield f"Line {line.line_id} holds {plain(target.quantity)} until then, and {goes}."

    def _words_of(self, line: Line, shift: Shift, *, alone: bool) -> str:
        last, invoice = self.last_of(shift), invoice_for(self.agreement, shift.first)
        what = f"{plain(abs(shift.units))} {'more' if shift.units > 0 else 'fewer'} from {shift.first} on"
        if last is None:
            return self._counts_from(shift.first) if alone else f"{what}, first on the invoice of {invoice}."
        return f"{what}: {self._days_of(line, shift):+.2f} {self.agreement.currency} for the days to {last}, on the invoice of {invoice}."

    def _days_of(self, line: Line, shift: Shift) -> Decimal:
        last = self.last_of(shift)
        return self._price_of(line, SelfEnding(shift.units, shift.first, last, "")) if last else NOTHING

    def _price_of(self, line: Line, each: SelfEnding) -> Decimal:
        price = replace(line, quantity=Decimal(1), included=NOTHING).billed * line.unit_price
        return price_of_days(self.agreement, price * each.units, each.first, each.last)

    def _first_days(self, money: Decimal, starts: date) -> Decimal:
        """What the days before the first whole period cost, where the agreement bills them apart."""
        period = period_of(self.agreement, starts)
        last = max(period.last, self.opens - ONE_DAY)
        by_days = self.agreement.prorates and Ability.WHOLE_PERIODS not in self.agreement.abilities
        apart = by_days and (starts > period.first or starts < self.opens)
        return price_of_days(self.agreement, money, starts, last) if apart else NOTHING

    def _whole_from(self, starts: date) -> date:
        """The first day from which a new line itself bills; the days before that are on a self-ending line."""
        if starts < self.opens:
            return self.opens
        period = period_of(self.agreement, starts)
        by_days = Ability.WHOLE_PERIODS not in self.agreement.abilities
        return starts if by_days or starts == period.first else period.last + ONE_DAY

    def _counts_from(self, day: date) -> str:
        return f"Counts from {day}, first on the invoice of {invoice_for(self.agreement, day)}. {self.agreement.counted}".rstrip()


def beside_marker(case: Case, first: date) -> str:
    """The marker of the self-ending line that begins on a day."""
    return marker(case.inputs.installation, case.inputs.plan_id, f"{case.link.key}\x1f{first}")


def ask(inputs: ReconcileInput, link: Link, *texts: str, line: Line | None = None, agreement: Agreement | None = None) -> Change:
    """A question about a link: it changes nothing and cannot be approved away."""
    change = _bare(inputs, link, ChangeKind.NONE, Verdict.HELD, texts, line.line_id if line else "")
    if line:
        change = replace(change, product_id=line.product_id, before=line.quantity, unit_price=line.unit_price)
    return replace(change, currency=agreement.currency) if agreement else change


def facts(lines: AgreementLines, line_id: str, product: str, installation: str) -> Mapping[str, str]:
    """The PSA's values that a change of this line (empty id: of a new line) rests on, by name.

    Made when the plan is made, and again right before the write: a difference means that somebody was there in between.
    A new line rests on which other active lines bill the product; those that this installation made are left out, because
    an earlier step of the same plan may have made one.
    """
    head = lines.agreement
    values = {"status": head.status.value, "ends": str(head.end), "next invoice": str(head.next_invoice), "period": str(head.period_months)}
    values["prorates"] = str(head.prorates)
    if line_id:
        line = lines.line(line_id)
        if line is None:
            return {**values, "line": "gone"}
        return {**values, **line_facts(line)}
    others = [item for item in lines.lines if same_product(item.product, product) and item.ends is None]
    foreign = sorted(item.line_id for item in others if marker_owner(item.marker) != installation)
    return {**values, "lines of the product": ",".join(foreign)}


def line_facts(line: Line) -> Mapping[str, str]:
    """What a line holds, by the names that plans use; of its text only a fingerprint."""
    dates = {"line starts": str(line.starts), "line ends": str(line.ends)}
    numbers = {"quantity": plain(line.quantity), "included": plain(line.included), "unit price": plain(line.unit_price)}
    return {**dates, **numbers, "charge": line.charge.value, "product": line.product_id, "text": text_mark(line.text)}


def same_product(one: str, other: str) -> bool:
    """Whether two product identifiers name the same product; PSAs compare them without regard to case."""
    return one.casefold() == other.casefold()


def _bare(inputs: ReconcileInput, link: Link, kind: ChangeKind, verdict: Verdict, reasons: tuple[str, ...], line_id: str) -> Change:
    place = (link.connection, link.agreement_id, link.profile.product)
    words = tuple(reason for reason in reasons if reason)
    key = change_id(link.key, kind, line_id)
    return Change(key, link.key, link.item_id, inputs.item(link).name, *place, kind, verdict, words, line_id=line_id)


def _eve(line: Line) -> date:
    return line.starts - ONE_DAY if line.starts else date.min
