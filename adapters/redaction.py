"""What may be shown of a text that came from outside: secrets taken out, control characters neutralised, length bounded.

Everything that ends in an exception, a log line or a report and was written by a vendor or a tenant goes through ``shown``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from sync_core.hostile_text import clean

HIDDEN = "[hidden]"

_SECRET_SHAPES = (
    re.compile(r"\b(?i:bearer|basic)\s+(?=[a-z]*[^a-z\s])[A-Za-z0-9+/=._~-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"),
    re.compile(
        r"(?i)(?<![a-z])(?:client_secret|client_assertion|refresh_token|access_token|id_token|password|secret|sig|accountkey|api[-_]?key|private[-_]?key)"
        r"[\"']?\s*[=:]\s*[\"']?[^\s\"'&,;}]+"
    ),
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` without the given secret values and without anything of the shape of a token, key or password."""
    for secret in sorted((value for value in secrets if len(value) >= 4), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    for shape in _SECRET_SHAPES:
        text = shape.sub(HIDDEN, text)
    return text


def shown(text: str, limit: int = 300, secrets: Iterable[str] = ()) -> str:
    """``text`` as one line that a log, a terminal or a mail can show: redacted, no control or direction characters, at most ``limit`` long."""
    return clean(redact(text, secrets), limit)


def shown_url(url: str) -> str:
    """Host and path of an address; never its query, user or fragment, which may hold keys."""
    parts = urlsplit(url)
    return shown(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
