"""Looks at lines that are already there: those of people and other tools, doubles of our own, and what a person edited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sync_core.billing.changes import Case, same_product
from sync_core.billing.identity import marker_owner, plain
from sync_core.model.agreements import Agreement, Line
from sync_core.model.billing import Binding


def lines_of_product(case: Case, day: date) -> Iterator[tuple[Agreement, Line]]:
    """The lines with the link's product that are billed on ``day`` or later and that no link manages, on all known agreements of the company."""
    managed = case.inputs.managed
    for head, line in _lines(case):
        if same_product(line.product, case.link.profile.product) and line.active_on(day) and (head.connection, line.line_id) not in managed:
            yield head, line


def marked(case: Case, line: Line) -> str:
    """Why a line that carries a marker and that no link manages must neither be changed nor doubled; empty for a line without one."""
    owner = marker_owner(line.marker)
    if owner is None:
        return ""
    if owner != case.inputs.installation:
        return f"It is managed by another installation ({owner})."
    if line.marker in case.inputs.known_markers:
        return "We added it, and no link manages it now: an add that was thought lost, or a link that was taken out or renamed."
    return "It carries our marker, and our journal knows nothing of it: its tables were lost or restored, or the line was copied."


def doubles(case: Case, binding: Binding) -> Iterator[tuple[Agreement, Line]]:
    """Lines in force that carry the marker of the managed line, which we gave to one line only."""
    if marker_owner(binding.marker) != case.inputs.installation:
        return
    for head, line in _lines(case):
        if line.marker == binding.marker and case.in_force(line) and (head.connection, line.line_id) not in case.inputs.managed:
            yield head, line


def strays(case: Case) -> Iterator[tuple[Agreement, Line]]:
    """Lines in force with the link's product and some marker, beside the one the link manages."""
    for head, line in lines_of_product(case, case.opens):
        if marker_owner(line.marker) and case.in_force(line) and not (case.binding and line.marker == case.binding.marker):
            yield head, line


def going_on(case: Case, binding: Binding) -> Iterator[tuple[Line, date]]:
    """Self-ending lines that somebody lets go on, with the last day that they were to bill."""
    for each in binding.self_ending:
        line = case.lines.line(each.line_id)
        if line is not None and (line.ends is None or line.ends > each.last):
            yield line, each.last


def edits(line: Line, binding: Binding) -> dict[str, str]:
    """What differs from what we last confirmed, by field, in words. Judged on the fields themselves: the PSA's own jobs move its timestamps."""
    pairs = {
        "quantity": (plain(binding.quantity), plain(line.quantity)),
        "start": (str(binding.starts or "none"), str(line.starts or "none")),
        "end": (str(binding.ends or "none"), str(line.ends or "none")),
        "product": (binding.product_id, line.product_id),
        "charge": (binding.charge.value, line.charge.value),
    }
    return {name: f"{name} {before} → {after}" for name, (before, after) in pairs.items() if before != after}


def editor(line: Line) -> str:
    """Who the PSA says wrote the line last, for people."""
    who = line.edited_by or "a person"
    return f"{who} on {line.edited_at}" if line.edited_at else who


def _lines(case: Case) -> Iterator[tuple[Agreement, Line]]:
    link = case.link
    known = {case.agreement.agreement_id: case.lines}
    for other in case.inputs.company_lines.get((link.connection, link.company_id), ()):
        known.setdefault(other.agreement.agreement_id, other)
    for agreement_id in sorted(known):
        for line in sorted(known[agreement_id].lines, key=lambda item: item.line_id):
            yield known[agreement_id].agreement, line
