"""The documentation against the code: links lead somewhere, and every command, setting, file, code and event that is named exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.psa import KINDS
from adapters.psa.kind import Kind
from sandbox import environment
from sandbox.environment import ROOT
from sync_core import errors
from sync_core.settings import settings

DOCS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "infra/*.md", "sync_core/**/*.md", "tests/**/*.md", "examples/*.md") for path in ROOT.glob(pattern)
)
CODE = [path for folder in ("sync_core", "adapters") for path in sorted((ROOT / folder).rglob("*.py"))]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
COMMAND = re.compile(r"dev\.py ([a-z-]+)(?: ([a-z]+)\b)?")
SETTING = re.compile(r"\bSYNC_[A-Z_]*[A-Z]\b")
NAMED_FILE = re.compile(r"`((?:sync_core|adapters|sandbox|tests|docs|examples|infra)/[\w./-]*)`")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)

each_document = pytest.mark.parametrize("document", DOCS, ids=lambda path: str(path.relative_to(ROOT)))


@each_document
def test_every_link_leads_to_a_file_and_a_heading_that_exist(document: Path) -> None:
    links = [link for link in LINK.findall(_prose(document)) if not link.startswith(("https://", "mailto:"))]
    assert [link for link in links if not _leads_somewhere(document, link)] == []


@each_document
def test_every_command_exists(document: Path) -> None:
    assert [" ".join(found) for found in COMMAND.findall(_text(document)) if not _is_command(*found)] == []


@each_document
def test_every_setting_exists(document: Path) -> None:
    """Most are members of ``Settings``; a few are read where the app is put together."""
    known = {setting.name for setting in settings()} | {name for path in CODE for name in SETTING.findall(_text(path))}
    assert set(SETTING.findall(_text(document))) - known == set()


@each_document
def test_every_file_that_is_named_exists(document: Path) -> None:
    assert [name for name in NAMED_FILE.findall(_text(document)) if not (ROOT / name).exists()] == []


def test_every_error_code_is_explained_and_every_explained_one_exists() -> None:
    """A code that is made of a status is listed with an ellipsis in its place, such as ``http-…``."""
    explained = set(re.findall(r"^\| `([^`]+)` \|", _text(ROOT / "docs" / "errors.md"), re.MULTILINE))
    assert explained == error_codes()


def test_every_event_of_the_log_is_explained() -> None:
    explained = _text(ROOT / "docs" / "operations.md")
    assert [name for name in sorted(_events()) if f"`{name}`" not in explained] == []


def test_every_table_is_accounted_for() -> None:
    """What is stored where is a promise of the security page, so a new table cannot be forgotten there."""
    explained = _text(ROOT / "docs" / "security.md")
    assert [name for name in sorted(_tables()) if f"| table `{name}` |" not in explained] == []


def test_the_threat_model_says_what_the_thief_of_each_secret_of_a_psa_can_do() -> None:
    explained = _text(ROOT / "docs" / "threat-model.md")
    assert [name for kind in KINDS.values() for name in kind.secrets if f"`{name}`" not in explained] == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_assumption_of_a_psa_is_listed_with_its_setting(kind: Kind) -> None:
    listed = _text(ROOT / "docs" / "verify-psa.md")
    rows = [f"| {each.name} | {each.text} | {f'`{each.setting}`' if each.setting else ''} | {each.by_hand} |" for each in kind.assumptions]
    assert [row for row in rows if row not in listed] == []
    assert {each.setting for each in kind.assumptions} <= {*kind.settings, ""}


def error_codes() -> set[str]:
    """Every ``code=`` given to an error, the codes of the table of Microsoft's meanings, and the classes that stand in for a missing one."""
    names = _named_texts()
    calls = [node for path in CODE for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    given = {code for call in calls for word in call.keywords if word.arg == "code" for code in _codes(word.value, names)}
    meant = {code for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Meaning" for code in _codes(call.args[0], names)}
    classes = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.SyncError)}
    return given | meant | (classes - {"SyncError"})


def _codes(node: ast.expr, names: dict[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in names:
        yield names[node.id]
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)


def _named_texts() -> dict[str, str]:
    """The texts that modules keep under a name in capitals."""
    found = {}
    for path in CODE:
        for node in _tree(path).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Constant):
                found[node.targets[0].id] = node.value.value
    return {name: text for name, text in found.items() if name.isupper() and isinstance(text, str)}


def _events() -> set[str]:
    """The names in the first argument of ``event``; one that is put together from a state is left out."""
    calls = [node for path in CODE for node in ast.walk(_tree(path)) if isinstance(node, ast.Call)]
    names = [node.args[0] for node in calls if isinstance(node.func, ast.Name) and node.func.id == "event"]
    texts = {node.value for name in names for node in ast.walk(name) if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and not text.endswith(".")}


def _tables() -> set[str]:
    return {name for path in CODE for name in re.findall(r"^(?:_?TABLE|RUNS|CUSTOMERS) = \"([a-z]+)\"", _text(path), re.MULTILINE)}


def _is_command(name: str, verb: str) -> bool:
    module = ROOT / "sandbox" / "commands" / f"{name.replace('-', '_')}.py"
    if name not in environment.command_summaries():
        return False
    has_verbs = "add_subparsers" in _text(module)
    return not (has_verbs and verb) or f'"{verb}"' in _text(module)


def _leads_somewhere(document: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (document.parent / path).resolve() if path else document
    return target.exists() and (not anchor or anchor in _anchors(target))


def _anchors(document: Path) -> set[str]:
    """Headings as GitHub turns them into anchors."""
    headings = re.findall(r"^#+ +(.+)$", _prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def _prose(document: Path) -> str:
    return FENCE.sub("", _text(document))


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _tree(path: Path) -> ast.Module:
    return ast.parse(_text(path))
