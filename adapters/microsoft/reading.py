"""Microsoft Graph's rows of SKUs and subscriptions turned into the model. Pure.

Graph declares every scalar as nullable and adds enum members at will. A name that is missing is harmless; a number that is
missing is not, so it fails the whole source: a SKU left out would look like a SKU that was given up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sync_core.errors import SkipCustomer
from sync_core.model.licences import AppliesTo, PrepaidUnits, Sku, Subscription, SubscriptionStatus

Row = Mapping[str, Any]

SKU_MEMBERS = ("skuId", "skuPartNumber", "appliesTo", "consumedUnits", "prepaidUnits")
SUBSCRIPTION_MEMBERS = (
    "id",
    "skuId",
    "status",
    "totalLicenses",
    "isTrial",
    "ownerTenantId",
    "createdDateTime",
    "nextLifecycleDateTime",
    "commerceSubscriptionId",
)
"""What is selected of a row, and read here."""


class Unreadable(SkipCustomer):
    """An answer lacks what must not be guessed; ``why`` says what."""

    def __init__(self, why: str) -> None:
        super().__init__("Microsoft's answer cannot be read", code="unreadable-answer", where="Microsoft Graph", why=why, fix="Report this")


def rows_of(body: Any) -> list[Row]:
    """The rows of a collection answer; raises ``Unreadable`` when it is none."""
    rows = body.get("value") if isinstance(body, Mapping) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise Unreadable("the answer is no collection")
    return rows


def skus_from(rows: Iterable[Row], name_of: Callable[[str, str], str]) -> tuple[Sku, ...]:
    """``/subscribedSkus``. ``name_of`` gives the name for people from SKU id and part number."""
    skus = [_sku(row, name_of) for row in rows]
    if len({sku.sku_id for sku in skus}) < len(skus):
        raise Unreadable("a SKU is listed twice")
    return tuple(skus)


def subscriptions_from(rows: Iterable[Row]) -> tuple[Subscription, ...]:
    """``/directory/subscriptions``; a row that repeats across pages counts once."""
    return tuple({subscription.subscription_id: subscription for subscription in map(_subscription, rows)}.values())


def moment(value: Any) -> datetime | None:
    """A Graph time (UTC, none to seven decimals of a second), or ``None``."""
    if not value:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unreadable("a time is not in ISO form") from None
    if parsed.tzinfo is UTC:
        return parsed
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def _sku(row: Row, name_of: Callable[[str, str], str]) -> Sku:
    sku_id, part_number = row_id(row, "skuId"), str(row.get("skuPartNumber") or "")
    units = row.get("prepaidUnits")
    if not isinstance(units, Mapping):
        raise Unreadable("a SKU has no prepaidUnits")
    return Sku(
        sku_id=sku_id,
        part_number=part_number,
        name=name_of(sku_id, part_number),
        units=PrepaidUnits(_count(units, "enabled"), _count(units, "warning"), _count(units, "suspended"), _count(units, "lockedOut")),
        assigned=_count(row, "consumedUnits"),
        # Seats assigned mean something only where Microsoft says that users hold the SKU; anything new is not counted that way.
        applies_to=AppliesTo.USER if row.get("appliesTo") == AppliesTo.USER else AppliesTo.COMPANY,
    )


def _subscription(row: Row) -> Subscription:
    owner = row.get("ownerTenantId")
    return Subscription(
        subscription_id=row_id(row, "id"),
        sku_id=row_id(row, "skuId"),
        status=_status(row.get("status")),
        seats=_count(row, "totalLicenses"),
        is_trial=row.get("isTrial") is True,
        owner_tenant_id=str(owner).lower() if owner else None,
        created=moment(row.get("createdDateTime")),
        next_lifecycle=moment(row.get("nextLifecycleDateTime")),
        commerce_id=str(row.get("commerceSubscriptionId") or "").lower(),
    )


def _status(value: Any) -> SubscriptionStatus:
    try:
        return SubscriptionStatus(value)
    except ValueError:
        return SubscriptionStatus.UNKNOWN


def row_id(row: Row, name: str) -> str:
    """An id in lower case; raises ``Unreadable`` when the row has none."""
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise Unreadable(f"a row has no {name}")
    return value.lower()


def _count(row: Row, name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Unreadable(f"{name} is not a number of seats")
    return value
