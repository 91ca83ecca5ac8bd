"""Where a database lives: Autotask spreads them over zones, names the zone to whoever knows a user's name, and moves them at times."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from adapters.addresses import is_loopback, require_safe
from adapters.http import Answer, Http
from adapters.psa.autotask.refusals import errors_of
from adapters.psa.autotask.settings import AutotaskSettings
from adapters.redaction import shown, shown_url
from sync_core.errors import InvalidConfiguration, RetryLater

CLOUD = ".autotask.net"


class Zone:
    """The base address of the interface, asked for when first needed, without any secret."""

    def __init__(self, settings: AutotaskSettings, http: Http) -> None:
        self._settings = settings
        self._http = http
        self._where = f"PSA connection {settings.name}"
        self._base = versioned(settings.zone_url) if settings.zone_url else ""

    def base(self) -> str:
        """The address that entities are appended to. Raises ``InvalidConfiguration`` or ``RetryLater``."""
        if not self._base:
            self._base = self._discovered()
        return self._base

    def moved(self) -> bool:
        """Asks anew, after the key was refused; whether the database is somewhere else than before."""
        if self._settings.zone_url:
            return False
        before, self._base = self._base, self._discovered()
        return self._base != before

    def _discovered(self) -> str:
        answer = self._http.read("GET", f"{self._settings.url}/atservicesrest/v1.0/zoneInformation", query={"user": self._settings.username})
        url = _url(answer)
        if answer.ok and url:
            self._must_be_trusted(url)
            return versioned(url)
        if texts := errors_of(answer):
            why = shown("; ".join(texts))
            raise InvalidConfiguration("Autotask knows no zone of this user", where=self._where, why=why, fix="Check the setting username")
        raise RetryLater("Autotask does not name the zone", delay=60.0, code="unreadable", where=self._where)

    def _must_be_trusted(self, url: str) -> None:
        """The secret goes only to Autotask's own hosts, or to the host that the configuration names."""
        require_safe(url)
        host, configured = urlsplit(url).hostname or "", urlsplit(self._settings.url).hostname or ""
        if host.endswith(CLOUD) or host == configured or (is_loopback(url) and is_loopback(self._settings.url)):
            return
        fix = f"The zone's host ends with {CLOUD}; set zone_url where yours does not"
        raise InvalidConfiguration(f"The zone {shown_url(url)} is not a host of Autotask", where=self._where, fix=fix)


def versioned(url: str) -> str:
    """The zone's address with the version of the interface, in the letters that Autotask uses for it."""
    return f"{url.rstrip('/')}/v1.0"


def _url(answer: Answer) -> str:
    try:
        body = answer.json()
    except ValueError:
        return ""
    url = body.get("url") if isinstance(body, Mapping) else None
    return url if isinstance(url, str) else ""
