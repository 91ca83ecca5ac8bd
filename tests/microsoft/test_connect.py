"""The wiring that the app itself uses."""

from __future__ import annotations

import pytest

from adapters.microsoft.connect import graph_service, microsoft_adapter
from sandbox.memory.blobs import MemoryBlobs
from sandbox.microsoft.catalog import BUSINESS_PREMIUM
from sync_core.errors import InvalidConfiguration
from tests.microsoft.conftest import World


def test_the_app_reads_customers_from_the_configured_addresses(world: World) -> None:
    graph = graph_service(world.partner, world.secrets, world.store, world.clock, login_url=world.login_url, graph_url=world.graph_url)
    names = {BUSINESS_PREMIUM.sku_id: "Our Premium"}
    adapter = microsoft_adapter(world.partner, graph, MemoryBlobs(), names=names, names_url=f"{world.graph_url}/names.csv")
    assert [sku.name for sku in adapter.read_usage(world.customer("contoso.example")).skus] == ["Our Premium"]


def test_an_unencrypted_address_is_refused_when_the_app_starts(world: World) -> None:
    with pytest.raises(InvalidConfiguration, match="unencrypted"):
        graph_service(world.partner, world.secrets, world.store, world.clock, login_url="http://login.example")
