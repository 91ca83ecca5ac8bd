"""Makes and reuses the environment that the commands of ``dev.py`` run in. Standard library only: it runs before anything is installed.

Everything lies under ``.data/``, which can be deleted at any time. A folder is named after a hash of what it is made from, so a
changed requirement makes a new one and never pulls an old one from under a running command.
"""

import ast
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / ".data"
REQUIREMENTS = ROOT / "requirements-dev.txt"
COMMANDS = ROOT / "sandbox" / "commands"
RUNTIME_PACKAGE = "azure-functions-runtime"


class SetupError(Exception):
    """The environment cannot be made; the text says what to do about it."""


def run_command(arguments: Sequence[str]) -> int | str:
    """Run the command that ``arguments`` begin with, in the environment.

    Returns the exit code, or one sentence for ``sys.exit`` when the environment cannot be made.
    """
    commands = command_summaries()
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(help_text(commands))
        return 0
    if arguments[0] not in commands:
        print(f"There is no command {arguments[0]!r}.\n\n{help_text(commands)}", file=sys.stderr)
        return 2
    try:
        python = make_environment()
    except SetupError as error:
        return str(error)
    return run([str(python), "-m", f"sandbox.commands.{arguments[0].replace('-', '_')}", *arguments[1:]])


def command_summaries(folder: Path = COMMANDS) -> dict[str, str]:
    """Every command with its one line of help: the first line of the docstring of its module in ``sandbox/commands/``."""
    modules = sorted(path for path in folder.glob("*.py") if not path.stem.startswith("_"))
    return {path.stem.replace("_", "-"): _first_docstring_line(path) for path in modules}


def _first_docstring_line(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def help_text(commands: dict[str, str]) -> str:
    """What ``dev.py`` prints when it is asked for help: one line a command."""
    width = max(map(len, commands), default=0)
    lines = [f"  {name:<{width}}  {summary}" for name, summary in commands.items()]
    return "\n".join(["usage: python3 dev.py COMMAND [options]    (COMMAND --help tells more)", "", *lines])


def run(command: Sequence[str]) -> int:
    """Run a child that can import the project from any folder; Ctrl-C is the child's to answer. Returns its exit code."""
    search_path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": search_path})
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def make_environment() -> Path:
    """The Python of an environment that holds exactly ``requirements-dev.txt``; makes it when it is missing or was left half made.

    Raises:
        SetupError: this Python has no ``venv``, or the packages cannot be installed.
    """
    tag = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    folder = DATA / "environment" / f"{tag}-{fingerprint(REQUIREMENTS.read_bytes(), sys.version.encode(), sys.base_prefix.encode())}"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not python.exists():  # the Python it was made from is gone, or it was never made
        (folder / "complete").unlink(missing_ok=True)
    make_once(folder, f"an environment for Python {sys.version.split()[0]}", lambda: _install_packages(folder, python))
    return python


def _install_packages(folder: Path, python: Path) -> None:
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(
            f"This Python ({sys.executable}) comes without venv and ensurepip, which dev.py needs to make its own environment: "
            "install them (on Debian and Ubuntu the package python3-venv) or use another Python 3.11 to 3.13."
        )
    checked([sys.executable, "-m", "venv", str(folder)], folder)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--require-hashes"]
    checked([*pip, "-r", str(REQUIREMENTS)], folder)
    if sys.version_info < (3, 13):
        # It declares Python 3.13, which Azure runs it on, but works on 3.11 and 3.12 as well; what it needs is in requirements-dev.txt.
        runtime = folder / "runtime.txt"
        runtime.write_text(unconditional(RUNTIME_PACKAGE, REQUIREMENTS.read_text(encoding="utf-8")), encoding="utf-8")
        checked([*pip, "--no-deps", "--ignore-requires-python", "-r", str(runtime)], folder)


def unconditional(package: str, requirements: str) -> str:
    """The lines of a requirements file that pin ``package``, with its hashes and without the marker that says for whom it is.

    Raises:
        SetupError: it is not pinned there.
    """
    match = re.search(rf"^({re.escape(package)}==[^\s;]+)[^\\\n]*((?:\\\n[^\n\\]+)*)", requirements, re.MULTILINE)
    if match is None:
        raise SetupError(f"{REQUIREMENTS.name} does not pin {package}.")
    return f"{match[1]} {match[2]}\n"


def checked(command: Sequence[str], folder: Path, cwd: Path | None = None) -> None:
    """Run an installer quietly; its output goes into ``<folder>.log``.

    Raises:
        SetupError: it failed; the text carries its last lines.
    """
    log = folder.with_name(f"{folder.name}.log")
    with log.open("ab") as output:
        exit_code = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=cwd).returncode
    if exit_code:
        tail = "\n  ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        raise SetupError(f"{' '.join(command)}\nended with exit code {exit_code}. Its last lines (all of them are in {log}):\n  {tail}")


def make_once(folder: Path, what: str, build: Callable[[], None]) -> None:
    """Build ``folder`` unless it is complete: one process at a time, and what an interrupted one left is thrown away first.

    ``build`` fills ``folder``; the file ``complete`` in it is written last and is what counts.
    """
    complete = folder / "complete"
    if complete.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f"{folder.name}.lock")):
        if complete.exists():
            return
        _say(f"Making {what} in {_shown(folder)} (once; about a minute) ...")
        started = time.monotonic()
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.log").unlink(missing_ok=True)
        folder.mkdir()
        build()
        complete.touch()
        _say(f"Made {what} in {time.monotonic() - started:.0f} s.")


def fingerprint(*parts: bytes) -> str:
    """A short name for what a folder is made from."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file that only one process has at a time; the operating system frees it when its holder dies."""
    with path.open("a+b") as file:
        _lock(file.fileno())
        yield


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        while True:
            try:
                return msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                continue
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
