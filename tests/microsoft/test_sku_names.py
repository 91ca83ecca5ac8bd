"""Names of SKUs: the best there is, and no bad download ever makes them worse."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import pytest

from adapters.http import Http
from adapters.microsoft.sku_names import BLOB, SkuNames, built_in, download, parse
from sandbox.faults import Effect, Fault
from sandbox.memory.blobs import MemoryBlobs
from sandbox.memory.clock import ManualClock
from sandbox.microsoft.catalog import BUSINESS_PREMIUM, NAMED, Sku, names_csv
from sync_core.configuration.known_skus import FREE_SKUS
from sync_core.errors import RetryLater
from tests.microsoft.conftest import World

DAY = 86_400.0
NEW = Sku("00000000-0000-0000-0000-000000000001", "BRAND_NEW", "Brand New Suite")
HEADER = "Product_Display_Name,String_Id,GUID\n"


def failing() -> bytes:
    """A download that cannot be had."""
    raise RetryLater("No answer", delay=60)


def sku_names(download: Callable[[], bytes], blobs: MemoryBlobs | None = None, clock: ManualClock | None = None) -> SkuNames:
    """Names from this download."""
    return SkuNames(blobs or MemoryBlobs(), clock or ManualClock(), download)


def test_the_built_in_names_are_there_without_any_network() -> None:
    assert sku_names(failing).name_of(BUSINESS_PREMIUM.sku_id.upper(), "SPB") == "Microsoft 365 Business Premium"
    assert len(built_in()) > 40


def test_the_free_skus_have_built_in_names() -> None:
    assert set(FREE_SKUS) <= set(built_in())


def test_a_downloaded_name_is_known_and_what_nobody_knows_keeps_its_part_number() -> None:
    names = sku_names(lambda: names_csv([*NAMED, NEW]))
    assert names.name_of(NEW.sku_id, "BRAND_NEW") == "Brand New Suite"
    assert (names.name_of("unknown", "PART"), names.name_of("unknown")) == ("PART", "unknown")


def test_the_operators_names_win() -> None:
    names = SkuNames(MemoryBlobs(), ManualClock(), names_csv, {BUSINESS_PREMIUM.sku_id.upper(): "Our Premium"})
    assert names.name_of(BUSINESS_PREMIUM.sku_id) == "Our Premium"


def test_the_table_is_fetched_weekly_and_shared_through_the_blobs() -> None:
    downloads: list[int] = []
    blobs, clock = MemoryBlobs(), ManualClock()

    def download() -> bytes:
        downloads.append(1)
        return names_csv()

    for _day in range(15):
        sku_names(download, blobs, clock).name_of("x")
        clock.advance(DAY)
    assert len(downloads) == 3


@pytest.mark.parametrize("bad", [b"", b"<html>moved</html>", HEADER.encode(), names_csv(NAMED[:3]), b"\xff\xfe\x00" * 99])
def test_a_bad_download_never_replaces_the_good_copy(bad: bytes, caplog: pytest.LogCaptureFixture) -> None:
    blobs, clock = MemoryBlobs(), ManualClock()
    sku_names(lambda: names_csv([*NAMED, NEW]), blobs, clock).name_of("x")
    good = blobs.get(BLOB)
    clock.advance(8 * DAY)
    with caplog.at_level(logging.WARNING):
        assert sku_names(lambda: bad, blobs, clock).name_of(NEW.sku_id) == "Brand New Suite"
    assert blobs.get(BLOB) == good and "could not be refreshed" in caplog.text


def test_a_copy_that_cannot_be_read_is_fetched_anew() -> None:
    blobs = MemoryBlobs()
    blobs.put(BLOB, b"\x00 not json")
    assert sku_names(lambda: names_csv([*NAMED, NEW]), blobs).name_of(NEW.sku_id) == "Brand New Suite"


def test_the_table_is_fetched_from_its_address_and_a_wrong_one_is_only_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    right = Fault(Effect.ANSWER, path="names.csv", times=0, status=200, body=names_csv([*NAMED, NEW]).decode())
    world.simulator.graph_faults.add(right)
    for path, name in (("names.csv", "Brand New Suite"), ("moved.csv", "BRAND_NEW")):
        http = Http("names", world.clock, sleep=world.clock.advance)
        names = sku_names(partial(download, http, f"{world.graph_url}/{path}"))
        assert names.name_of(NEW.sku_id, "BRAND_NEW") == name
    assert "answers with status" in caplog.text


@pytest.mark.parametrize("start", ["", "\ufeff", "???"])
def test_the_start_of_the_file_may_be_odd(start: str) -> None:
    assert parse(f"{start}{HEADER}A Suite,A,{NEW.sku_id}\n".encode()) == {NEW.sku_id: "A Suite"}


def test_the_last_name_of_a_sku_wins_and_odd_rows_are_left_out() -> None:
    rows = [f"Old,A,{NEW.sku_id}", f"New\u202e  name,A, {NEW.sku_id.upper()} ", "No id,A,", ",A,no-guid", "short"]
    assert parse((HEADER + "\n".join(rows)).encode()) == {NEW.sku_id: "New name"}
