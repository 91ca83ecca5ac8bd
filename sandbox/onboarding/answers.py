"""Who answers the questions of the onboarding: a person at the terminal, or a file that knows the answers beforehand."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sync_core.errors import Rejected


class Answers(Protocol):
    """Answers by a key that stays the same; an empty answer takes the default."""

    def text(self, key: str, question: str, default: str = "") -> str:
        """A text."""
        ...

    def secret(self, key: str, question: str) -> str:
        """A text that is not shown; empty for none."""
        ...

    def yes(self, key: str, question: str) -> bool:
        """Whether to go on."""
        ...


@dataclass(frozen=True)
class Asked:
    """A person at the terminal. ``agrees`` answers every question for a yes; ``hidden`` asks without showing what is typed."""

    agrees: bool = False
    ask: Callable[[str], str] = input
    hidden: Callable[[str], str] = getpass.getpass

    def text(self, key: str, question: str, default: str = "") -> str:
        """See ``Answers.text``."""
        shown = f" [{default}]" if default else ""
        return self.ask(f"{question}{shown}: ").strip() or default

    def secret(self, key: str, question: str) -> str:
        """See ``Answers.secret``."""
        return self.hidden(f"{question} (it is not shown; Enter for none): ").strip()

    def yes(self, key: str, question: str) -> bool:
        """See ``Answers.yes``. Only a clear yes is one."""
        return self.agrees or self.ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")


@dataclass(frozen=True)
class Written:
    """Answers from a file. What is not in it takes the default; a question for a yes is a no, unless ``agrees``. Secrets are never in it."""

    given: Mapping[str, Any]
    agrees: bool = False

    @classmethod
    def read(cls, path: Path, agrees: bool = False) -> Written:
        """The answers in a YAML file of keys and values; raises ``Rejected`` when it is none."""
        import yaml

        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except (OSError, yaml.YAMLError):
            given = None
        if not isinstance(given, dict):
            raise Rejected("The file of answers cannot be read", where=path.name, fix="Write one answer a line, such as tenant_id: <id>")
        return cls({str(key): value for key, value in given.items()}, agrees)

    def text(self, key: str, question: str, default: str = "") -> str:
        """See ``Answers.text``; raises ``Rejected`` for a question that nobody answers."""
        found = self.given.get(key, default)
        if found in ("", None):
            raise Rejected("A question is not answered", where=key, why=question, fix=f"Add {key} to the file of answers")
        return str(found)

    def secret(self, key: str, question: str) -> str:
        """See ``Answers.secret``. A secret belongs into the vault or the environment beforehand."""
        return ""

    def yes(self, key: str, question: str) -> bool:
        """See ``Answers.yes``."""
        return self.agrees or bool(self.given.get(key, False))
