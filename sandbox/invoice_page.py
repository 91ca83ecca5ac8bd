"""The PSA's coming invoices before and after a night, side by side, as one page to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from sync_core.hostile_text import clean

Preview = Mapping[str, Any]

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Invoice preview</title><style>
body{font:15px/1.45 system-ui,Segoe UI,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b2733;background:#f5f7f9}
section{background:#fff;border:1px solid #dde3e8;border-radius:8px;padding:1rem 1.25rem;margin:1rem 0}
h1{font-size:1.5rem} h2{font-size:1.05rem;margin:.1rem 0 .6rem}
table{border-collapse:collapse;width:100%} th{text-align:left;color:#5b6b78;font-weight:600}
th,td{padding:.25rem .6rem;border-bottom:1px solid #edf0f2} .n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
tr.changed{background:#fff6dd} tfoot td{font-weight:600;border:0}
</style>"""


def invoice_page(before: Sequence[Preview], after: Sequence[Preview]) -> str:
    """The page; agreements whose invoice changes come first, and the lines that differ stand out."""
    earlier = {_place(preview): preview for preview in before}
    pairs = [(earlier.get(_place(preview)), preview) for preview in after]
    changed = [pair for pair in pairs if pair[0] != pair[1]]
    same = [pair for pair in pairs if pair[0] == pair[1]]
    intro = f"<h1>The next invoices, before and after</h1><p>{len(changed)} of {len(pairs)} invoices change. Lines that differ stand out.</p>"
    return _HEAD + intro + "".join(_section(old, new) for old, new in [*changed, *same])


def _section(old: Preview | None, new: Preview) -> str:
    before = {_key(line): line for line in (old or {}).get("lines", ())}
    now = {_key(line): line for line in new["lines"]}
    keys = list(dict.fromkeys([*before, *now]))
    rows = "".join(_row(before.get(key), now.get(key)) for key in keys)
    title = f"{new['company']}: {new['agreement']}, invoice of {new['dated']}"
    head = '<tr><th>Line<th class="n">Quantity before<th class="n">after<th class="n">Price<th class="n">Amount before<th class="n">after</tr>'
    totals = f'<td class="n">{_text((old or {}).get("total", ""))}<td class="n">{_text(new["total"])} {_text(new["currency"])}'
    return f"<section><h2>{_text(title)}</h2><table>{head}{rows}<tfoot><tr><td colspan=4>Total{totals}</tfoot></table></section>"


def _row(old: Preview | None, new: Preview | None) -> str:
    either: Preview = new or old or {}
    cells = [
        f"<td>{_text(either['product'])} <small>{_text(either['description'])}</small>",
        *(f'<td class="n">{_text(line["quantity"] if line else "")}' for line in (old, new)),
        f'<td class="n">{_text(either["unit_price"])}',
        *(f'<td class="n">{_text(line["amount"] if line else "")}' for line in (old, new)),
    ]
    return f'<tr class="{"" if old == new else "changed"}">{"".join(cells)}</tr>'


def _place(preview: Preview) -> tuple[str, str]:
    return str(preview["psa"]), str(preview["agreement_id"])


def _key(line: Preview) -> str:
    return str(line["line_id"])


def _text(value: object) -> str:
    return escape(clean(str(value), 300))
