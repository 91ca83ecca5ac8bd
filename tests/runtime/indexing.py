"""Indexes an app with the real Python runtime of Azure Functions, as Azure does when it starts the app.

The runtime keeps its state in the process, so every app is indexed in a process of its own: ``index(folder)`` starts
``python -m tests.runtime.indexing FOLDER`` and reads its answer.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sandbox.environment import ROOT


@dataclass(frozen=True)
class Index:
    """What the runtime made of an app: the bindings of every function by its name, or the error that it would stop with in Azure."""

    functions: Mapping[str, list[dict[str, Any]]]
    error: str = ""

    def trigger(self, function: str) -> dict[str, Any]:
        """The binding that starts the function."""
        return next(binding for binding in self.functions[function] if binding["type"].endswith("Trigger"))


def index(app: Path, settings: Mapping[str, str] | None = None) -> Index:
    """Index the app in that folder, with the given settings beside this process's environment."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(settings or {})}
    done = subprocess.run(
        [sys.executable, "-m", "tests.runtime.indexing", str(app)], env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    return Index(**json.loads(done.stdout))


def _index_here(app: Path) -> Index:
    from sandbox.host import runtime  # here, so that the tests' own process does not load it

    try:
        loaded = runtime.load(app)
    except runtime.IndexingError as error:
        return Index({}, str(error))
    return Index({function.name: [dict(binding) for binding in function.bindings] for function in loaded.functions})


if __name__ == "__main__":
    print(json.dumps(asdict(_index_here(Path(sys.argv[1]).resolve()))))
