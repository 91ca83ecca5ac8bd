"""The commands that the documentation tells people to type, as they stand there and as somebody would type them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.environment import ROOT

PAGES = sorted(path for pattern in ("README.md", "CONTRIBUTING.md", "docs/*.md", "infra/README.md") for path in ROOT.glob(pattern))
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
TYPED = re.compile(r"^(?:[A-Z]+=\S+ )?python3 dev\.py(?: (.+))?$")
IN_AZURE = re.compile(r"(?:^|\s)(?:az|azd|func) [a-z]|curl .*azurewebsites")
NEEDS_AZURE = "needs Azure"
_EXPLAINED = re.compile(r"\s{2,}\S.*$")


@dataclass(frozen=True)
class Documented:
    """A command of ``dev.py`` on a page; ``typed`` is what follows ``dev.py``."""

    page: str
    typed: str

    @property
    def arguments(self) -> list[str]:
        """The words of it, with what a person puts in for the places that are marked."""
        words = shlex.split(re.sub(r"\s\.\.\.", "", self.typed).translate(str.maketrans("", "", "[]<>")))
        return [word.replace("…", "x") for word in words]


def documented(page: Path) -> list[Documented]:
    """The commands of a page, each once. Where a block explains a command beside it, two spaces stand between."""
    found = (TYPED.match(line) for line in _lines(page.read_text(encoding="utf-8")))
    typed = dict.fromkeys(match[1].strip() for match in found if match and match[1])
    return [Documented(str(page.relative_to(ROOT)), each) for each in typed]


def section(page: Path, heading: str) -> str:
    """The text under a heading, up to the next one of its rank or above."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page.name} has no heading {heading!r}"
    rest = text[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def typed_in(text: str) -> list[str]:
    """What follows ``dev.py`` in the commands of a text."""
    return [match[1].strip() for line in _lines(text) if (match := TYPED.match(line)) and match[1]]


def unmarked(page: Path) -> Iterator[str]:
    """The commands that need Azure and do not say so: a block in its first line, prose somewhere before on its page."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.findall(text):
        if IN_AZURE.search(block) and NEEDS_AZURE not in block.partition("\n")[0]:
            yield block
    prose = FENCE.sub("", text)
    for span in SPAN.finditer(prose):
        if IN_AZURE.search(span[1]) and NEEDS_AZURE not in prose[: prose.find("\n", span.end())]:
            yield span[1]


def _lines(text: str) -> Iterator[str]:
    for block in FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield _EXPLAINED.sub("", line)
    yield from SPAN.findall(FENCE.sub("", text))
