"""The page of the documentation that lists every scenario, made of the files themselves: ``python -m tests.scenarios.listing`` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from tests.scenarios.people import scenarios as people_scenarios
from tests.scenarios.scenario import FOLDER, scenarios, stories

PAGE = FOLDER.parents[1] / "docs" / "scenarios.md"
_HEAD = """# Scenarios

What the app does, case by case, for people who know billing and no code: what was there, day by day, and the plans and invoices that follow.
They are run as tests, each night twice, so they are true. [How to read and add them](../tests/scenarios/README.md).
This page is made of the files (`python -m tests.scenarios.listing`).
"""
_BY_HAND = (
    "10 → 12 on 17 March, when March is invoiced",
    "10 → 12 on 17 March, when March is not yet invoiced",
    "On the last day of a month",
    "February of a leap year",
    "A period from the 31st",
    "An annual term that shrinks early is billed to its renewal",
    "A tenant is divided over three places",
    "A price change on 1 January",
    "Names at the text limit",
)
"""Worked so that they can be checked with paper and pencil."""


def page() -> str:
    """The page's text."""
    titles = {path: _titles(path) for path in _files()}
    where = {title: path for path, found in titles.items() for title in found}
    number = sum(map(len, titles.values()))
    text = f"{_HEAD}\nThere are {number}. Worked so that they can be checked by hand:\n\n"
    text += "".join(f"- {_link(where[title], title)}\n" for title in _BY_HAND)
    for path, found in titles.items():
        text += f"\n## {_heading(path)}\n\n" + "".join(f"- {_link(path, title)}\n" for title in found)
    return text


def run_as_tests() -> set[str]:
    """The titles of all cases that some test plays."""
    return {each.title for each in (*scenarios(), *stories())} | {each.title for each in people_scenarios()}


def all_titles() -> list[str]:
    """The titles of all cases that the files hold."""
    return [title for path in _files() for title in _titles(path)]


def _files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")


def _titles(path: Path) -> list[str]:
    return re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)


def _heading(path: Path) -> str:
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _link(path: Path, title: str) -> str:
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
    return f"[{title}](../tests/scenarios/{path.name}#{anchor})"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
