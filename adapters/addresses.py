"""Which addresses we call, and which links found in answers we follow."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from adapters.redaction import shown_url
from sync_core import web_addresses
from sync_core.errors import InvalidConfiguration, Rejected


def require_safe(url: str) -> None:
    """Raises ``InvalidConfiguration`` unless the address is https, or http to this machine, without a password in it."""
    parts = urlsplit(url)
    if "@" in parts.netloc or not parts.hostname:
        raise InvalidConfiguration(f"{shown_url(url)} is not an address we call", fix="Give scheme and host, without a user name or password")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise InvalidConfiguration(f"{shown_url(url)} would travel unencrypted", fix="Use https; plain http is for this machine only")


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    return web_addresses.is_loopback(urlsplit(url).hostname or "")


def same_origin(base: str, link: str) -> str:
    """The absolute address of a link found in an answer from ``base``; raises ``Rejected`` when it leaves scheme, host or port."""
    target = urljoin(base, link)
    if _origin(target) != _origin(base):
        raise Rejected(f"An answer leads to another host, {shown_url(target)}", where=shown_url(base))
    return target


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)
