"""The settings of a ConnectWise PSA connection: what each means, its default, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from adapters.addresses import require_safe
from adapters.psa.setting_values import choice, known, months_by_name, number
from sync_core.budget import Limits
from sync_core.model.agreements import Ability
from sync_core.model.configuration import Connection

SETTINGS: Mapping[str, str] = {
    "company": "The company id that members type when they log in to ConnectWise.",
    "client_id": "The clientId (a GUID) of this integration, issued at developer.connectwise.com.",
    "codebase": "The part of the address before 'apis', such as v4_6_release; asked of ConnectWise when empty (the default).",
    "api_version": "The version of the data model to ask for, YYYY.N; default 2025.1.",
    "currency": "The code of the currency of agreements for which ConnectWise names none; default USD.",
    "cancelled_date": "Whether a line's cancelled date is its last billed day (inclusive, the default) or the first day not billed (exclusive).",
    "next_invoice_date": "What the next invoice covers: by_period_type (default), containing (the period of its date) or following (the one after).",
    "compare_invoices": "What a rise that prorates is compared with beside the next invoice date: newest (default: the newest invoice) or never.",
    "credits": "How fewer units are credited: refused (the default) or negative_quantity (a line below zero). Verify it on your tenant.",
    "billing_cycles": "Names of billing cycles of your own and their months, such as 'Monatlich=1, Quartal=3'.",
    "settle_seconds": "How long after its deadline a lost write may still happen in ConnectWise, in seconds; default 120.",
    "parallel": "How many requests the app sends at once, over all its instances; default 8.",
    "calls_per_minute": "How many requests the app sends in any minute, over all its instances; default 800 (it is said to slow down from 1,000).",
    "bundled_reads": "The resource type of additions in bundled requests, such as addition, to read 20 agreements at once. Default: one by one.",
    "page_size": "How many rows to ask for at once, 1 to 1000; default 1000.",
}
SECRETS: Mapping[str, str] = {
    "public_key": "The public key of the API member.",
    "private_key": "The private key of the API member.",
}
REQUIRED = frozenset({"company", "client_id", *SECRETS})

LONGEST_CALL = 45.0
"""The total deadline of one request in seconds. A slot of the budget is leased for at least so long."""

_CLOUD_HOSTS = frozenset({f"{region}.myconnectwise.net" for region in ("na", "eu", "au", "aus", "za")} | {"staging.connectwisedev.com"})


class CancelledDate(StrEnum):
    """How ConnectWise reads a line's ``cancelledDate``. Unverified which is right: integrators set the last day to be billed."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class NextInvoiceDate(StrEnum):
    """Which period the invoice dated ``nextInvoiceDate`` covers. Unverified: ConnectWise's interface documentation does not say."""

    BY_PERIOD_TYPE = "by_period_type"
    """It is dated on the first day of a period, and ``periodType`` says whether it covers that one (Current) or the next (Future)."""
    CONTAINING = "containing"
    FOLLOWING = "following"


class CompareInvoices(StrEnum):
    """Whether a rise that prorates waits for a person where the newest invoice speaks against the next invoice date. See ``invoiced``."""

    NEWEST = "newest"
    NEVER = "never"


class Credits(StrEnum):
    """How units are credited by their days. Unverified: that ConnectWise takes a negative quantity and bills it."""

    REFUSED = "refused"
    NEGATIVE_QUANTITY = "negative_quantity"


@dataclass(frozen=True)
class ConnectWiseSettings:
    """The settings of one connection, checked. ``url`` has no trailing slash; ``public_key`` and ``private_key`` are names of secrets."""

    name: str
    url: str
    company: str
    client_id: str
    public_key: str
    private_key: str
    codebase: str = ""
    api_version: str = "2025.1"
    currency: str = "USD"
    cancelled_date: CancelledDate = CancelledDate.INCLUSIVE
    next_invoice_date: NextInvoiceDate = NextInvoiceDate.BY_PERIOD_TYPE
    compare_invoices: CompareInvoices = CompareInvoices.NEWEST
    billing_cycles: Mapping[str, int] = field(default_factory=dict)
    settle_seconds: float = 120.0
    page_size: int = 1000
    credits: Credits = Credits.REFUSED
    bundled_reads: str = ""

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be written to every agreement of the connection."""
        credits = {Ability.CREDITS} if self.credits is Credits.NEGATIVE_QUANTITY else set()
        return frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES, Ability.TERMS} | credits)


def parse(connection: Connection) -> ConnectWiseSettings:
    """The settings of a connection; raises ``InvalidConfiguration`` that names the setting."""
    given = known(connection, SETTINGS, SECRETS, REQUIRED)
    return ConnectWiseSettings(
        name=connection.name,
        url=api_address(connection.url),
        company=given["company"],
        client_id=given["client_id"],
        public_key=given["public_key"],
        private_key=given["private_key"],
        codebase=given.get("codebase", "").strip("/"),
        api_version=given.get("api_version", "2025.1"),
        currency=given.get("currency", "USD"),
        cancelled_date=choice(connection, "cancelled_date", CancelledDate.INCLUSIVE),
        next_invoice_date=choice(connection, "next_invoice_date", NextInvoiceDate.BY_PERIOD_TYPE),
        compare_invoices=choice(connection, "compare_invoices", CompareInvoices.NEWEST),
        billing_cycles=months_by_name(connection, "billing_cycles"),
        settle_seconds=number(connection, "settle_seconds", 120, least=0),
        page_size=number(connection, "page_size", 1000, least=1, most=1000),
        credits=choice(connection, "credits", Credits.REFUSED),
        bundled_reads=given.get("bundled_reads", "").strip(),
    )


def limits(connection: Connection) -> Limits:
    """What the app may ask of this connection; raises ``InvalidConfiguration``."""
    return Limits(
        parallel=number(connection, "parallel", 8, least=1),
        calls=number(connection, "calls_per_minute", 800, least=4),
        longest_call=LONGEST_CALL,
    )


def api_address(url: str) -> str:
    """The base address of the interface: on ConnectWise's cloud its host begins with ``api-`` (ConnectWise developer guide)."""
    require_safe(url)
    parts = urlsplit(url)
    host = f"api-{parts.netloc}" if parts.netloc.lower() in _CLOUD_HOSTS else parts.netloc
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"
