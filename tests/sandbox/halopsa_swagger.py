"""Halo's own Swagger description, where it is at hand: what requests and answers are held to besides our short schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sandbox.halopsa.schemas import Schema

SWAGGER = Path(__file__).parents[3] / "shared" / "specs" / "halopsa_swagger_v2.json"
needs_swagger = pytest.mark.skipif(not SWAGGER.exists(), reason="Halo's Swagger description is not beside the project")


@cache
def swagger() -> Any:
    """The whole description."""
    return json.loads(SWAGGER.read_text(encoding="utf-8"))


def described(name: str) -> Schema:
    """A schema of the description, two references deep: whatever lies below is not ours."""
    return _nullable(swagger()["components"]["schemas"][name], depth=2)


def _nullable(schema: Any, depth: int) -> Schema:
    """OpenAPI 3.0 says ``nullable`` where JSON Schema has a second type."""
    if "$ref" in schema:
        return _nullable(swagger()["components"]["schemas"][schema["$ref"].rpartition("/")[2]], depth - 1) if depth else {}
    plain = {key: value for key, value in schema.items() if key in ("type", "maxLength") or (key, value) == ("additionalProperties", False)}
    if "properties" in schema:
        plain["properties"] = {key: _nullable(value, depth) for key, value in schema["properties"].items()}
    if "items" in schema:
        plain["items"] = _nullable(schema["items"], depth)
    return {**plain, "type": [schema["type"], "null"]} if schema.get("nullable") and "type" in schema else plain
