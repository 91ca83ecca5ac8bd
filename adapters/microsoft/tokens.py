"""Access tokens in memory, by tenant, way of signing in and resource. They are never at rest."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync_core.model.customers import SignIn


@dataclass(frozen=True)
class TokenKey:
    """What a token is for. ``resource`` is the service's root, such as ``https://graph.microsoft.com``."""

    tenant_id: str
    sign_in: SignIn
    resource: str


@dataclass(frozen=True)
class Token:
    """An access token and until when we use it, which is a little before it expires."""

    value: str = field(repr=False)
    use_until: datetime

    @property
    def tenant_id(self) -> str:
        """The tenant that the token says it is for (claim ``tid``), lower case; empty when it cannot be read."""
        return str(self.claims.get("tid") or "").lower()

    @property
    def mfa(self) -> bool | None:
        """Whether the person signed in with multi-factor authentication (claim ``amr``); ``None`` when the token does not tell."""
        methods = self.claims.get("amr")
        return "mfa" in methods if isinstance(methods, list) else None

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the token says; empty when it cannot be read.

        The signature is not checked: Microsoft's services do that. This is to notice when we mixed tokens up ourselves.
        """
        try:
            payload = self.value.split(".")[1]
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (IndexError, ValueError, binascii.Error):
            return {}
        return claims if isinstance(claims, dict) else {}


class TokenCache:
    """The tokens used last, at most ``limit`` of them, so that memory stays flat with any number of customers. Safe for threads."""

    def __init__(self, limit: int = 256) -> None:
        self._limit = limit
        self._tokens: OrderedDict[TokenKey, Token] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: TokenKey, now: datetime) -> Token | None:
        """A token that may still be used, or ``None``."""
        with self._lock:
            token = self._tokens.get(key)
            if token is None or now >= token.use_until:
                return None
            self._tokens.move_to_end(key)
            return token

    def put(self, key: TokenKey, token: Token) -> None:
        """Keeps the token, and forgets the one that was not used for the longest time."""
        with self._lock:
            self._tokens[key] = token
            self._tokens.move_to_end(key)
            while len(self._tokens) > self._limit:
                self._tokens.popitem(last=False)

    def drop(self, key: TokenKey) -> None:
        """Forgets a token that proved wrong."""
        with self._lock:
            self._tokens.pop(key, None)
