"""The seam to the real Python runtime: load ``function_app.py`` and invoke its functions.

The runtime expects gRPC messages; it takes their classes from the caller, and plain ones do. Its state is global to the
process, so a process holds one app.
"""

import asyncio
import json
import os
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native


class IndexingError(Exception):
    """The runtime does not accept the app, so Azure would not start it either. ``trace`` says where."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.trace = trace


@dataclass(frozen=True)
class Function:
    """A function as the runtime indexed it; ``bindings`` are the members of a ``function.json``."""

    name: str
    id: str
    bindings: Sequence[Mapping[str, Any]]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """The binding that starts it."""
        return next(binding for binding in self.bindings if binding["type"].endswith("Trigger"))


@dataclass(frozen=True)
class Outcome:
    """What an invocation ended with; ``value`` is what the function returned, as the runtime encoded it."""

    ok: bool
    value: Any = None
    error: str = ""
    trace: str = ""


@dataclass
class Runtime:
    """The app of this process, loaded; invocations are dispatched from a thread of its own."""

    functions: list[Function]
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        azure_functions_runtime.start_threadpool_executor()
        threading.Thread(target=self._loop.run_forever, name="dispatcher", daemon=True).start()

    def invoke(self, function: Function, data: Any, metadata: Mapping[str, Any] | None = None) -> Future[Outcome]:
        """Start the function with its trigger's ``data`` (a ``Datum``); the future never raises what the function raised."""
        return asyncio.run_coroutine_threadsafe(self._invoke(function, data, dict(metadata or {})), self._loop)

    async def _invoke(self, function: Function, data: Any, metadata: dict[str, Any]) -> Outcome:
        inputs = [(function.trigger["name"], data)]
        ok, value, _, error, trace = await invocation_request_native(str(uuid.uuid4()), function.id, inputs, metadata)
        return Outcome(ok, value, error or "", trace or "")


def load(app: Path) -> Runtime:
    """Load the app in that folder, once in the life of a process.

    Raises:
        IndexingError: the runtime does not accept it.
    """
    sys.path.insert(0, str(app))
    os.chdir(app)
    return Runtime(asyncio.run(_index(app)))


async def _index(app: Path) -> list[Function]:
    start = SimpleNamespace(capabilities={}, function_app_directory=str(app))
    answer = await azure_functions_runtime.worker_init_request(_request(worker_init_request=start))
    if answer.result.status != "Success":
        raise IndexingError(answer.result.exception.message, answer.result.exception.stack_trace)
    found = (await azure_functions_runtime.functions_metadata_request(_request())).function_metadata_results
    if not found:
        raise IndexingError(f"There is no function_app.py with functions in {app}.")
    return [Function(function.name, function.function_id, [json.loads(binding) for binding in function.raw_bindings]) for function in found]


def string(value: str) -> Any:
    """A text for the runtime."""
    return Datum(value, "string")


def as_json(value: Any) -> Any:
    """A JSON value for the runtime."""
    return Datum(json.dumps(value), "json")


def binary(value: bytes) -> Any:
    """Bytes for the runtime."""
    return Datum(value, "bytes")


def http(value: Mapping[str, Any]) -> Any:
    """An HTTP request for the runtime."""
    return Datum(dict(value), "http")


def _request(**members: Any) -> SimpleNamespace:
    return SimpleNamespace(request=SimpleNamespace(**members), properties={"host": "127.0.0.1", "protos": _MESSAGES})


def _message(name: str, **constants: Any) -> type:
    def keep(self: Any, **members: Any) -> None:
        self.__dict__.update(members)

    return type(name, (), {"__init__": keep, **constants})


_MESSAGES = SimpleNamespace(
    BindingInfo=_message("BindingInfo", out=1, inout=2, undefined=0),
    FunctionMetadataResponse=_message("FunctionMetadataResponse"),
    RpcException=_message("RpcException"),
    RpcFunctionMetadata=_message("RpcFunctionMetadata"),
    RpcRetryOptions=_message("RpcRetryOptions"),
    StatusResult=_message("StatusResult", Success="Success", Failure="Failure"),
    WorkerInitResponse=_message("WorkerInitResponse"),
    WorkerMetadata=_message("WorkerMetadata"),
)
