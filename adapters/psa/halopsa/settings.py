"""The settings of a HaloPSA connection: what each means, its default, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from adapters.addresses import require_safe
from adapters.psa.setting_values import choice, known, months_by_name, number, wrong
from sync_core.budget import Limits
from sync_core.model.agreements import Ability
from sync_core.model.configuration import Connection

SETTINGS: Mapping[str, str] = {
    "client_id": "The client id of the API application in Halo (Configuration > Integrations > HaloPSA API, method Client ID and Secret).",
    "tenant": "The tenant that a hosted Halo is asked for a token with; asked of Halo when empty (the default).",
    "auth_url": "The address that gives tokens, such as https://contoso.halopsa.com/auth/token; asked of Halo when empty (the default).",
    "scope": "What the token is asked for; default all.",
    "currency": "The code of the currency of recurring invoices for which Halo names none; default USD.",
    "billing_periods": "Names or numbers of Halo's periods and their months, such as 'Monatlich=1, 5=3', where they are not the English names.",
    "next_invoice_covers": "The period that the next invoice covers, seen from its creation date: current (default), following or preceding.",
    "line_end": "Whether a line's end date is its last billed day (inclusive, the default) or the first day not billed (exclusive).",
    "lines_in_list": "Whether the list of recurring invoices holds their lines whole: yes, no, or auto (the default: one of them is compared).",
    "lines_kept_seconds": "How long lines that were read in bulk serve for planning, in seconds; default 1800. Before a write they are read anew.",
    "text_limit": "How many characters the long description of a line takes; default 1000, as Halo publishes no limit.",
    "writes": "What the app writes: 'invoice lines' (default), or nothing but 'licence counts', which Halo bills by itself.",
    "report_heads": "A SELECT of all recurring invoices, columns named as the members are; with report_lines, read in place of the list.",
    "report_lines": "A SELECT of all their lines likewise, with ihid; needs the right to reports. Both are empty by default.",
    "report_compared_days": "On one day in so many, all that reports show is compared with the list; default 7.",
    "proration": "How a profile prorates: 'next invoice' (the default: not by days), or by 'prorata fields', which are to be verified first.",
    "settle_seconds": "How long after its deadline a lost write may still happen in Halo, in seconds; default 120.",
    "parallel": "How many requests the app sends at once, over all its instances; default 4.",
    "calls_per_minute": "How many requests the app sends in any minute, over all its instances; default 60, as Halo publishes no limit.",
    "page_size": "How many rows to ask for at once, 1 to 100; default 100.",
}
SECRETS: Mapping[str, str] = {"client_secret": "The client secret of the API application."}
REQUIRED = frozenset({"client_id", *SECRETS})

LONGEST_CALL = 60.0
"""The total deadline of one request in seconds. A slot of the budget is leased for at least so long."""

SPAN = 12.0
"""Seconds in which the budget counts: with few calls a minute, a worker waits for the next slice of it instead of giving up."""


class Covers(StrEnum):
    """Which period the next invoice covers. Unverified: Halo's interface description does not say, and a schedule may bill ahead or in arrears."""

    CURRENT = "current"
    """The one that begins on the creation date: billing in advance."""
    FOLLOWING = "following"
    PRECEDING = "preceding"


class LineEnd(StrEnum):
    """How Halo reads a line's ``enddate``. Unverified which is right, and that a line past it is left out of invoices."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class LinesInList(StrEnum):
    """Whether a list with ``includelines`` holds every line whole. Unverified."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


class Proration(StrEnum):
    """How units are billed that count from a day within a period. Unverified: that members named prorata do what their names say."""

    NEXT_INVOICE = "next invoice"
    """Not by days: for whole periods, from the next invoice on."""
    PRORATA_FIELDS = "prorata fields"
    """By a prorata row of the line, with quantity and price of its days, that the next invoice bills once."""


class Writes(StrEnum):
    """What the app writes, and so what a line is: one of a recurring invoice, or a licence record that such a line counts."""

    INVOICE_LINES = "invoice lines"
    LICENCE_COUNTS = "licence counts"
    """Nothing else is written: Halo makes quantities of counts when it makes an invoice, and lines are people's."""


