"""The keys that HTTP functions ask for. They are made once and kept in a blob beside the app's other state, so that all hosts on one storage agree.

The real host keeps them in the container ``azure-webjobs-secrets`` too (unverified: the exact layout).
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient

from sandbox.host.timers import create_container

CONTAINER = "azure-webjobs-secrets"


@dataclass(frozen=True)
class Keys:
    """The master key opens everything, the host key every function, and a function's key that one function."""

    master: str
    host: str
    functions: Mapping[str, str]

    @classmethod
    def read_or_make(cls, blobs: BlobServiceClient, host_id: str, functions: Iterable[str]) -> Self:
        """The keys of this host id; a function that came later opens with the host key."""
        create_container(blobs, CONTAINER)
        blob = blobs.get_blob_client(CONTAINER, f"{host_id}/host.json")
        names = ["master", "host", *(f"function {name}" for name in functions)]
        with suppress(ResourceExistsError):
            blob.upload_blob(json.dumps({name: secrets.token_urlsafe(32) for name in names}), overwrite=False)
        kept = json.loads(blob.download_blob().readall())
        return cls(kept["master"], kept["host"], {name: kept.get(f"function {name}", kept["host"]) for name in functions})

    def open(self, function: str, level: str, given: str) -> bool:
        """Whether the given key opens a function with that ``authLevel``."""
        accepted = {"anonymous": None, "function": {self.master, self.host, self.functions.get(function)}, "admin": {self.master}}[level.lower()]
        return accepted is None or any(key is not None and secrets.compare_digest(key.encode(), given.encode()) for key in accepted)
