"""Typos in the template, one at a time: a letter lost, doubled or swapped with the next, a flag turned round."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.infra.syntax import text_of, tokens

FREE: Mapping[str, tuple[str, ...]] = {
    "main.bicep": ("network", "storage", "vault", "monitoring", "watching", "function-app", "budget"),  # deployments, as the portal lists them
    "modules/network.bicep": ("functions",),
    "modules/storage.bicep": ("packages", "old-evidence", "writes"),
    "modules/vault.bicep": ("audit",),
    "modules/watching.bicep": ("workbook",),  # a part of a name that only has to stay the same
}
"""Texts that are for people only: with a typo in them everything works."""


@dataclass(frozen=True)
class Typo:
    """One changed place: ``before`` at a byte of a file is now ``after``."""

    path: str
    line: int
    start: int
    before: str
    after: str

    def made_in(self, files: Mapping[str, str]) -> dict[str, str]:
        """The files with the typo."""
        source = files[self.path].encode()
        changed = source[: self.start] + self.after.encode() + source[self.start + len(self.before.encode()) :]
        return {**files, self.path: changed.decode()}


def typos(files: Mapping[str, str], random: Random) -> Iterator[Typo]:
    """One typo in each name and text of the Bicep files that Azure, the app or another file gives a meaning."""
    for path, text in files.items():
        for node in tokens(text) if path.endswith(".bicep") else ():
            before = text_of(node)
            if node.type != "string_content" or before not in FREE.get(path, ()):
                yield Typo(path, node.start_point[0] + 1, node.start_byte, before, _mistyped(before, random))


def _mistyped(text: str, random: Random) -> str:
    if text in ("true", "false"):
        return "false" if text == "true" else "true"
    at = random.randrange(len(text))
    swapped = text[:at] + text[at + 1 : at + 2] + text[at] + text[at + 2 :]
    forms = [text[:at] + text[at + 1 :], text[: at + 1] + text[at:], swapped]
    return random.choice([form for form in forms if form not in ("", text)] or [text * 2])
