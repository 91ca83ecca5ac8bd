"""Every command that a page tells people to type is one that the program understands, options and all."""

import argparse
import importlib
from pathlib import Path
from typing import Any

import pytest

from sandbox import environment
from sandbox.environment import ROOT
from tests.manual.commands import PAGES, Documented, documented, unmarked

COMMANDS = [each for page in PAGES for each in documented(page)]
OWN_WORDS = {"test"}
"""Commands whose further words are another program's."""


class Understood(Exception):
    """The command's own words were taken; nothing of it is done."""


def test_pages_tell_people_what_to_type() -> None:
    assert len(COMMANDS) > 60
    assert {each.arguments[0] for each in COMMANDS} >= environment.command_summaries().keys() - {"sandbox", "run"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.page}: {command.typed}")
def test_a_documented_command_is_understood(command: Documented, monkeypatch: pytest.MonkeyPatch) -> None:
    name, *words = command.arguments
    assert name in environment.command_summaries(), f"there is no command {name}"
    if name in OWN_WORDS:
        assert all((ROOT / word).exists() for word in words if word.startswith("tests/"))
        return
    read = argparse.ArgumentParser.parse_args

    def understand(parser: argparse.ArgumentParser, *arguments: Any) -> None:
        read(parser, *arguments)
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", understand)
    with pytest.raises(Understood):
        importlib.import_module(f"sandbox.commands.{name.replace('-', '_')}").main(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_needs_azure_says_so(page: Path) -> None:
    assert list(unmarked(page)) == []
