"""YAML in and out: text to a tree that knows its lines, and a configuration to text.

PyYAML's base loader leaves every scalar the text it is; what ``no``, ``012``, ``1:30`` or a date mean is for the field that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sync_core.configuration.known_skus import KnownSkus
from sync_core.configuration.nodes import Member, Node, Place, Problems
from sync_core.configuration.reading import Kinds, Reading, read_configuration

_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""The one in C where PyYAML was built with it; several times as fast."""

_TEMPLATES = Path(__file__).with_name("templates.yaml")
"""The custom licences that come with the app."""

_FIXES = {
    "cannot start any token": "Indent with spaces, not tabs, and quote values that begin with @, ` or %",
    "mapping values are not allowed": "Quote values that hold ': ', and check the indentation",
    "expected a single document": "Keep one document: no '---' in the middle",
    "expected <block end>": "Check the indentation",
}


def read_file(path: Path, known: KnownSkus, kinds: Kinds | None = None) -> tuple[Reading, str]:
    """Reads a configuration file; returns it with its text.

    Raises:
        InvalidFile: with every problem, each with its line and the fix.
    """
    content = path.read_bytes()
    problems = Problems()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.error(Place(content.count(b"\n", 0, error.start) + 1), "not UTF-8 text", "Save the file as UTF-8")
        problems.raise_errors(path.name)
        raise
    return read_text(text, known, path.name, kinds), text


def read_text(text: str, known: KnownSkus, file: str, kinds: Kinds | None = None) -> Reading:
    """Reads the text of a configuration file; raises ``InvalidFile``."""
    problems = Problems()
    root = parse(text, problems)
    if root is None:
        problems.raise_errors(file)
        root = Node(1, {})
    return read_configuration(root, known, file, kinds, problems, _templates())


@cache
def _templates() -> Node | None:
    return parse(_TEMPLATES.read_text(encoding="utf-8"), Problems())


def parse(text: str, problems: Problems) -> Node | None:
    """The tree of a YAML text; ``None`` when it holds nothing, or is no YAML that we take (which is then a problem)."""
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or "not YAML"
        fix = next((fix for part, fix in _FIXES.items() if part in f"{error.context or ''} {what}"), "")
        problems.error(Place(mark.line + 1 if mark else 1), what, fix)
    except yaml.YAMLError:
        problems.error(Place(1), "not YAML: it holds control characters", "Save it as plain text in UTF-8")
    except RecursionError:
        problems.error(Place(1), "nested too deeply")
    else:
        return _convert(root, problems) if root is not None else None
    return None


def _convert(root: yaml.Node, problems: Problems) -> Node | None:
    converter = _Converter(problems)
    tree = converter.convert(root)
    return None if converter.has_aliases else tree


class _Converter:
    """Turns PyYAML's nodes into ours. Aliases and tags are refused: what a line says, it says where it stands."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._seen: set[int] = set()
        self.has_aliases = False

    def convert(self, node: yaml.Node) -> Node:
        line = node.start_mark.line + 1
        if id(node) in self._seen:
            self._problems.error(Place(line), "an alias (*name) to what stands here", "Use profiles and sku_sets, or write it twice")
            self.has_aliases = True
            return Node(line, "")
        self._seen.add(id(node))
        if not node.tag.startswith("tag:yaml.org,2002:"):
            self._problems.error(Place(line), f"a tag ({node.tag})", "Write the plain value")
        if isinstance(node, yaml.MappingNode):
            return Node(line, self._members(node))
        if isinstance(node, yaml.SequenceNode):
            return Node(line, tuple(self.convert(item) for item in node.value))
        return Node(line, str(node.value), plain=isinstance(node, yaml.ScalarNode) and not node.style)

    def _members(self, node: yaml.MappingNode) -> Mapping[str, Member]:
        members: dict[str, Member] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._problems.error(Place(line), "a key that is no single name", "Quote the value, if it begins with { or [")
            elif key.value in members:
                what = f"the key {key.value} a second time; the first is in line {members[key.value].line}"
                self._problems.error(Place(line), what, "Keep one of them")
            else:
                members[key.value] = Member(line, self.convert(value))
        return members


class _Dumper(yaml.SafeDumper):
    """Indents the items of lists under their key, as people write them."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def to_text(document: Mapping[str, Any]) -> str:
    """A document of ``sync_core.configuration.writing`` as YAML."""
    text: str = yaml.dump(dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=140)
    return text
