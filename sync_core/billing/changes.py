"""Builds the changes of one link: each with its line, before and after, money, dates and the words that explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sync_core.billing.identity import change_id, marker, marker_owner, plain
from sync_core.billing.inputs import ReconcileInput
from sync_core.billing.periods import ONE_DAY, first_open_day, invoice_for, last_billed_day
from sync_core.model.agreements import Agreement, AgreementLines, Line, Product
from sync_core.model.billing import Binding, Link
from sync_core.model.plans import Change, ChangeKind, Verdict

NOTHING = Decimal(0)


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
    def gives_up(self) -> date:
        """The last day that a line is billed which is given up today."""
        return last_billed_day(self.agreement, self.inputs.business_dates[self.link.connection])

    def in_force(self, line: Line) -> bool:
        """Whether the line goes on after what is given up today."""
        return line.ends is None or line.ends > max(self.gives_up, _eve(line))

    def question(self, *texts: str, line: Line | None = None) -> Change:
        """Nothing can be proposed until a person answers."""
        return ask(self.inputs, self.link, *texts, line=line, agreement=self.agreement)

    def add(self, product: Product, starts: date) -> Change:
        """A new line from ``starts`` on, at the catalogue's price."""
        line = Line("", product.product_id, product.identifier, NOTHING, product.price, starts=starts)
        change = self._change(ChangeKind.ADD, line, self.wanted, (self.explanation, self._counts_from(starts)))
        text = marker(self.inputs.installation, self.inputs.plan_id, self.link.key)
        return replace(change, before=None, effective=starts, invoice=invoice_for(self.agreement, starts), marker=text)

    def set_quantity(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line's quantity becomes the wanted one from the first day that is not yet invoiced."""
        starts = max(self.opens, line.starts or self.opens)
        change = self._change(ChangeKind.SET_QUANTITY, line, self.wanted, (self.explanation, *reasons, self._counts_from(starts)), verdict)
        return replace(change, effective=starts, invoice=invoice_for(self.agreement, starts))

    def end(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line is billed for the last time on ``effective``; one that has not begun ends on the eve of its start."""
        last = max(self.gives_up, _eve(line))
        change = self._change(ChangeKind.END, line, NOTHING, (*reasons, f"Last billed day {last}."), verdict)
        return replace(change, effective=last, invoice=invoice_for(self.agreement, last + ONE_DAY))

    def adopt(self, line: Line, *reasons: str, verdict: Verdict = Verdict.SAFE) -> Change:
        """The line is managed as it stands from now on; nothing is written to the PSA."""
        return self._change(ChangeKind.ADOPT, line, line.quantity, reasons, verdict)

    def _change(self, kind: ChangeKind, line: Line, after: Decimal, reasons: tuple[str, ...], verdict: Verdict = Verdict.SAFE) -> Change:
        change = _bare(self.inputs, self.link, kind, verdict, reasons, line.line_id)
        return replace(
            change,
            product=line.product,
            product_id=line.product_id,
            before=line.quantity,
            after=after,
            unit_price=line.unit_price,
            money=(replace(line, quantity=after).billed - line.billed) * line.unit_price,
            currency=self.agreement.currency,
            marker=line.marker,
            rests_on=facts(self.lines, line.line_id, line.product, self.inputs.installation),
        )

    def _counts_from(self, day: date) -> str:
        return f"Counts from {day}, first on the invoice of {invoice_for(self.agreement, day)}."


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
    if line_id:
        line = lines.line(line_id)
        if line is None:
            return {**values, "line": "gone"}
        dates = {"line starts": str(line.starts), "line ends": str(line.ends)}
        numbers = {"quantity": plain(line.quantity), "included": plain(line.included), "unit price": plain(line.unit_price)}
        return {**values, **dates, **numbers, "charge": line.charge.value, "product": line.product_id}
    others = [item for item in lines.lines if same_product(item.product, product) and item.ends is None]
    foreign = sorted(item.line_id for item in others if marker_owner(item.marker) != installation)
    return {**values, "lines of the product": ",".join(foreign)}


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
