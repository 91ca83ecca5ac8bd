"""Whether everything a night needs works, each part with the fix when it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sync_core.access import SILENT_AFTER, findings
from sync_core.errors import SyncError
from sync_core.model.configuration import Configuration
from sync_core.pipeline.context import Context
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.watch_access import access_report
from sync_core.ports import Health

_ACCESS = "access"
_MOST_TOLD = 20
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
    return [*parts, *_adapters(context, configuration), _access(context, configuration)]


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


def _access(context: Context, configuration: Configuration) -> Health:
    """What the watch over access found last: down where work stops, or will within a week, for everybody; a customer's end is told beside it."""
    report, now = access_report(context.store), context.clock.now()
    if report.signed_in is None:
        return Health(_ACCESS, ok=True, detail="not looked at yet")
    if now - report.signed_in > SILENT_AFTER:
        since = f"{report.signed_in:%Y-%m-%d %H:%M} UTC"
        return Health(_ACCESS, ok=False, detail=f"Not looked at since {since}", fix="Look at the invocations of the function watch_access")
    found = findings(report, now)
    names = {item.customer.tenant_id: item.customer.name for item in configuration.customers}
    told = [f"{names.get(one.tenant_id, '')}: {one.what}" if one.tenant_id else one.what for one in found]
    bad = [one for one in found if one.urgent and not one.tenant_id]
    return Health(_ACCESS, not bad, "; ".join(told[:_MOST_TOLD]) or "nothing ends within 60 days", " ".join(dict.fromkeys(one.fix for one in bad)))


def _checked(name: str, check: Callable[[], Health]) -> Health:
    try:
        part = check()
    except SyncError as error:
        part = Health(name, ok=False, detail=str(error), fix=error.fix)
    return replace(part, name=name, fix=part.fix if part.ok else part.fix or _PASSING)
