"""Finds the customer that a person names on the command line."""

from __future__ import annotations

import re

from sync_core.errors import Rejected
from sync_core.model.configuration import Configuration, CustomerConfiguration
from sync_core.pipeline.context import Context
from sync_core.pipeline.resync import UNKNOWN_CUSTOMER

_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|company-[0-9a-f]{16}")
HELP = "tenant id, or the customer's name as configured"


def chosen_customer(configuration: Configuration, text: str) -> CustomerConfiguration:
    """The customer with this tenant id or name; raises ``Rejected`` for a name that no customer, or more than one, has."""
    wanted = text.strip().casefold()
    found = [item for item in configuration.customers if wanted in (item.customer.tenant_id, item.customer.name.casefold())]
    if len(found) != 1:
        what = "More than one customer is" if found else "No customer is"
        raise Rejected(f"{what} configured under this name", code=UNKNOWN_CUSTOMER, where=ascii(text), fix="Give the tenant id")
    return found[0]


def past_customer(context: Context, text: str) -> str:
    """The key of a customer that is configured, or was, or of a company whose lines were cut over; the latter two are named by it only.

    Raises ``Rejected`` as ``chosen_customer`` does.
    """
    wanted = text.strip().casefold()
    return wanted if _KEY.fullmatch(wanted) else chosen_customer(context.current_configuration(), text).customer.tenant_id
