"""Who is signed in, by App Service authentication: the platform puts the person into a header, and takes the header off what comes from outside.

It does both only while it is switched on. So without ``WEBSITE_AUTH_ENABLED`` the header is anybody's word, and nobody is signed in.
Members of the header: ``auth_typ``, ``name_typ``, ``role_typ`` and ``claims`` of ``typ`` and ``val`` (Microsoft Learn: Work with user
identities in Azure App Service authentication).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from typing import Any

import azure.functions as func

from sync_core.hostile_text import clean
from sync_core.model.people import Role, Who

HEADER = "X-MS-CLIENT-PRINCIPAL"
SWITCH = "WEBSITE_AUTH_ENABLED"
_LONGEST = 64 * 1024
_SCHEMA = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
_PERSON = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_NAMES = ("preferred_username", f"{_SCHEMA}upn", "upn", f"{_SCHEMA}name", "name")
_KIND = "idtyp"


def who(request: func.HttpRequest) -> Who | None:
    """The signed-in person, or ``None``: the sign-in is off, nobody signed in, an app did, or the header is not understood."""
    if os.environ.get(SWITCH, "").strip().casefold() != "true":
        return None
    header = request.headers.get(HEADER, "")
    document = _document(header) if len(header) <= _LONGEST else None
    return _person(document) if isinstance(document, dict) else None


def _document(header: str) -> Any:
    try:
        return json.loads(base64.b64decode(header, validate=True))
    except (ValueError, RecursionError):
        return None


def _person(document: dict[str, Any]) -> Who | None:
    claims = list(_claims(document.get("claims")))
    first: dict[str, str] = {}
    for kind, value in claims:
        first.setdefault(kind, value)
    person = next((first[name] for name in _PERSON if first.get(name)), "")
    name = next((first[name] for name in _NAMES if first.get(name)), "")
    if document.get("auth_typ") != "aad" or not person or not name or first.get(_KIND) == "app":
        return None
    held = {value for kind, value in claims if kind in ("roles", document.get("role_typ"))}
    return Who(clean(name, 100), clean(person, 100), frozenset(role for role in Role if role.value in held))


def _claims(written: Any) -> Iterator[tuple[str, str]]:
    for claim in written if isinstance(written, list) else ():
        if isinstance(claim, dict) and isinstance(claim.get("typ"), str) and isinstance(claim.get("val"), str):
            yield claim["typ"], claim["val"]
