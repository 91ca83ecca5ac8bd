"""Steers a served world from another process, and shows it: one more application, on a port of its own.

Every path begins with ``/_sandbox/``. Commands (POST, JSON, answered 204, or 400 with the reason)::

    clock             {"days": 1} or {"to": "2026-03-31T23:30:00+00:00"}: only the time moves
    edit-line         {"line": 12, "by": "account-manager", "quantity": 9, "cancelled": "2026-04-30", ...}: a person in the PSA
    invoices          {"on": "2026-04-01"}: sends all invoices that are due
    copy-agreement    {"agreement": 3}
    cancel-agreement  {"agreement": 3, "on": "2026-04-30"}: the last billed day
    buy               {"tenantId": ..., "sku": "SPB", "seats": 5, "trial": false}: one more subscription
    set-seats         {"tenantId": ..., "sku": "SPB", "seats": 30}: of its first subscription
    assign, unassign  {"tenantId": ..., "sku": "SPB", "users": 2}

The commands at the PSA are for ConnectWise. Views (GET): ``promises``, ``configuration``, ``clock``, ``mails``; ``writes`` and
``previews`` (``?on=YYYY-MM-DD``) of all PSAs; ``invoices`` and ``limits`` of the first. Faults are added on the simulators' own ports, where
``requests`` are listed, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sandbox.connectwise.records import BillCustomer
from sandbox.faults import Faults
from sandbox.inspection import Command, View, inspected, plain
from sandbox.microsoft.catalog import NAMED, Sku
from sandbox.microsoft.directory import Tenant
from sandbox.web import Application, Request, Response
from sandbox.world.world import World

_LINE_FIELDS: dict[str, Callable[[Any], Any]] = {
    "quantity": lambda value: Decimal(str(value)),
    "unit_price": lambda value: Decimal(str(value)),
    "less_included": lambda value: Decimal(str(value)),
    "effective": date.fromisoformat,
    "cancelled": lambda value: None if value is None else date.fromisoformat(value),
    "bill_customer": BillCustomer,
    "invoice_description": str,
    "serial_number": str,
}
"""What a person may edit on a line, and how it is written in JSON."""


def control(world: World, configuration: Callable[[], str]) -> Application:
    """The application; ``configuration`` gives the configuration file's text for the addresses that the world is served at."""
    views: dict[str, View] = {
        "promises": lambda request: [promise.to_json() for promise in world.promises],
        "configuration": lambda request: configuration(),
        "clock": lambda request: world.clock().isoformat(),
        "writes": lambda request: [plain(asdict(write)) for books in world.books for write in books.written()],
        "previews": lambda request: [asdict(preview) for books in world.books for preview in books.previews(_day(request))],
        **{name: _shown_by(world.books[0].application) for name in ("invoices", "limits")},
        "mails": _shown_by(world.microsoft.graph),
    }
    return inspected(_nothing_else, Faults(_nothing_else), views, commands=_commands(world))


def _commands(world: World) -> dict[str, Command]:
    def clock(request: Request) -> None:
        match request.json():
            case {"days": int(days)}:
                world.clock.forward(timedelta(days=days))
            case {"to": str(moment)}:
                world.clock.set(datetime.fromisoformat(moment))
            case _:
                raise ValueError("say either days or to")

    def edit_line(request: Request) -> None:
        changes = dict(request.json())
        line, by = int(changes.pop("line")), str(changes.pop("by", "account-manager"))
        world.ledger.edit_as_person(line, by, **{name: _LINE_FIELDS[name](value) for name, value in changes.items()})

    def invoices(request: Request) -> None:
        world.ledger.run_invoices(date.fromisoformat(request.json()["on"]))

    def copy_agreement(request: Request) -> None:
        world.ledger.copy_agreement(int(request.json()["agreement"]))

    def cancel_agreement(request: Request) -> None:
        wanted = request.json()
        world.ledger.cancel_agreement(int(wanted["agreement"]), date.fromisoformat(wanted["on"]))

    psa = {"edit-line": edit_line, "invoices": invoices, "copy-agreement": copy_agreement, "cancel-agreement": cancel_agreement}
    return {"clock": clock, **psa, **_licence_commands(world)}


def _licence_commands(world: World) -> dict[str, Command]:
    def on_tenant(act: Callable[[Tenant, Sku, dict[str, Any]], object]) -> Command:
        def command(request: Request) -> None:
            wanted = dict(request.json())
            act(_tenant(world, wanted), _sku(wanted), wanted)

        return command

    return {
        "buy": on_tenant(lambda tenant, sku, wanted: tenant.buy(sku, int(wanted["seats"]), trial=bool(wanted.get("trial", False)))),
        "set-seats": on_tenant(lambda tenant, sku, wanted: tenant.set_seats(sku, int(wanted["seats"]))),
        "assign": on_tenant(lambda tenant, sku, wanted: tenant.assign(sku, int(wanted["users"]))),
        "unassign": on_tenant(lambda tenant, sku, wanted: tenant.unassign(sku, int(wanted["users"]))),
    }


def _tenant(world: World, wanted: dict[str, Any]) -> Tenant:
    tenant = world.directory.tenant(wanted["tenantId"])
    if tenant is None:
        raise ValueError(f"there is no tenant {wanted['tenantId']}")
    return tenant


def _sku(wanted: dict[str, Any]) -> Sku:
    return {sku.part_number: sku for sku in NAMED}[wanted["sku"]]


def _day(request: Request) -> date | None:
    return date.fromisoformat(request.query["on"]) if "on" in request.query else None


def _shown_by(simulator: Application) -> View:
    """A view that a simulator has under the same name."""
    return lambda request: simulator(request).json()


def _nothing_else(request: Request) -> Response:
    return Response.of_json({"error": f"this port has nothing but /_sandbox/, not {request.path}"}, 404)
