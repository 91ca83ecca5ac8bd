"""Which addresses we talk to at all: https everywhere, and plain http only to this machine (simulators, tests)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from urllib.parse import urlsplit


def address_fault(url: str) -> str:
    """What is wrong with the base URL of a remote service, as half a sentence; empty when nothing is."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    if parts.scheme not in ("http", "https") or not host:
        return "is not a URL that starts with https://"
    if parts.username or parts.password:
        return "carries a user name or a password"
    if parts.query or parts.fragment:
        return "has a query or a fragment"
    if any(character.isspace() or not character.isprintable() for character in url):
        return "holds a space or a control character"
    if parts.scheme == "http" and not is_loopback(host):
        return "is plain http to another machine"
    return ""


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine: ``localhost``, 127.0.0.0/8 or ::1."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
