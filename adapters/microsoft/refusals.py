"""Refusals: what Microsoft answers instead of what we asked for, in its three dialects, turned into the project's errors. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.microsoft.meanings import MEANINGS, NEEDS_ATTENTION, Action, Meaning, meaning_of
from adapters.redaction import shown
from sync_core.errors import RetryLater, SkipCustomer, StopRun, SyncError, Throttled

DEFAULT_DELAY = 30.0
"""Seconds to wait after passing trouble when Microsoft names no time; it asks for 30 seconds after AADSTS650051."""

_NOT_APPLICABLE = "Request not applicable to target tenant."
"""Intune's word for a tenant without it; Intune may wrap its message in JSON."""
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s'\"<>()@]+@[^\s'\"<>()@]+")
_TRACE = re.compile(r"\s*Trace ID: *(?P<trace>[0-9A-Fa-f-]{8,}).*", re.DOTALL)
_AADSTS = re.compile(r"AADSTS\d+")


@dataclass(frozen=True)
class Refusal:
    """One refusal. ``vendor_code`` is a key of the table of meanings or unknown; ``delay`` is the wait the vendor asks for, in seconds."""

    vendor_code: str
    text: str = ""
    trace_id: str = ""
    status: int = 0
    delay: float | None = None

    @property
    def meaning(self) -> Meaning | None:
        """The table's row for this refusal, or ``None`` when the code is new to us."""
        return meaning_of(self.vendor_code, self.status)

    @property
    def reason(self) -> str:
        """The vendor's code and text, without ids of people and directories, for the ``why`` of an error."""
        text = " ".join(part for part in (self._label(), clean(self.text)) if part)
        return f"{text} (trace {self.trace_id})" if self.trace_id else text

    def _label(self) -> str:
        if self.vendor_code and self.vendor_code not in self.text:
            return f"{self.vendor_code}:"
        return "" if self.vendor_code or self.text else f"HTTP {self.status}"


def clean(text: str) -> str:
    """A vendor's message made fit for logs and mails: as redaction shows it, and without directory ids and people's addresses."""
    return shown(_ADDRESS.sub("(address)", _GUID.sub("(id)", text)))


def sign_in_refusal(answer: Mapping[str, Any]) -> Refusal:
    """Reads the token endpoint's error: ``error_codes`` decides, then a number in the text, then the OAuth ``error``."""
    description = str(answer.get("error_description") or "")
    codes = answer.get("error_codes") or []
    in_text = _AADSTS.search(description)
    number = f"AADSTS{codes[0]}" if codes else in_text.group() if in_text else ""
    oauth = str(answer.get("error") or "")
    trace = _TRACE.search(description)
    return Refusal(
        vendor_code=oauth if number not in MEANINGS and oauth in MEANINGS else number or oauth,
        text=_TRACE.sub("", description),
        trace_id=clean_id(answer.get("trace_id") or (trace.group("trace") if trace else "")),
    )


def graph_refusal(status: int, body: Any, delay: float | None = None) -> Refusal:
    """Reads Microsoft Graph's error envelope; a body of any other shape leaves only the status."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if not isinstance(error, Mapping):
        return Refusal("", status=status, delay=delay)
    inner = error.get("innerError") or error.get("innererror") or {}
    inner = inner if isinstance(inner, Mapping) else {}
    message = str(error.get("message") or "")
    candidates = [_NOT_APPLICABLE if _NOT_APPLICABLE in message else message, str(error.get("code") or ""), str(inner.get("code") or "")]
    known = next((candidate for candidate in candidates if candidate in MEANINGS), candidates[1])
    return Refusal(known, message, clean_id(inner.get("request-id")), status, delay)


def partner_center_refusal(status: int, body: Any, headers: Mapping[str, str], delay: float | None = None) -> Refusal:
    """Reads Partner Center's error; a sign-in without MFA is recognised by header or text, because its code is not documented for 2026."""
    fields = body if isinstance(body, Mapping) else {}
    text = str(fields.get("description") or fields.get("message") or "")
    compliant = {name.lower(): value for name, value in headers.items()}.get("ismfacompliant", "")
    if status == 401 and (compliant.lower() == "false" or "mfa required" in text.lower()):
        return Refusal("PartnerCenter10001", text, status=status)
    code = f"PartnerCenter{fields['code']}" if fields.get("code") else ""
    return Refusal(code, text, status=status, delay=delay)


def clean_id(value: Any) -> str:
    """The value if it looks like a trace id, else nothing: what is printed must not come from elsewhere."""
    return str(value) if isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z-]{8,64}", value) else ""


def error_of(refusal: Refusal, where: str, at_partner: bool = False) -> SyncError:
    """The error to raise. ``at_partner``: the partner's own tenant refused, which no customer can be blamed for."""
    meaning = refusal.meaning or Meaning(
        NEEDS_ATTENTION, Action.SKIP, "Microsoft refused with a reason that is not known here", "Look the code up at Microsoft."
    )
    fix = (at_partner and meaning.partner_fix) or meaning.fix
    if meaning.action is Action.RETRY:
        kind = Throttled if refusal.status == 429 else RetryLater
        delay = DEFAULT_DELAY if refusal.delay is None else refusal.delay
        return kind(meaning.what, delay=delay, code=meaning.code, where=where, why=refusal.reason, fix=fix)
    stops = at_partner or meaning.action is Action.STOP
    return (StopRun if stops else SkipCustomer)(meaning.what, code=meaning.code, where=where, why=refusal.reason, fix=fix)
