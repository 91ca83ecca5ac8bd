"""What a POST makes of licence records, and how a wrong body is refused.

Stricter than is known of the vendor: a member that is left out of a known record falls back to its default, a count is a whole number,
and what Halo computes of a record is taken and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.halopsa.errors import bad_request, not_found
from sandbox.halopsa.ledger import Ledger, UnknownMembers
from sandbox.halopsa.records import Licence
from sandbox.halopsa.saving import plain, refuse_unknown
from sandbox.halopsa.values import Reader, as_day, as_flag, as_text, as_whole

_WRITABLE: Mapping[str, tuple[str, Reader]] = {
    "client_id": ("client_id", as_whole),
    "name": ("name", as_text(255)),
    "count": ("count", as_whole),
    "start_date": ("start", as_day),
    "notes": ("notes", as_text(4000)),
    "is_active": ("active", as_flag),
    "tenant_id": ("tenant_id", as_text(50)),
}
_PASSED_OVER = frozenset({"client_name", "licences_in_use", "licences_available", "site_id"})
_REQUIRED = ("client_id", "name", "count")


def saved_licence(ledger: Ledger, record: Mapping[str, Any]) -> Licence:
    """The licence record that is described, not yet stored; raises ``Refused``."""
    old = _old(ledger, record)
    unknown = {name: value for name, value in record.items() if name != "id" and name not in _WRITABLE and name not in _PASSED_OVER}
    refuse_unknown(ledger, unknown.keys())
    fields = {attribute: reader(name, record[name]) for name, (attribute, reader) in _WRITABLE.items() if name in record}
    for name in _REQUIRED:
        if name not in record and old is None:
            raise bad_request(f"{name}: is required.")
    if fields.get("count", 0) < 0:
        raise bad_request("count: must not be negative.")
    if fields.get("client_id", 0) not in (0, *ledger.clients):
        raise bad_request("client_id: there is no such client.")
    kept = {"unknown": plain(unknown)} if ledger.switches.unknown_members is UnknownMembers.KEPT else {}
    base = replace(Licence(old.id, old.client_id, old.name, old.count)) if old else Licence(len(ledger.licences) + 1, 0, "", 0)
    return replace(base, **fields, **kept)


def _old(ledger: Ledger, record: Mapping[str, Any]) -> Licence | None:
    number = record.get("id")
    if not number:
        return None
    if number not in ledger.licences:
        raise not_found("Licence", number)
    return ledger.licences[number]
