"""Domains by which a PSA's company is matched to a customer: of its website, and of its people's e-mail addresses."""

from __future__ import annotations

from urllib.parse import urlsplit


def mail_domain(address: str) -> set[str]:
    """The domain of an e-mail address, lower case; none of a text that is no address."""
    return {address.rpartition("@")[2].strip().lower()} if "@" in address else set()


def website_domain(website: str) -> set[str]:
    """The domain of a website's address, written with or without scheme and ``www``; none of a text that is no address."""
    try:
        host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    except ValueError:
        return set()
    return {host.removeprefix("www.")} if "." in host else set()
