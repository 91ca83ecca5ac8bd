"""Run all tests, or those that pytest's own arguments choose (dev.py test tests/unit -k proration)."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from sandbox import azurite
from sandbox.environment import ROOT, run

DEPLOYED_PYTHON = (3, 13)
RUNTIME_TESTS = "tests/runtime"


def main(arguments: Sequence[str]) -> int:
    """Run pytest on all cores; returns its exit code.

    Without arguments the runtime tests run a second time on the Python version that we deploy to, when this machine has it.
    """
    azurite.install()
    os.chdir(ROOT)
    exit_code = run([sys.executable, "-m", "pytest", "-n", "auto", "--dist", "worksteal", *arguments])
    if arguments or exit_code:
        return exit_code
    versions = [_version(sys.version_info[:3])]
    if sys.version_info[:2] != DEPLOYED_PYTHON:
        if python := find_python(DEPLOYED_PYTHON):
            print(f"\nThe runtime tests once more, on Python {_version(DEPLOYED_PYTHON)}:", flush=True)
            exit_code = run([str(python), str(ROOT / "dev.py"), "test", RUNTIME_TESTS])
            versions.append(_version(DEPLOYED_PYTHON))
        else:
            print(f"No Python {_version(DEPLOYED_PYTHON)}, the version that we deploy to, was found on this machine.")
    print(f"The runtime tests ran on Python {' and '.join(versions)}.")
    return exit_code


def find_python(version: tuple[int, int]) -> Path | None:
    """A Python of that version that really starts: shims of pyenv, for one, lie on the path and may not."""
    return next((path for path in _candidates(version) if is_python(path, version)), None)


def _candidates(version: tuple[int, int]) -> Iterator[Path]:
    if found := shutil.which(f"python{_version(version)}"):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    pattern = "{}.{}.*/python.exe" if sys.platform == "win32" else "{}.{}.*/bin/python"
    yield from sorted((pyenv / "versions").glob(pattern.format(*version)))
    if sys.platform == "win32":
        yield from Path(os.environ.get("LOCALAPPDATA", "")).glob("Programs/Python/Python{}{}/python.exe".format(*version))


def is_python(path: Path, version: tuple[int, int]) -> bool:
    """Whether the program starts, is a Python of that version, and can make an environment."""
    question = "import sys, venv, ensurepip; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([str(path), "-c", question], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.stdout.split() == [str(number) for number in version]


def _version(numbers: Sequence[int]) -> str:
    return ".".join(map(str, numbers))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