@dataclass(frozen=True)
class HaloPsaSettings:
    """The settings of one connection, checked. ``url`` has no trailing slash and no ``/api``; ``client_secret`` is the name of a secret."""

    name: str
    url: str
    client_id: str
    client_secret: str
    tenant: str = ""
    auth_url: str = ""
    scope: str = "all"
    currency: str = "USD"
    billing_periods: Mapping[str, int] = field(default_factory=dict)
    next_invoice_covers: Covers = Covers.CURRENT
    line_end: LineEnd = LineEnd.INCLUSIVE
    lines_in_list: LinesInList = LinesInList.AUTO
    lines_kept_seconds: float = 1800.0
    settle_seconds: float = 120.0
    text_limit: int = 1000
    page_size: int = 100
    writes: Writes = Writes.INVOICE_LINES
    proration: Proration = Proration.NEXT_INVOICE
    report_heads: str = ""
    report_lines: str = ""
    report_compared_days: int = 7

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be written to every recurring invoice of the connection."""
        if self.writes is Writes.LICENCE_COUNTS:
            return frozenset()
        by_days = {Ability.SELF_ENDING_LINES, Ability.WHOLE_PERIODS} if self.proration is Proration.PRORATA_FIELDS else set()
        return frozenset({Ability.PRICES, *by_days})


def parse(connection: Connection) -> HaloPsaSettings:
    """The settings of a connection; raises ``InvalidConfiguration`` that names the setting."""
    given = known(connection, SETTINGS, SECRETS, REQUIRED)
    if given.get("auth_url"):
        require_safe(given["auth_url"])
    settings = HaloPsaSettings(
        name=connection.name,
        url=site_address(connection.url),
        client_id=given["client_id"],
        client_secret=given["client_secret"],
        tenant=given.get("tenant", ""),
        auth_url=given.get("auth_url", ""),
        scope=given.get("scope", "all"),
        currency=given.get("currency", "USD"),
        billing_periods=months_by_name(connection, "billing_periods"),
        next_invoice_covers=choice(connection, "next_invoice_covers", Covers.CURRENT),
        line_end=choice(connection, "line_end", LineEnd.INCLUSIVE),
        lines_in_list=choice(connection, "lines_in_list", LinesInList.AUTO),
        lines_kept_seconds=number(connection, "lines_kept_seconds", 1800, least=0),
        text_limit=number(connection, "text_limit", 1000, least=100),
        settle_seconds=number(connection, "settle_seconds", 120, least=0),
        page_size=number(connection, "page_size", 100, least=1, most=100),
        writes=choice(connection, "writes", Writes.INVOICE_LINES),
        proration=choice(connection, "proration", Proration.NEXT_INVOICE),
        report_heads=_statement(connection, "report_heads", "report_lines"),
        report_lines=_statement(connection, "report_lines", "report_heads"),
        report_compared_days=number(connection, "report_compared_days", 7, least=1, most=31),
    )
    _reports_must_show_all(connection, settings)
    return settings


def _reports_must_show_all(connection: Connection, settings: HaloPsaSettings) -> None:
    """A report has flat rows: prorata rows of a line, and the licence that it counts, are not in them, and a plan without them would be wrong."""
    needs = {"proration": settings.proration is Proration.PRORATA_FIELDS, "writes": settings.writes is Writes.LICENCE_COUNTS}
    for name, is_so in needs.items():
        if is_so and settings.report_lines:
            why = f"does not go together with {name} '{connection.settings[name]}', as a report does not show what that needs"
            raise wrong(connection, "report_lines", why, "Leave out report_heads and report_lines")


def _statement(connection: Connection, name: str, other: str) -> str:
    """A statement that Halo runs (seen by integrators): one SELECT without comments and without a semicolon."""
    sql = connection.settings.get(name, "").strip()
    if bool(sql) != bool(connection.settings.get(other, "").strip()):
        raise wrong(connection, name if not sql else other, "is missing", f"Give {name} and {other} together, or neither")
    if sql and (not sql.lower().startswith("select ") or "--" in sql or ";" in sql):
        raise wrong(connection, name, "is no statement that Halo runs", "Write one SELECT, without -- and without ;")
    return sql


def limits(connection: Connection) -> Limits:
    """What the app may ask of this connection; raises ``InvalidConfiguration``."""
    a_minute = number(connection, "calls_per_minute", 60, least=20)
    return Limits(
        parallel=number(connection, "parallel", 4, least=1),
        calls=int(a_minute * SPAN / 60),
        seconds=SPAN,
        longest_call=LONGEST_CALL,
        gives_back=True,
    )


def site_address(url: str) -> str:
    """The address of the Halo site, whether it is given with ``/api`` or without."""
    require_safe(url)
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/api')}"
