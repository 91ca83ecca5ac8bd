"""Bicep files as declarations, read with the grammar that editors use. No compiler is needed, which would have to be downloaded."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import tree_sitter
import tree_sitter_bicep
from tree_sitter import Node

_LANGUAGE = tree_sitter.Language(tree_sitter_bicep.language())
_KINDS = {
    "parameter_declaration": "param",
    "variable_declaration": "var",
    "resource_declaration": "resource",
    "module_declaration": "module",
    "output_declaration": "output",
    "type_declaration": "type",
}
_BESIDE = ("comment", "metadata_declaration", "target_scope_assignment", "using_statement")


class BicepError(Exception):
    """The template is wrong; the text says where and why."""


@dataclass(frozen=True)
class Declaration:
    """One ``param``, ``var``, ``resource``, ``module``, ``output`` or ``type`` of a file.

    ``target`` is the type and API version of a resource, or the path of a module. ``value`` is the expression behind the equals sign.
    """

    kind: str
    name: str
    value: Node | None = None
    type: Node | None = None
    target: str = ""
    existing: bool = False
    decorators: Mapping[str, Node] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """What ``@description`` says; empty without one."""
        return _description(self.decorators)


@functools.cache
def read(text: str) -> tuple[Declaration, ...]:
    """The declarations of a Bicep file. Raises ``BicepError`` with the line of the first mistake in the syntax."""
    return tuple(_declarations(_parse(text)))


def read_parameters(text: str) -> tuple[Declaration, ...]:
    """The assignments of a ``.bicepparam`` file, which look like variables but for the keyword."""
    return read(re.sub(r"^param ", "var ", text, flags=re.MULTILINE))


def tokens(text: str) -> Iterator[Node]:
    """Every name and every piece of text of a file that means something to Azure: what describes, and what a declaration is called, left out."""
    yield from _tokens(_parse(text))


def members_of(node: Node) -> dict[str, Node]:
    """What stands behind each name of an object, or of a type that describes one."""
    return {_key(item): item.named_children[-1] for item in node.named_children if item.type == "object_property"}


def descriptions_of(node: Node) -> dict[str, str]:
    """What ``@description`` says of each member of a type."""
    found, decorators = {}, dict[str, Node]()
    for item in node.named_children:
        if item.type == "decorators":
            decorators = _decorators(item)
        elif item.type == "object_property":
            found[_key(item)], decorators = _description(decorators), {}
    return found


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode()


def literal(node: Node) -> str:
    """A string without interpolation, or a piece of one, as Bicep reads it: an escaped quote is a quote, an escaped n ends a line."""
    return "".join(map(literal, node.named_children)) if node.type == "string" else text_of(node).replace("\\'", "'").replace("\\n", "\n")


def _parse(text: str) -> Node:
    root = tree_sitter.Parser(_LANGUAGE).parse(text.encode()).root_node
    if root.has_error:
        wrong = next(node for node in _walk(root) if node.is_error or node.is_missing)
        raise BicepError(f"line {wrong.start_point[0] + 1}: this is no Bicep")
    return root


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _tokens(node: Node) -> Iterator[Node]:
    if node.type in ("decorators", *_BESIDE):
        return
    if node.type in ("identifier", "property_identifier", "string_content", "boolean"):
        yield node
    children = node.named_children
    for child in children[1:] if node.type in _KINDS else children:
        yield from _tokens(child)


def _declarations(root: Node) -> Iterator[Declaration]:
    decorators: dict[str, Node] = {}
    for node in root.named_children:
        if node.type == "decorators":
            decorators = _decorators(node)
        elif node.type in _KINDS:
            yield _declaration(node, decorators)
            decorators = {}
        elif node.type not in _BESIDE:
            raise BicepError(f"line {node.start_point[0] + 1}: the checks know no {node.type}")


def _declaration(node: Node, decorators: Mapping[str, Node]) -> Declaration:
    kind, name, rest = _KINDS[node.type], text_of(node.named_children[0]), node.named_children[1:]
    marks = {child.type for child in node.children}
    is_valued = "=" in marks
    stated = next((child for child in rest if child.type == "type"), None)
    target = literal(rest[0]) if kind in ("resource", "module") else ""
    return Declaration(kind, name, rest[-1] if is_valued else None, stated, target, "existing" in marks, decorators)


def _decorators(node: Node) -> dict[str, Node]:
    calls = [decorator.named_children[0] for decorator in node.named_children]
    return {text_of(call.named_children[0]): call.named_children[1] for call in calls}


def _description(decorators: Mapping[str, Node]) -> str:
    return literal(decorators["description"].named_children[0]) if "description" in decorators else ""


def _key(item: Node) -> str:
    key = item.named_children[0]
    return literal(key) if key.type == "string" else text_of(key)
