"""The single values a configuration is made of: how each is written, read and described."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from sync_core.configuration.nodes import did_you_mean
from sync_core.configuration.shapes import Scalar
from sync_core.model.billing import LineChoice
from sync_core.model.configuration import DIRECT
from sync_core.web_addresses import address_fault

GUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_ID = "[A-Za-z0-9][A-Za-z0-9_.-]{0,49}"
_NUMBER = r"(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?"


def is_guid(text: str) -> bool:
    """Whether the text has the form of a GUID."""
    return re.fullmatch(GUID, text) is not None


def _matching(pattern: str, fix: str) -> Any:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(fix)
        return text

    return parse


def text_value(expected: str = "a text") -> Scalar:
    """Any text on one line, without control characters."""

    def parse(text: str) -> str:
        if not text.strip() or not text.isprintable():
            raise ValueError("Write it on one line, without control characters, and not empty")
        return text

    return Scalar(expected, parse, {"type": ["string", "number", "boolean"]})


def choice(kind: type[StrEnum], *without: StrEnum) -> Scalar:
    """One value of an enum, some of which may not be for people to write."""
    known = [value for value in kind if value not in without]

    def parse(text: str) -> StrEnum:
        if text not in known:
            raise ValueError(did_you_mean(text, known, "Choose one of"))
        return kind(text)

    return Scalar(f"one of {', '.join(known)}", parse, {"enum": [str(value) for value in known]})


def whole_number() -> Scalar:
    """A whole number from 0 on."""
    parse = _matching("0|[1-9][0-9]{0,8}", "Write digits only: no sign, leading zero, point, underscore or quotes")
    return Scalar("a whole number from 0 on", lambda text: int(parse(text)), {"type": "integer", "minimum": 0}, bare=True)


def days() -> Scalar:
    """A number of days, up to ten years."""
    parse = _matching("[1-9][0-9]{0,2}|[12][0-9]{3}|3[0-5][0-9]{2}|36[0-4][0-9]|3650", "Write a whole number from 1 to 3650, without quotes")
    return Scalar("a number of days", lambda text: int(parse(text)), {"type": "integer", "minimum": 1, "maximum": 3650}, bare=True)


def amount() -> Scalar:
    """An amount of money from 0 on, without its currency."""
    parse = _matching(_NUMBER, "Write digits with a decimal point, such as 500 or 99.50, without a currency")
    return Scalar("an amount", lambda text: Decimal(parse(text)), {"type": "number", "minimum": 0}, bare=True)


def share() -> Scalar:
    """A share from 0 to 1."""

    def parse(text: str) -> Decimal:
        if not re.fullmatch(_NUMBER, text) or Decimal(text) > 1:
            raise ValueError("Write 0.25 for a quarter")
        return Decimal(text)

    return Scalar("a share from 0 to 1", parse, {"type": "number", "minimum": 0, "maximum": 1}, bare=True)


def flag() -> Scalar:
    """``true`` or ``false``, and nothing that looks like them."""
    parse = _matching("true|false", "Write true or false, without quotes")
    return Scalar("true or false", lambda text: parse(text) == "true", {"type": "boolean"}, bare=True)


def day() -> Scalar:
    """A day, as ``2026-03-31``."""

    def parse(text: str) -> date:
        try:
            return date.fromisoformat(_matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "")(text))
        except ValueError as error:
            raise ValueError("Write year, month and day, such as 2026-03-31") from error

    return Scalar("a day", parse, {"type": "string", "format": "date"})


def guid(expected: str, fix: str) -> Scalar:
    """A GUID, kept in lower case."""
    parse = _matching(GUID, fix)
    return Scalar(expected, lambda text: str(UUID(parse(text))), {"type": "string", "pattern": f"^{GUID}$"})


def tenant_id() -> Scalar:
    """The id of a Microsoft tenant."""
    return guid("a tenant id", "Write the GUID that the Entra admin centre shows on the tenant's overview page, not a domain")


def seller() -> Scalar:
    """A tenant that sells subscriptions, or ``direct``."""
    tenant = tenant_id()
    pattern = {"type": "string", "pattern": f"^({DIRECT}|{GUID})$"}
    return Scalar(f"a tenant id or {DIRECT}", lambda text: DIRECT if text == DIRECT else tenant.parse(text), pattern)


def identifier(expected: str) -> Scalar:
    """An id of the PSA, or a short name: letters, digits, point, dash and underscore."""
    parse = _matching(_ID, "Use up to 50 letters, digits, points, dashes or underscores")
    return Scalar(expected, parse, {"type": ["string", "integer"], "pattern": f"^{_ID}$"})


NO_SECRET = "none"


def secret_name(or_none: bool = False) -> Scalar:
    """The name of a secret in the Key Vault, or ``none`` where that may be. What looks like the secret itself is refused and never repeated."""
    fix = "Put the secret itself into the Key Vault, and its name (letters, digits, dashes) here; renew a secret that stood in a file"

    def parse(text: str) -> str:
        kinds = sum(bool(re.search(pattern, text)) for pattern in ("[a-z]", "[A-Z]", "[0-9]"))
        random = len(text) >= 16 and "-" not in text and kinds >= 2 and bool(re.search("[0-9]", text))
        if not re.fullmatch("[A-Za-z][A-Za-z0-9-]{0,126}", text) or random or is_guid(text):
            raise ValueError(fix)
        return "" if or_none and text == NO_SECRET else text

    return Scalar("the name of a secret", parse, {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9-]{0,126}$"}, hidden=True)


def setting_name() -> Scalar:
    """The name of an adapter's setting; one that names a secret belongs elsewhere."""

    def parse(text: str) -> str:
        if re.search("secret|password|token|(public|private|api|access)_?key", text, re.IGNORECASE):
            raise ValueError("Put the name of the secret under 'secrets'")
        return text

    return Scalar("a setting", parse, {"type": "string"})


def base_url() -> Scalar:
    """The https base URL of a service; plain http only to this machine."""

    def parse(text: str) -> str:
        if fault := address_fault(text):
            raise ValueError(f"It {fault}. Write https:// and the host; plain http is for this machine only")
        return text.rstrip("/")

    return Scalar("a base URL", parse, {"type": "string", "pattern": "^https?://"}, hidden=True)


def time_zone() -> Scalar:
    """An IANA time zone."""

    def parse(text: str) -> str:
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            close = did_you_mean(text, available_timezones()) if available_timezones() else ""
            raise ValueError(close if "mean" in close else "Write an IANA name such as America/New_York") from error
        return text

    return Scalar("a time zone", parse, {"type": "string"})


def email_address() -> Scalar:
    """An e-mail address."""
    parse = _matching(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,190}", "Write one address such as billing@example.com")
    return Scalar("an e-mail address", parse, {"type": "string", "pattern": "@"})


def line_choice() -> Scalar:
    """``new``, or ``adopt`` and the id of a line that is there: a pair of ``LineChoice`` and the id."""

    def parse(text: str) -> tuple[LineChoice, str]:
        word, _, line_id = text.partition(" ")
        if text == LineChoice.NEW:
            return LineChoice.NEW, ""
        if word == LineChoice.ADOPT and re.fullmatch(_ID, line_id):
            return LineChoice.ADOPT, line_id
        raise ValueError("Write 'new', or 'adopt' and the id of the line, such as 'adopt 4711'")

    return Scalar("a choice of line", parse, {"type": "string", "pattern": f"^(new|adopt {_ID})$"})
