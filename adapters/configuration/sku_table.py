"""The SKUs that a configuration may name by part number: the rows of Microsoft's table that come with the app."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from sync_core.configuration.known_skus import KnownSkus

_TABLE = Path(__file__).parents[1] / "microsoft" / "sku_names.csv"


@cache
def known_skus() -> KnownSkus:
    """Part numbers and ids of the common SKUs."""
    with _TABLE.open(encoding="utf-8-sig", newline="") as file:
        return KnownSkus.of((row["GUID"].strip(), row["String_Id"].strip()) for row in csv.DictReader(file))
