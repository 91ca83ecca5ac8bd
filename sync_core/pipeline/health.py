"""Whether everything a night needs works, each part with the fix when it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sync_core.errors import SyncError
from sync_core.model.configuration import Configuration
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.ports import Health

_PASSING = "Nothing to do yet: the app tries again by itself. If it stays so, look at the service's own status page"


def health(context: Context) -> list[Health]:
    """Storage, the stop switch, configuration, Microsoft, each PSA and mail; without storage nothing else can be asked."""
    storage = _checked("storage", lambda: _storage(context))
    if not storage.ok:
        return [storage]
    parts = [storage, _stop_switch(context)]
    try:
        configuration = context.current_configuration()
    except SyncError as error:
        return [*parts, Health("configuration", ok=False, detail=error.what, fix=error.fix)]
    parts.append(Health("configuration", ok=True, detail=f"version {configuration.version}"))
    return parts + _adapters(context, configuration)


def _storage(context: Context) -> Health:
    stop_switch(context.store)
    return Health("storage", ok=True)


def _stop_switch(context: Context) -> Health:
    switch = stop_switch(context.store)
    if switch.stopped:
        return Health("stop switch", ok=False, detail=f"All writes are stopped: {switch.reason}", fix="Run: python3 dev.py go")
    return Health("stop switch", ok=True, detail="writes are allowed")


def _adapters(context: Context, configuration: Configuration) -> list[Health]:
    adapters = context.adapters
    parts = [_checked("Microsoft sign-in", lambda: adapters.microsoft(configuration).health())]
    for connection in configuration.connections:
        name = connection.name
        parts.append(_checked(f"PSA {name}", lambda name=name: adapters.psa(configuration, name).health()))  # type: ignore[misc]  # binds the loop's name
    if configuration.notices.recipients:
        parts.append(_checked("mail", lambda: adapters.mailer(configuration).health()))
    return parts


def _checked(name: str, check: Callable[[], Health]) -> Health:
    try:
        part = check()
    except SyncError as error:
        part = Health(name, ok=False, detail=str(error), fix=error.fix)
    return replace(part, name=name, fix=part.fix if part.ok else part.fix or _PASSING)
