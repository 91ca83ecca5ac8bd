"""The audit: an advisory that speaks of a pinned version is told, any other is not, and no network is needed for it."""

import json
import os
import zipfile
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sandbox.commands import audit
from sandbox.supply_chain.advisories import advisories_in, findings
from sandbox.supply_chain.lock import Locked
from sandbox.terminal import Terminal
from sandbox.web import Request, Response, serve

OURS = Locked("jinja2", "3.1.6", "", ())
A_WEEK = 7 * 86_400


def advisory(*events: Mapping[str, str], name: str = "Jinja2", versions: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    """An advisory about a package, in the published format."""
    ranges = [{"type": "ECOSYSTEM", "events": list(events)}] if events else []
    affected = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges, "versions": list(versions)}
    return {"id": "GHSA-1", "summary": "Escapes the sandbox", "affected": [affected], **members}


def export(folder: Path, *advisories: Mapping[str, Any]) -> Path:
    """An export with these advisories."""
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, each in enumerate(advisories):
            archive.writestr(f"{number}.json", json.dumps(each))
    return path


@pytest.mark.parametrize(
    ("events", "fixed"),
    [
        ([{"introduced": "0"}], ""),
        ([{"introduced": "0"}, {"fixed": "3.1.7"}], "3.1.7"),
        ([{"introduced": "3.1.6"}, {"fixed": "3.2"}], "3.2"),
        ([{"introduced": "0"}, {"last_affected": "3.1.6"}], ""),
        ([{"introduced": "3.1.0"}, {"fixed": "3.1.10"}], "3.1.10"),
        ([{"fixed": "3.2"}, {"introduced": "2"}, {"fixed": "1"}, {"introduced": "0"}], "3.2"),
    ],
)
def test_a_version_within_an_affected_range_is_found_with_the_version_that_mends_it(events: list[dict[str, str]], fixed: str) -> None:
    [found] = findings([OURS], [advisory(*events)])
    assert (found.package, found.advisory, found.fixed) == (OURS, "GHSA-1", fixed)


@pytest.mark.parametrize(
    "events",
    [
        [{"introduced": "0"}, {"fixed": "3.1.6"}],
        [{"introduced": "3.1.10"}],
        [{"introduced": "0"}, {"last_affected": "3.1.5"}],
        [{"introduced": "0"}, {"fixed": "2"}, {"introduced": "4"}],
    ],
)
def test_a_version_outside_of_it_is_not(events: list[dict[str, str]]) -> None:
    assert findings([OURS], [advisory(*events)]) == []


def test_a_version_that_is_listed_is_found_without_a_range() -> None:
    assert len(findings([OURS], [advisory(versions=("3.1.5", "3.1.6"))])) == 1


def test_names_are_compared_as_the_registry_does() -> None:
    package = Locked("typing-extensions", "4.0", "", ())
    assert len(findings([package], [advisory({"introduced": "0"}, name="Typing_Extensions")])) == 1


def test_other_packages_other_ecosystems_and_withdrawn_advisories_say_nothing() -> None:
    elsewhere = advisory({"introduced": "0"})
    elsewhere["affected"][0]["package"]["ecosystem"] = "npm"
    withdrawn = advisory({"introduced": "0"}, withdrawn="2026-01-01T00:00:00Z")
    assert findings([OURS], [advisory({"introduced": "0"}, name="other"), elsewhere, withdrawn]) == []


def test_an_audit_names_the_package_the_advisory_and_what_mends_it(tmp_path: Path) -> None:
    [package] = [each for each in audit.locked() if each.name == "jinja2"]
    shown = StringIO()
    archive = export(tmp_path, advisory({"introduced": "0"}, {"fixed": "99"}))
    assert audit.audit(archive, Terminal(shown)) == audit.AFFECTED
    [row] = [line for line in shown.getvalue().splitlines() if "GHSA-1" in line]
    assert row.startswith(f"jinja2 {package.version}")
    assert "99" in row


def test_an_audit_without_findings_says_of_how_many_packages(tmp_path: Path) -> None:
    shown = StringIO()
    assert audit.audit(export(tmp_path), Terminal(shown)) == audit.CLEAN
    assert f"No advisory speaks of the {len(audit.locked())} pinned packages" in shown.getvalue()


def test_what_is_no_export_is_no_clean_audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "all.zip").write_bytes(b"<html>not found</html>")
    with pytest.raises(ValueError, match="no export"):
        list(advisories_in(tmp_path / "all.zip"))
    assert audit.main(["--advisories", str(tmp_path / "all.zip")]) == audit.UNKNOWN
    assert "could not be made" in capsys.readouterr().err


def test_the_copy_is_fetched_once_a_day_and_an_old_one_serves_where_the_network_ends(tmp_path: Path) -> None:
    published, asked, copy = export(tmp_path, advisory({"introduced": "0"})).read_bytes(), [], tmp_path / "copy" / "pypi.zip"

    def answer(request: Request) -> Response:
        asked.append(request.path)
        return Response(200, published)

    with serve(answer) as server:
        for _ in range(2):
            assert audit.current_copy(f"{server.url}/all.zip", copy, Terminal(StringIO())).read_bytes() == published
        assert len(asked) == 1
        _grow_old(copy)
        audit.current_copy(f"{server.url}/all.zip", copy, Terminal(StringIO()))
        assert len(asked) == 2
    _grow_old(copy)
    shown = StringIO()
    assert audit.current_copy(f"{server.url}/all.zip", copy, Terminal(shown)) == copy
    assert "7 days old" in shown.getvalue()


def test_without_network_and_copy_the_audit_says_so_and_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = "http://127.0.0.1:9/all.zip"
    assert audit.main(["--url", nobody, "--copy", str(tmp_path / "none.zip")]) == audit.UNKNOWN
    assert "Bring one: --advisories ZIP" in capsys.readouterr().err


def _grow_old(copy: Path) -> None:
    then = copy.stat().st_mtime - A_WEEK
    os.utime(copy, (then, then))
