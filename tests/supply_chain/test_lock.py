"""The lock of what is deployed, and of what it is tested with: everything pinned, every file of it known by its hash."""

import re

import pytest

from sandbox.commands.sbom import bill_of_what_is_deployed
from sandbox.environment import REQUIREMENTS, ROOT, RUNTIME_PACKAGE, SetupError, unconditional
from sandbox.supply_chain.bill_of_materials import BILL
from sandbox.supply_chain.lock import Locked, read_lock

LOCKS = ("requirements.txt", "requirements-opentelemetry.txt", "requirements-dev.txt")


def lock(name: str) -> tuple[Locked, ...]:
    """The packages of a lock file."""
    return read_lock((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    assert [each.name for each in lock(name) if not each.hashes or not all(re.fullmatch("[0-9a-f]{64}", digest) for digest in each.hashes)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(name: str) -> None:
    assert "://" not in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-opentelemetry.txt"])
def test_what_is_tested_is_what_is_deployed(name: str) -> None:
    assert set(lock(name)) <= set(lock("requirements-dev.txt"))


def test_what_opentelemetry_needs_fits_the_rest() -> None:
    versions = {each.name: each.version for each in lock("requirements.txt") if not each.marker}
    more = [each for each in lock("requirements-opentelemetry.txt") if each.name in versions]
    assert {each.name: each.version for each in more}.items() <= versions.items()
    assert more


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_requirement_is_pinned(name: str) -> None:
    wanted = (ROOT / name).with_suffix(".in").read_text(encoding="utf-8").splitlines()
    direct = {re.split(r"[= ]", line)[0].lower() for line in wanted if line[:1].isalpha()}
    assert direct <= {each.name for each in lock(name)}


def test_the_worker_that_azure_brings_is_not_installed_beside_it() -> None:
    """An ``azure-functions-worker`` in the package would stand before the platform's own."""
    assert not any(each.name.startswith(("azure-functions-worker", "azure-functions-runtime")) for each in lock("requirements.txt"))


def test_the_runtime_keeps_its_hashes_where_its_marker_is_passed_over() -> None:
    """Below Python 3.13 it is installed although it says that it is not for that version."""
    whole = {each.name: each for each in lock("requirements-dev.txt")}[RUNTIME_PACKAGE]
    [alone] = read_lock(unconditional(RUNTIME_PACKAGE, REQUIREMENTS.read_text(encoding="utf-8")))
    assert (alone.version, alone.hashes, alone.marker) == (whole.version, whole.hashes, "")


def test_a_package_that_is_not_pinned_is_named() -> None:
    with pytest.raises(SetupError, match="does not pin nothing-of-the-kind"):
        unconditional("nothing-of-the-kind", "other==1 \\\n    --hash=sha256:00\n")


@pytest.mark.parametrize("line", ["requests", "requests>=2", "-e .", "https://example.org/requests.whl"])
def test_a_line_that_pins_nothing_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not pinned"):
        read_lock(line)


def test_the_bill_of_materials_lists_what_is_deployed() -> None:
    """After a change of requirements.txt: ``python3 dev.py sbom``."""
    assert BILL.read_text(encoding="utf-8") == bill_of_what_is_deployed()
