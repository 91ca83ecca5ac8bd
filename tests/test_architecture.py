"""Who may import what, beyond the contracts in pyproject.toml: import-linter sees neither the standard library nor parts of a package."""

import ast
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
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


def test_no_two_files_need_each_other() -> None:
    """Neither directly nor round a corner, nor for types alone. A package's ``__init__.py`` only gathers names, and is left out."""
    files = {path.relative_to(ROOT) for folder in ("sync_core", "adapters", "sandbox") for path in (ROOT / folder).rglob("*.py")}
    needs = {path: set[Path]() for path in files if path.name != "__init__.py"}
    for path, module in ((path, module) for folder in ("sync_core", "adapters", "sandbox") for path, module in imports(folder)):
        needed = Path(*module.split(".")).with_suffix(".py")
        if path in needs and needed in needs:
            needs[path].add(needed)
    assert sum(map(len, needs.values())) > 1000
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = " -> ".join(map(str, reversed(error.args[1])))
        raise AssertionError(circle) from None
