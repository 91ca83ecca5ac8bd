"""The watch over access: tries the sign-in often, reads the ends of what ends once a day, and keeps what it found for health and digest.

Nothing of it belongs to a run, so a run costs no more for it, and a broken sign-in is known before the night.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sync_core.access import findings, relationship_endings, secrets_of
from sync_core.configuration.versions import current_version
from sync_core.errors import RetryLater, SyncError
from sync_core.events import about, event
from sync_core.model.access import END_UNKNOWN, MFA_MISSING, SECRET_ENDS, SIGN_IN_NOT_KEPT, AccessReport, Broken, Ending
from sync_core.model.configuration import Configuration, Credential
from sync_core.pipeline.context import Context
from sync_core.ports import Microsoft, Store
from sync_core.rows import read, to_row, upsert

LOOK_EVERY = timedelta(hours=20)
"""Below a day, so that a daily look is not put off by an hour every day."""
_TROUBLE_LASTS = timedelta(days=3)
_PASSING = "Nothing to do yet: it is tried again every hour."
_TABLE = "signin"
_PARTITION = "access"
_KEY = "report"
_STORE_AGAIN = "Sign in once more with the service account and MFA: python3 dev.py onboard --step sign-in."


def watch_access(context: Context) -> AccessReport:
    """Tries the sign-in and, once a day, looks at what ends; before a configuration was imported there is nothing to watch."""
    if current_version(context.store) is None:
        return AccessReport()
    configuration = context.current_configuration()
    microsoft, last, now = context.adapters.microsoft(configuration), access_report(context.store), context.clock.now()
    report = replace(last, signed_in=now, broken=tuple(_signed_in(microsoft, last)))
    if last.looked is None or now - last.looked >= LOOK_EVERY:
        report = _with_ends(context, configuration, microsoft, report)
    context.store.transact(_TABLE, [upsert(to_row(_PARTITION, _KEY, report))])
    _say(report, context)
    return report


def access_report(store: Store) -> AccessReport:
    """What the watch found last; an empty report before its first look."""
    row = read(store, _TABLE, _PARTITION, _KEY, AccessReport)
    return row.value if row else AccessReport()


def _signed_in(microsoft: Microsoft, last: AccessReport) -> Iterator[Broken]:
    try:
        renewal = microsoft.renew()
    except RetryLater:
        yield from last.broken
        return
    except SyncError as error:
        yield Broken(error.code, _sentence(error), error.fix)
        return
    if renewal.mfa is False:
        yield Broken(MFA_MISSING, "The stored sign-in was made without multi-factor authentication", _STORE_AGAIN)
    if renewal.not_kept is not None:
        why = renewal.not_kept
        yield Broken(SIGN_IN_NOT_KEPT, f"The newest refresh token could not be stored: {_sentence(why)}", why.fix)


def _with_ends(context: Context, configuration: Configuration, microsoft: Microsoft, report: AccessReport) -> AccessReport:
    """The report with what ends. After passing trouble it is looked at again with the next try of the sign-in; told is only what lasts."""
    now = context.clock.now()
    try:
        endings, unread = _looked(context, configuration, microsoft)
    except RetryLater as error:
        if report.looked is not None and now - report.looked < _TROUBLE_LASTS:
            return report
        return replace(report, unread=(Broken(error.code, f"What ends could not be read: {_sentence(error)}", error.fix or _PASSING),))
    return replace(report, looked=now, endings=endings, unread=unread)


def _looked(context: Context, configuration: Configuration, microsoft: Microsoft) -> tuple[tuple[Ending, ...], tuple[Broken, ...]]:
    endings: list[Ending] = []
    unread: list[Broken] = []
    for look in (_secrets(context, configuration, microsoft), _relationships(configuration, microsoft)):
        for found in look:
            endings += [found] if isinstance(found, Ending) else []
            unread += [found] if isinstance(found, Broken) else []
    return tuple(endings), tuple(unread)


def _relationships(configuration: Configuration, microsoft: Microsoft) -> Iterator[Ending | Broken]:
    try:
        yield from relationship_endings(microsoft.delegations(), configuration)
    except RetryLater:
        raise
    except SyncError as error:
        yield Broken(error.code, f"The ends of the GDAP relationships could not be read: {_sentence(error)}", error.fix)


def _secrets(context: Context, configuration: Configuration, microsoft: Microsoft) -> Iterator[Ending | Broken]:
    """What the vault says of each secret's end; of the app's own credential also what Microsoft or the certificate says."""
    own = configuration.partner.credential_secret
    for name, what in secrets_of(configuration).items():
        try:
            ends = context.adapters.secret_ends(name)
            if name == own and ends is None:
                ends = microsoft.credential_ends()
        except RetryLater:
            raise
        except SyncError as error:
            yield Broken(error.code, f"{what} could not be looked at: {_sentence(error)}", error.fix)
            continue
        if ends is not None:
            fix = f"Renew it and store the new one as “{name}”, as “Rotating secrets” in docs/operations.md says."
            yield Ending(SECRET_ENDS, what, fix, ends)
        elif name == own and configuration.partner.credential is Credential.SECRET:
            fix = f"Set the expiry date of the secret “{name}” in the vault, or grant the application Application.Read.All in the partner tenant."
            yield Ending(END_UNKNOWN, f"{what} ends one day, and nobody can tell when", fix)


def _say(report: AccessReport, context: Context) -> None:
    """One line for everything that is wrong or about to be; an alert waits for these."""
    found = findings(report, context.clock.now())
    for finding in found:
        level = logging.ERROR if finding.urgent else logging.WARNING
        days = {} if finding.days is None else {"days": finding.days}
        with about(customer=finding.tenant_id):
            event("access.finding", level, code=finding.code, weight="urgent" if finding.urgent else "early", **days)
    event("access.watched", findings=len(found))


def _sentence(error: SyncError) -> str:
    return f"{error.what}. {error.why}".strip() if error.why else error.what
