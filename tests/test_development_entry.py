"""``dev.py``: a newcomer's first minutes, and what keeps its environment whole."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sandbox import environment
from sandbox.commands.test import find_python, is_python
from sandbox.environment import ROOT

DEV = ROOT / "dev.py"


def dev(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``dev.py`` as a person does, from another folder."""
    return subprocess.run([sys.executable, str(DEV), *arguments], cwd=ROOT.parent, capture_output=True, text=True)


def test_help_has_one_line_for_every_command() -> None:
    shown = dev()
    assert shown.returncode == 0
    for command in environment.command_summaries():
        assert re.search(rf"^  {command} +\w.+", shown.stdout, re.MULTILINE)


def test_an_unknown_command_shows_the_help_and_fails() -> None:
    shown = dev("demonstrate")
    assert shown.returncode == 2
    assert "There is no command 'demonstrate'." in shown.stderr
    assert "usage: python3 dev.py COMMAND" in shown.stderr


def test_a_command_is_one_file_whose_docstring_is_its_help(tmp_path: Path) -> None:
    (tmp_path / "greet.py").write_text('"""Say hello.\n\nMore."""\n', encoding="utf-8")
    (tmp_path / "_shared.py").write_text('"""No command."""\n', encoding="utf-8")
    assert environment.command_summaries(tmp_path) == {"greet": "Say hello."}


@pytest.mark.parametrize("module", sorted(environment.command_summaries().keys() - {"test"}))
def test_every_command_explains_its_options(module: str) -> None:
    """All but ``test``, whose options are pytest's own."""
    shown = subprocess.run([sys.executable, "-m", f"sandbox.commands.{module.replace('-', '_')}", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0
    assert f"usage: dev.py {module}" in shown.stdout


def test_a_folder_is_made_once(tmp_path: Path) -> None:
    folder, made = tmp_path / "made", []
    for _ in range(2):
        environment.make_once(folder, "a folder", lambda: made.append(1))
    assert made == [1]


def test_what_an_interrupted_start_left_is_thrown_away_and_made_anew(tmp_path: Path) -> None:
    folder = tmp_path / "made"

    def interrupted() -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        environment.make_once(folder, "a folder", interrupted)
    environment.make_once(folder, "a folder", lambda: (folder / "whole").touch())
    assert sorted(path.name for path in folder.iterdir()) == ["complete", "whole"]


def test_two_starts_at_once_make_a_folder_once(tmp_path: Path) -> None:
    folder, made = tmp_path / "made", []
    starts = [threading.Thread(target=environment.make_once, args=(folder, "a folder", lambda: made.append(1))) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert made == [1]


def test_a_failed_installer_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(environment.SetupError, match=r"exit code 3(.|\n)*no such package"):
        environment.checked([sys.executable, "-c", "print('no such package'); raise SystemExit(3)"], tmp_path / "made")


def test_a_python_that_only_seems_to_be_there_is_not_used(tmp_path: Path) -> None:
    """Shims of version managers lie on the path and fail when they are started."""
    assert not is_python(tmp_path / "python3.13", (3, 13))
    assert not is_python(Path(sys.executable), (3, 99))
    assert is_python(Path(sys.executable), sys.version_info[:2])
    assert find_python((3, 99)) is None


def test_an_old_python_gets_a_sentence() -> None:
    """``dev.py`` itself must not use anything newer than its check; ``ast`` reads it as Python 3.7 would."""
    program = "import ast, sys; ast.parse(open(sys.argv[1], encoding='utf-8').read(), feature_version=(3, 7))"
    assert subprocess.run([sys.executable, "-c", program, str(DEV)]).returncode == 0
