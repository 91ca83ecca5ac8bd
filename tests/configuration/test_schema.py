"""The published JSON Schema says what the reader says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from adapters.configuration.yaml_file import parse
from sync_core.configuration.layout import json_schema
from sync_core.configuration.nodes import Node, Problems
from tests.configuration.files import FILE

EXAMPLE = Path(__file__).parents[2] / "examples" / "configuration.yaml"
validate = fastjsonschema.compile(json_schema())


def as_editors_see_it(text: str) -> Any:
    """The file as a YAML 1.2 reader types it."""
    root = parse(text, Problems())
    assert root is not None
    return _typed(root)


def _typed(node: Node) -> Any:
    if isinstance(node.content, tuple):
        return [_typed(item) for item in node.content]
    if isinstance(node.content, Mapping):
        return {key: _typed(member.node) for key, member in node.content.items()}
    for kind in (int, float):
        try:
            return kind(node.content) if node.plain else node.content
        except ValueError:
            continue
    return {"true": True, "false": False}.get(node.content, node.content) if node.plain else node.content


@pytest.mark.parametrize("text", [FILE, EXAMPLE.read_text(encoding="utf-8")])
def test_what_the_reader_takes_fits_the_schema(text: str) -> None:
    validate(as_editors_see_it(text))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("profiles:", "profile:"),
        ("kind: connectwise", "kinds: connectwise"),
        ("- sku: SPB", "- sku: SPB\n    skus: [SPE_E3]"),
        ("agreement: {type: Microsoft 365}", "agreement: {}"),
        ("company: 250", "company: 250\n    mode: auto"),
        ("company: 250", "company: 250\n    companies: {cw: 250}"),
        ("company: 250", "company: 25/0"),
        ("product: M365-BP", "product: M365-BP\n    minimum: -1"),
    ],
)
def test_what_the_reader_refuses_does_not_fit_the_schema(right: str, wrong: str) -> None:
    with pytest.raises(fastjsonschema.JsonSchemaException):
        validate(as_editors_see_it(FILE.replace(right, wrong, 1)))


def test_every_member_of_the_file_has_a_sentence() -> None:
    def described(schema: Any) -> bool:
        if isinstance(schema, dict) and "properties" in schema:
            return all(member["description"].endswith(".") and described(member) for member in schema["properties"].values())
        return True

    assert described(json_schema())
