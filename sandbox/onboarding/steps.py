"""The steps in their order, the readiness table that they add up to, and what to do after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sandbox.onboarding.customers import check_roles, give_consents, read_customers
from sandbox.onboarding.describe import describe, keep_secrets
from sandbox.onboarding.enter import enter
from sandbox.onboarding.register import register
from sandbox.onboarding.session import Line, Session, State, failed
from sandbox.terminal import Cell, Colour, Terminal
from sync_core.errors import SyncError

Step = Callable[[Session], Iterator[Line]]


def check_psas(session: Session) -> Iterator[Line]:
    """Asks each PSA whether it takes its key, and which right it lacks."""
    for connection in session.configuration.connections:
        part = f"PSA {connection.name}"
        adapters = session.adapters()
        try:
            health = adapters.psa(session.configuration, connection.name).health()
        except SyncError as error:
            yield failed(part, error)
            continue
        finally:
            adapters.give_back()
        yield Line(part, State.READY if health.ok else State.TO_DO, health.detail, "" if health.ok else health.fix or _PSA_FIX)


def check_mail(session: Session) -> Iterator[Line]:
    """Asks whether mail can be handed over, where somebody is to get it."""
    if not session.configuration.notices.recipients:
        return
    try:
        health = session.adapters().mailer(session.configuration).health()
    except SyncError as error:
        yield failed("mail", error)
        return
    yield Line("mail", State.READY if health.ok else State.TO_DO, health.detail or "Mail can be handed over", health.fix)


_PSA_FIX = "Give its API user the rights that docs/security.md lists."
STEPS: Mapping[str, Step] = {
    "start": describe,
    "application": register,
    "secrets": keep_secrets,
    "sign-in": enter,
    "roles": check_roles,
    "consent": give_consents,
    "customers": read_customers,
    "psa": check_psas,
    "mail": check_mail,
}
"""Each looks first, does what it may, and can be run again at any time."""


def run(session: Session, names: Sequence[str] = ()) -> list[Line]:
    """The lines of these steps, or of all. A step that needs what an earlier one has not done yet says so."""
    lines: list[Line] = []
    for name in names or STEPS:
        session.say("")
        session.say(f"{name}: {(STEPS[name].__doc__ or '').splitlines()[0]}")
        for line in _lines(session, name):
            lines.append(line)
            mark = {State.READY: "ok", State.TO_DO: "TO DO", State.LATER: "later"}[line.state]
            session.say(f"{mark}  {line.part}: {line.says}", indent=2)
    return lines


def _lines(session: Session, name: str) -> Iterator[Line]:
    try:
        yield from STEPS[name](session)
    except SyncError as error:
        yield failed(name, error)


def show(lines: Sequence[Line], session: Session, terminal: Terminal) -> None:
    """The readiness table, then what to do, the same thing once, then the next commands."""
    colours = {State.READY: Colour.GOOD, State.TO_DO: Colour.BAD, State.LATER: Colour.WAITING}
    terminal.say("")
    terminal.table(("Part", "State", "What was found"), [(line.part, Cell(line.state.value, colours[line.state]), line.says) for line in lines])
    for fix, parts in _fixes(lines).items():
        terminal.say("")
        terminal.say(f"{', '.join(parts)}:", Colour.STRONG)
        terminal.say(fix, indent=2)
    terminal.say("")
    if ready(lines):
        terminal.say("All is ready. Next:", Colour.GOOD)
        for command in next_commands(session):
            terminal.say(command, indent=2)
    else:
        terminal.say("Run it again when that is done: what is ready stays as it is.")


def _fixes(lines: Sequence[Line]) -> dict[str, list[str]]:
    fixes: dict[str, list[str]] = {}
    for line in lines:
        if line.fix and line.state is not State.READY:
            fixes.setdefault(line.fix, []).append(line.part)
    return fixes


def ready(lines: Sequence[Line]) -> bool:
    """Whether nothing is left to do."""
    return bool(lines) and all(line.state is State.READY for line in lines)


def document(lines: Sequence[Line]) -> dict[str, Any]:
    """The readiness table for machines."""
    return {"ready": ready(lines), "parts": [asdict(line) for line in lines]}


def next_commands(session: Session) -> list[str]:
    """From the readiness to the first observed run."""
    starter = session.starter.path.name
    return [
        f"python3 dev.py config discover {starter}",
        "python3 dev.py sync --config configuration.yaml",
    ]
