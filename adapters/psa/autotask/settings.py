"""The settings of an Autotask connection: what each means, its default, and what is wrong with a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from adapters.addresses import require_safe
from adapters.psa.setting_values import choice, known, months_by_name, number
from sync_core.budget import Limits
from sync_core.model.agreements import Ability
from sync_core.model.configuration import Connection

SETTINGS: Mapping[str, str] = {
    "username": "The user name (e-mail form) of the API user.",
    "zone_url": "The address of the database's zone, ending with /ATServicesRest; asked of Autotask when empty (the default).",
    "currency": "The code of the currency of all contracts; when empty (the default) each has that of its company, as Autotask says it.",
    "billing_cycles": "Labels of contract period types of your own and their months, such as 'Monatlich=1, Quartal=3'.",
    "units_reading": "What a unit row made in the middle of a period carries: delta, total, or auto (default: found out by reading).",
    "next_invoice": "What counts as invoiced: posted (default; up to the last period approved and posted) or calendar (always the current period).",
    "posted_periods": "Units that change in a posted period count from the next one (closed, default), or from their day (charged).",
    "price_field": "The field that a price is written to: none (default; prices are not written), adjusted (internalCurrencyAdjustedPrice) or unit.",
    "largest_change": "By how many units one adjustment may move a service; more is refused before anything is sent; default 1000.",
    "settle_seconds": "How long after its deadline a lost write may still happen in Autotask, in seconds; default 360.",
    "parallel": "How many requests the app sends at once, over all its instances, 1 to 3; default 1 (Autotask takes 3 for each kind of object).",
    "calls_per_minute": "How many requests the app sends in any minute, over all its instances; default 120.",
    "slow_down_from": "From which percentage of the database's hourly threshold, shared by all tools, the app slows down; default 50.",
    "page_size": "How many rows to ask for at once, 1 to 500; default 500.",
}
SECRETS: Mapping[str, str] = {
    "secret": "The API user's secret.",
    "integration_code": "The tracking identifier of this integration (ApiIntegrationCode).",
}
REQUIRED = frozenset({"username", *SECRETS})

LONGEST_CALL = 60.0
"""The total deadline of one request in seconds."""


class UnitsReading(StrEnum):
    """What ``units_reading`` may be."""

    AUTO = "auto"
    DELTA = "delta"
    TOTAL = "total"


class NextInvoice(StrEnum):
    """What counts as invoiced. Unverified: that rows with an ``approveAndPostDate`` are exactly those that were billed."""

    POSTED = "posted"
    CALENDAR = "calendar"


class PostedPeriods(StrEnum):
    """What becomes of an adjustment in a period that is approved and posted. Unverified: Autotask documents a refusal for contract dates only."""

    CLOSED = "closed"
    CHARGED = "charged"


class PriceField(StrEnum):
    """Which field of a contract service is written to change its price.

    Unverified: Autotask's help says that only ``adjustedPrice`` and the text can be updated, and its interface has no field of just that name.
    """

    NONE = "none"
    ADJUSTED = "adjusted"
    UNIT = "unit"

    @property
    def member(self) -> str:
        """The member of the record; empty for none."""
        return {"adjusted": "internalCurrencyAdjustedPrice", "unit": "unitPrice"}.get(self.value, "")


@dataclass(frozen=True)
class AutotaskSettings:
    """The settings of one connection, checked. ``url`` has no trailing slash; ``secret`` and ``integration_code`` are names of secrets."""

    name: str
    url: str
    time_zone: str
    username: str
    secret: str
    integration_code: str
    zone_url: str = ""
    currency: str = ""
    billing_cycles: Mapping[str, int] = field(default_factory=dict)
    units_reading: UnitsReading = UnitsReading.AUTO
    next_invoice: NextInvoice = NextInvoice.POSTED
    posted_periods: PostedPeriods = PostedPeriods.CLOSED
    price_field: PriceField = PriceField.NONE
    largest_change: int = 1000
    settle_seconds: float = 360.0
    slow_down_from: int = 50
    page_size: int = 500

    @property
    def abilities(self) -> frozenset[Ability]:
        """What can be written to a contract; an opposing adjustment is the documented way to take units back by their days."""
        charged = {Ability.INVOICED_TIME} if self.posted_periods is PostedPeriods.CHARGED else set()
        prices = {Ability.PRICES} if self.price_field is not PriceField.NONE else set()
        return frozenset({Ability.DATED_QUANTITIES, Ability.CREDITS} | charged | prices)


def parse(connection: Connection) -> AutotaskSettings:
    """The settings of a connection; raises ``InvalidConfiguration`` that names the setting."""
    given = known(connection, SETTINGS, SECRETS, REQUIRED)
    for address in filter(None, (connection.url, given.get("zone_url", ""))):
        require_safe(address)
    return AutotaskSettings(
        name=connection.name,
        url=connection.url.rstrip("/"),
        time_zone=connection.time_zone,
        username=given["username"],
        secret=given["secret"],
        integration_code=given["integration_code"],
        zone_url=given.get("zone_url", "").rstrip("/"),
        currency=given.get("currency", ""),
        billing_cycles=months_by_name(connection, "billing_cycles"),
        units_reading=choice(connection, "units_reading", UnitsReading.AUTO),
        next_invoice=choice(connection, "next_invoice", NextInvoice.POSTED),
        posted_periods=choice(connection, "posted_periods", PostedPeriods.CLOSED),
        price_field=choice(connection, "price_field", PriceField.NONE),
        largest_change=number(connection, "largest_change", 1000, least=1),
        settle_seconds=number(connection, "settle_seconds", 360, least=0),
        slow_down_from=number(connection, "slow_down_from", 50, least=1, most=100),
        page_size=number(connection, "page_size", 500, least=1, most=500),
    )


def limits(connection: Connection) -> Limits:
    """What the app may ask of this connection; raises ``InvalidConfiguration``."""
    return Limits(
        parallel=number(connection, "parallel", 1, least=1, most=3),
        calls=number(connection, "calls_per_minute", 120, least=4),
        longest_call=LONGEST_CALL,
        gives_back=True,
    )
