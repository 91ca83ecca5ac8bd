"""``dev.py config``: what each command prints, stores and answers."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest

from adapters.configuration.sku_table import known_skus
from sandbox import configuration_tool as tool
from sandbox.memory.store import MemoryStore
from sync_core.configuration.versions import load_current, save_version
from sync_core.model.agreements import Charge
from sync_core.model.billing import Binding
from sync_core.pipeline.customers import CUSTOMERS, binding_write
from sync_core.pipeline.leaving import unmanaged
from tests.configuration.files import FABRIKAM, FILE, HEAD, PREMIUM, WINGTIP, configuration
from tests.configuration.ports import SomeAdapters, SomeMicrosoft
from tests.pipeline.faults import Death, Killed, tapped

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
IMPORTER = tool.Importer("operator", NOON)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partner.yaml"
    path.write_text(FILE, encoding="utf-8")
    return path


def test_validate_shows_where_everything_goes(file: Path) -> None:
    assert tool.validate(file, out := StringIO()) == 0
    assert ["Fabrikam", "SPB", "cw,", "company", "250,", "agreement", "type", "Microsoft", "365", "Premium"] in map(
        str.split, out.getvalue().splitlines()
    )


def test_validate_names_a_setting_of_tickets_that_the_psa_does_not_know(file: Path) -> None:
    ticket = "notices: {routes: {failed: {ticket: {company: 1, settings: {bord: Billing}}}}}\n"
    file.write_text(ticket + FILE, encoding="utf-8")
    assert tool.validate(file, out := StringIO()) == tool.WRONG
    assert "notices.routes.failed.ticket: notices: The setting 'bord' of a ticket is not known. Use one of: board" in out.getvalue()


def test_validate_live_shows_what_is_held_and_not_linked(file: Path) -> None:
    file.write_text(FILE + "    exclusions: [SPB]\n", encoding="utf-8")
    tool.validate(file, out := StringIO(), SomeAdapters().ports())
    assert "Microsoft 365 Business Premium  12     excluded" in out.getvalue()


def test_validate_live_goes_on_after_a_customer_that_cannot_be_read(file: Path) -> None:
    adapters = SomeAdapters(SomeMicrosoft(broken={FABRIKAM}))
    tool.validate(file, out := StringIO(), adapters.ports())
    assert "Fabrikam could not be read" in out.getvalue()
    assert "cw, company 250, agreement type Microsoft 365" in out.getvalue()


def test_validate_live_names_what_the_psa_does_not_have(file: Path) -> None:
    text = FILE + f"  - {{tenant_id: {WINGTIP}, name: Wingtip Toys, company: 999}}\n"
    file.write_text(text.replace("{type: Microsoft 365}", "{type: Cloud}", 1), encoding="utf-8")
    assert tool.validate(file, out := StringIO(), SomeAdapters().ports()) == tool.WRONG
    assert "Profile Exchange: cw has no product EXO-P1." in out.getvalue()
    assert "Fabrikam: Agreement type Cloud was not found among the agreements of company 250" in out.getvalue()
    assert "Wingtip Toys: cw has no company 999." in out.getvalue()


def test_a_wrong_file_is_not_imported(file: Path) -> None:
    file.write_text(FILE + "rule: []\n", encoding="utf-8")
    store = MemoryStore()
    assert tool.import_file(file, store, IMPORTER, out := StringIO()) == tool.WRONG
    assert "partner.yaml:26: rule: unknown key. Did you mean rules?" in out.getvalue()
    assert tool.diff(store, out) == 0
    assert "No configuration was imported yet." in out.getvalue()


def test_what_a_kind_of_psa_asks_for_is_checked_where_it_stands(file: Path) -> None:
    file.write_text(FILE.replace("company: contoso,", "firm: contoso,"), encoding="utf-8")
    tool.validate(file, out := StringIO())
    assert "partner.yaml:5: connections.cw: The setting 'firm' is not known" in out.getvalue()
    file.write_text(FILE.replace("kind: connectwise", "kind: connectwize"), encoding="utf-8")
    tool.validate(file, out)
    assert "partner.yaml:6: connections.cw.kind: unknown kind of PSA ('connectwize'). Did you mean connectwise?" in out.getvalue()


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert tool.validate(tmp_path / "missing.yaml", out := StringIO()) == tool.WRONG
    assert "There is no file" in out.getvalue()


def test_a_file_that_is_not_utf8_is_said_so(file: Path) -> None:
    file.write_bytes(FILE.replace("Fabrikam", "Fabrik\xe4m").encode("latin-1"))
    assert tool.validate(file, out := StringIO()) == tool.WRONG
    assert "partner.yaml:24: not UTF-8 text. Save the file as UTF-8." in out.getvalue()


def test_an_import_is_exported_with_its_comments(file: Path) -> None:
    file.write_text("# ours\n" + FILE, encoding="utf-8")
    store = MemoryStore()
    assert tool.import_file(file, store, IMPORTER, StringIO()) == 0
    tool.export(store, out := StringIO())
    assert out.getvalue() == "# ours\n" + FILE


def test_the_same_import_again_changes_nothing(file: Path) -> None:
    store = MemoryStore()
    tool.import_file(file, store, IMPORTER, StringIO())
    tool.import_file(file, store, IMPORTER, out := StringIO())
    assert out.getvalue() == "Nothing changed: version 1 stays current.\n"


def still_billed_store() -> MemoryStore:
    """A store in which Fabrikam's link for SPB follows a line."""
    store = MemoryStore()
    save_version(store, configuration(), "operator", NOON, FILE)
    line = Binding(f"{PREMIUM}~cw~250", "cw", "7", "4711", "9", Decimal(12), Charge.BILLABLE, date(2026, 1, 1), None, "marker")
    store.transact(CUSTOMERS, [binding_write(FABRIKAM, line)])
    return store


