"""Callbacks: what ConnectWise sends, signed, when a record changes. Our app does not listen, as one may be lost; here they are for whoever does.

From the developer guide: members and levels, the signature, five seconds for an answer, two more tries, and the end after three days that failed.
Unverified, so switches or made up: whether a changed addition tells of its agreement, how record and action are appended, where the key is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sandbox.connectwise.additions import parsed
from sandbox.connectwise.endpoints import MEMBER, Route, found
from sandbox.connectwise.errors import invalid, unknown_member
from sandbox.connectwise.ledger import Ledger
from sandbox.connectwise.records import FieldError, Write
from sandbox.web import Request, Response

Json = dict[str, Any]
Send = Callable[[str, bytes, Mapping[str, str]], int]
"""Posts a body to an address; the status, or 0 for no answer."""

TYPES = frozenset({"Agreement", "Company", "Contact", "Invoice", "ProductCatalog"})
TRIED_AGAIN = frozenset({404, 409, 419, 429})
WAITS = (2.0, 4.0)
PATIENCE = 5.0
DAYS = 3
_MEMBERS = {"description": str, "url": str, "objectId": int, "type": str, "level": str, "inactiveFlag": bool, "payloadVersion": str}
_MEMBERS |= {"isSelfSuppressedFlag": bool}


@dataclass
class CallbackSwitches:
    """What nobody knows of callbacks: whether a write to an addition is told as a change of its agreement."""

    additions_tell: bool = True


@dataclass
class _Subscribed:
    record: Json
    failed: set[date] = field(default_factory=set)
    """The days in a row on which it was not taken."""


class Callbacks:
    """The subscriptions of one PSA. ``start`` runs a delivery, ``sleep`` is its waiting between tries."""

    def __init__(self, ledger: Ledger, key_url: str, signing_key: str = "signing-key") -> None:
        self.switches = CallbackSwitches()
        self.send: Send = _posted
        self.sleep: Callable[[float], object] = time.sleep
        self.start: Callable[[Callable[[], None]], object] = lambda work: threading.Thread(target=work, daemon=True).start()
        self._ledger = ledger
        self._key_url = key_url
        self._signing_key = signing_key
        self._subscribed: dict[int, _Subscribed] = {}

    def add_to(self, route: Route) -> None:
        """Registers the endpoints."""
        route("POST", "/system/callbacks", self._subscribe)
        route("GET", "/system/callbacks", lambda request: Response.of_json([each.record for each in self._subscribed.values()]))
        route("DELETE", "/system/callbacks/{number}", self._unsubscribe)
        route("GET", "/system/callbacks/key", lambda request: Response.of_json({"signing_key": self._signing_key}))

    def written(self, write: Write) -> None:
        """Tells of a write that came through the API."""
        if write.addition_id is None or self.switches.additions_tell:
            self.tell("Agreement", write.agreement_id, "updated", write.after or {})

    def tell(self, kind: str, record_id: int, action: str, entity: Json) -> None:
        """Sends to everybody who wants to know of records of this kind."""
        for each in list(self._subscribed.values()):
            if each.record["type"] == kind and not each.record["inactiveFlag"]:
                self.start(lambda each=each: self._deliver(each, record_id, action, entity))  # type: ignore[misc]  # bound now, not at its call

    def _deliver(self, subscribed: _Subscribed, record_id: int, action: str, entity: Json) -> None:
        url = f"{subscribed.record['url']}{record_id}&action={action}"
        body = json.dumps(self._payload(subscribed.record, url, record_id, action, entity)).encode()
        headers = {"Content-Type": "application/json", "x-content-signature": signature(self._signing_key, body)}
        status = self.send(url, body, headers)
        for wait in WAITS:
            if status not in TRIED_AGAIN:
                break
            self.sleep(wait)
            status = self.send(url, body, headers)
        self._remember(subscribed, 200 <= status < 300)

    def _remember(self, subscribed: _Subscribed, taken: bool) -> None:
        if taken:
            subscribed.failed.clear()
            return
        subscribed.failed.add(self._ledger.today)
        if len(subscribed.failed) >= DAYS:
            subscribed.record["inactiveFlag"] = True

    def _payload(self, record: Json, url: str, record_id: int, action: str, entity: Json) -> Json:
        return {
            "Action": action,
            "CompanyId": record["id"],
            "Entity": json.dumps(entity),
            "FromUrl": url,
            "ID": record_id,
            "MemberId": MEMBER,
            "Metadata": {"key_url": self._key_url},
            "Type": record["type"],
        }

    def _subscribe(self, request: Request) -> Response:
        body = parsed(request.body)
        for name in body:
            if name not in _MEMBERS:
                raise unknown_member(name, "CallbackEntry", request.body)
        if errors := list(_wrong(body)):
            raise invalid("callback", errors)
        number = max(self._subscribed, default=0) + 1
        record = {"description": "", "inactiveFlag": False, "payloadVersion": "3.0.0", "isSelfSuppressedFlag": False, **body, "id": number}
        self._subscribed[number] = _Subscribed(record)
        return Response.of_json(record, 201)

    def _unsubscribe(self, request: Request, number: str) -> Response:
        found(self._subscribed, number, "Callback")
        del self._subscribed[int(number)]
        return Response(204)


def signature(signing_key: str, body: bytes) -> str:
    """The header that shows a callback to be ConnectWise's: HMAC-SHA256 of the body, with the SHA-256 of the signing key as key."""
    key = hashlib.sha256(signing_key.encode()).digest()
    return base64.b64encode(hmac.digest(key, body, "sha256")).decode()


def _wrong(body: Json) -> Iterator[FieldError]:
    """What is wrong of a subscription. Of levels, only that of the whole company is known well enough to be simulated."""
    yield from (FieldError("InvalidType", name, "has another type") for name, value in body.items() if not isinstance(value, _MEMBERS[name]))
    yield from (FieldError("MissingRequired", name, "is required") for name in ("url", "objectId", "type", "level") if name not in body)
    if len(str(body.get("description", ""))) > 100:
        yield FieldError("MaxLength", "description", "must be at most 100")
    if body.get("type") not in TYPES:
        yield FieldError("OutOfRange", "type", f"must be one of {', '.join(sorted(TYPES))}")
    if (body.get("level"), body.get("objectId")) != ("Owner", 1):
        yield FieldError("OutOfRange", "objectId", "must be 1, with the level Owner")


def _posted(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, dict(headers), method="POST"), timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
