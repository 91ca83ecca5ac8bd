"""Who sits at the machine, as the Azure CLI on the path says it."""

from __future__ import annotations

import base64
import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sandbox.commands.stop import switch
from sandbox.memory.store import MemoryStore
from sandbox.operator import operator
from sandbox.terminal import Terminal
from sync_core.configuration.versions import save_version
from sync_core.model.configuration import Configuration, Partner
from sync_core.model.people import Role
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.history import records

PARTNER = "00000000-0000-4000-8000-000000000001"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the command that stands in for the Azure CLI is a shell script")


@pytest.fixture
def azure_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of an ``az`` that nobody has written yet."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("LOGNAME", "a-clerk")
    return tmp_path / "az"


def write(command: Path, text: str, code: int = 0) -> None:
    """Makes a command that prints a text."""
    command.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n", encoding="utf-8")
    command.chmod(0o755)


def token(**claims: str) -> str:
    """What the Azure CLI prints for a person with these claims."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return json.dumps({"accessToken": f"e30.{body}.x", "expiresOn": "2099-01-01 00:00:00.000000", "tokenType": "Bearer"})


def test_who_is_signed_in_at_the_partner_is_verified(azure_cli: Path) -> None:
    write(azure_cli, token(oid="id-1", upn="one@msp.example", tid=PARTNER.upper()))
    who = operator(PARTNER)
    assert (who.name, who.person, str(who), who.roles) == ("one@msp.example", "id-1", "one@msp.example", frozenset(Role))


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        (token(oid="id-1", upn="one@other.example", tid="00000000-0000-4000-8000-000000000009"), 0),
        (token(oid="id-1", tid=PARTNER), 0),
        (json.dumps({"accessToken": "no token", "expiresOn": "2099-01-01 00:00:00.000000"}), 0),
        ("Please run 'az login' to setup account.", 1),
    ],
    ids=["of another tenant", "an app", "no token", "not signed in"],
)
def test_anybody_else_is_the_machines_user_and_unverified(azure_cli: Path, printed: str, code: int) -> None:
    write(azure_cli, printed, code)
    assert str(operator(PARTNER)) == "a-clerk (unverified)"


def test_without_the_azure_cli_it_is_the_machines_user(azure_cli: Path) -> None:
    assert str(operator(PARTNER)) == "a-clerk (unverified)"


def stopped_by(store: MemoryStore) -> list[str]:
    """Who turned the switch, in order."""
    return [record.by for record in records(store, "control", "control")]


def test_a_stop_is_there_before_anybody_is_asked_and_gets_the_verified_name_then(azure_cli: Path) -> None:
    store = MemoryStore()
    save_version(store, Configuration(Partner(PARTNER, "app"), (), ()), "somebody", datetime.now(UTC))
    write(azure_cli, token(oid="id-1", upn="one@msp.example", tid=PARTNER))
    switch(store, "an audit", Terminal(io.StringIO(), {}))
    assert (stop_switch(store).stopped, stop_switch(store).by) == (True, "one@msp.example")
    assert stopped_by(store) == ["a-clerk (unverified)", "one@msp.example"]
    switch(store, "", Terminal(io.StringIO(), {}))
    assert (stop_switch(store).stopped, stop_switch(store).by) == (False, "one@msp.example")


def test_a_stop_needs_no_configuration(azure_cli: Path) -> None:
    store = MemoryStore()
    switch(store, "an audit", Terminal(io.StringIO(), {}))
    assert (stop_switch(store).stopped, stop_switch(store).by) == (True, "a-clerk (unverified)")
