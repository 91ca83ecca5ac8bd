"""Secrets from environment variables, for a machine that has no key vault: development, the demo and runs by hand."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sync_core.errors import InvalidConfiguration
from sync_core.settings import RESOLVE, is_unresolved


@dataclass(frozen=True)
class _Put:
    """A value that was put, and what stood in the variable then, as a hash: a variable that a person has changed since is newer.

    ``ends`` is the moment (UTC, ISO) until which it is good, empty where that is not known.
    """

    value: str
    instead_of: str
    ends: str = ""


class EnvironmentSecrets:
    """The secret ``partner-refresh-token`` is the variable ``SECRET_PARTNER_REFRESH_TOKEN``; one that was put since wins.

    It wins until the variable is changed: whoever sets a new value, or goes to another partner, means that one.

    Args:
        environment: the variables.
        file: keeps what is put for the next process, readable by its owner alone where the system can do that. Without one it
            is gone with this process.
    """

    def __init__(self, environment: Mapping[str, str], file: Path | None = None) -> None:
        self._environment = environment
        self._file = file
        self._put: dict[str, _Put] = _read(file) if file else {}
        self._lock = threading.Lock()

    def get(self, name: str, fresh: bool = False) -> str:
        """See ``Secrets.get``. With a file, ``fresh`` also finds what another process has put."""
        if fresh and self._file:
            self._put = _read(self._file)
        put = self._newer(name)
        value = put.value if put else self._environment.get(variable(name))
        if not value:
            fix = f"Set the environment variable {variable(name)}"
            raise InvalidConfiguration("There is no such secret", code="secret-missing", where=f"secret {name}", fix=fix)
        if is_unresolved(value):
            why = f"{variable(name)} is a Key Vault reference that Azure did not resolve"
            raise InvalidConfiguration("The secret cannot be read", code="secret-missing", where=f"secret {name}", why=why, fix=RESOLVE)
        return value

    def put(self, name: str, value: str, ends: datetime | None = None) -> None:
        """See ``Secrets.put``."""
        with self._lock:
            self._put[name] = _Put(value, self._fingerprint(name), ends.isoformat() if ends else "")
            if self._file:
                _write(self._file, self._put)

    def ends(self, name: str) -> datetime | None:
        """See ``Secrets.ends``. Of a variable nothing is known."""
        self.get(name)
        put = self._newer(name)
        return datetime.fromisoformat(put.ends) if put and put.ends else None

    def _newer(self, name: str) -> _Put | None:
        """What was put, unless the variable was changed since."""
        put = self._put.get(name)
        return put if put and put.instead_of == self._fingerprint(name) else None

    def _fingerprint(self, name: str) -> str:
        return hashlib.sha256(self._environment.get(variable(name), "").encode()).hexdigest()


def variable(name: str) -> str:
    """The environment variable that holds a secret."""
    return f"SECRET_{name.upper().replace('-', '_')}"


def _read(file: Path) -> dict[str, _Put]:
    try:
        return {str(name): _Put(**put) for name, put in json.loads(file.read_text(encoding="utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (AttributeError, TypeError, ValueError):
        fix = "Delete it, and set the secrets as environment variables"
        raise InvalidConfiguration("The file of secrets cannot be read", code="secrets-file", where=file.name, fix=fix) from None


def _write(file: Path, secrets: Mapping[str, _Put]) -> None:
    """Replaces the file in one move, so that a crash leaves the old or the new one and never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump({name: asdict(put) for name, put in secrets.items()}, stream, indent=1)
    new.replace(file)