def test_an_import_that_leaves_a_line_billed_asks_first(file: Path) -> None:
    file.write_text(FILE + "    exclusions: [SPB]\n", encoding="utf-8")
    store = still_billed_store()
    assert tool.import_file(file, store, IMPORTER, out := StringIO()) == tool.ASKS
    assert "Fabrikam: line 4711 of agreement 7 on cw, 12 units (SPB~cw~250)" in out.getvalue()
    assert load_current(store).version == 1
    assert tool.import_file(file, store, replace(IMPORTER, confirmed=True), out) == 0
    assert load_current(store).version == 2


def test_a_line_that_is_left_billed_is_asked_about_also_where_an_import_dies_at_any_call(file: Path) -> None:
    file.write_text(FILE + "    exclusions: [SPB]\n", encoding="utf-8")
    living = Death()
    tool.import_file(file, tapped(still_billed_store(), "store", living), replace(IMPORTER, confirmed=True), StringIO())
    for at in range(len(living.calls)):
        for after in (False, True):
            store = still_billed_store()
            with suppress(Killed):
                tool.import_file(file, tapped(store, "store", Death(at, after)), replace(IMPORTER, confirmed=True), StringIO())
            assert tool.import_file(file, store, replace(IMPORTER, confirmed=True), StringIO()) == 0
            assert [line.line_id for line in unmanaged(store, load_current(store))] == ["4711"], living.calls[at]


def test_diff_compares_the_current_version_with_a_file(file: Path) -> None:
    store = still_billed_store()
    file.write_text(FILE + "    mode: approve\n", encoding="utf-8")
    tool.diff(store, out := StringIO(), new=file)
    assert out.getvalue() == "Customer Fabrikam: mode changes from observe to approve.\n"


def test_diff_alone_tells_the_history(file: Path) -> None:
    tool.diff(still_billed_store(), out := StringIO())
    assert out.getvalue() == "Version 1 (current), 2026-03-12 12:00 UTC, by operator\n  The first version.\n"


def test_discover_writes_a_file_that_validates(tmp_path: Path) -> None:
    starter, output = tmp_path / "starter.yaml", tmp_path / "configuration.yaml"
    starter.write_text(HEAD.split("profiles:")[0], encoding="utf-8")
    assert tool.discover_to(output, starter, SomeAdapters().ports(), NOON, StringIO()) == 0
    assert tool.validate(output, out := StringIO()) == 0
    assert "1 customer, 1 link." in out.getvalue()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["configuration.yaml", "starter.yaml"]


def test_discover_never_writes_over_a_file(file: Path) -> None:
    assert tool.discover_to(file, file, SomeAdapters().ports(), NOON, StringIO()) == tool.WRONG
    assert file.read_text(encoding="utf-8") == FILE


def test_the_published_schema_is_current() -> None:
    """Made anew with: python -c "from sandbox.configuration_tool import schema_text; print(schema_text(), end='')"."""
    assert (ROOT / "docs" / "configuration.schema.json").read_text(encoding="utf-8") == tool.schema_text()


def test_part_numbers_stand_for_ids_in_what_people_read() -> None:
    assert known_skus().named(f"link {PREMIUM}~cw") == "link SPB~cw"
