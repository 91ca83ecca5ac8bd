"""Who may import what, beyond the contracts in pyproject.toml: import-linter sees neither the standard library nor parts of a package."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from sandbox.environment import ROOT


def imports(folder: str) -> Iterator[tuple[Path, str]]:
    """Every import below a folder: the file and the module."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path.relative_to(ROOT), name.name) for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield path.relative_to(ROOT), node.module


def test_the_core_imports_nothing_but_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "sync_core"}
    assert [found for found in imports("sync_core") if found[1].partition(".")[0] not in allowed] == []


def test_only_the_triggers_know_that_this_is_a_function_app() -> None:
    knowing = {path for path, module in imports("adapters") if module.startswith("azure.functions")}
    assert [path for path in knowing if path.parts[:2] != ("adapters", "functions")] == []


def test_making_the_environment_needs_only_the_standard_library() -> None:
    allowed = {*sys.stdlib_module_names, "sandbox"}
    needed = [module for path, module in imports("sandbox") if path.name in ("environment.py", "__init__.py") and len(path.parts) == 2]
    assert [module for module in needed if module.partition(".")[0] not in allowed] == []
