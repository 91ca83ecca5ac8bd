"""HTTP: cut-overs, for people who are signed in. Whoever has a role may look; searching, choosing and every word need an Approver.

What takes long is done by the app's own stage: a route answers at once, and the cut-over says how far it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import islice

import azure.functions as func

from adapters.functions.answers import answer, url_of, with_problems
from adapters.functions.bodies import Body, id_of, sent
from adapters.functions.cutover_documents import cutover_document, line_documents
from adapters.functions.principal import who
from adapters.functions.world import context
from sync_core.errors import Rejected
from sync_core.model.cutovers import Choice, Cutover, Wanted, What
from sync_core.model.people import Role, need
from sync_core.pipeline.cutover.confirming import confirm, drop_cutover, resume_cutover, stop_cutover, undo_of_cutover
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover, recent_cutovers, units_of
from sync_core.pipeline.cutover.search import start_search
from sync_core.pipeline.cutover.stage import ask_for_work, progress
from sync_core.pipeline.undo import customers_to_undo, start_undo

LONGEST_CHOICE = 1024 * 1024
"""Bytes of a body that names lines: some twenty thousand."""
_FILTER = ("connections", "companies", "agreements", "products", "markers", "blank", "linked")
_MOST_LISTED = 50

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.route("cutovers", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def list_cutovers(request: func.HttpRequest) -> func.HttpResponse:
    """The newest cut-overs."""
    need(who(request), *Role)
    return answer([_document(request, each) for each in islice(recent_cutovers(context().store), _MOST_LISTED)])


@blueprint.route("cutovers", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def find_lines(request: func.HttpRequest) -> func.HttpResponse:
    """Begins a search: ``{"connections": [], "companies": [], "agreements": [], "products": [], "markers": [], "blank": false, "linked": false}``."""
    by = need(who(request), Role.APPROVER)
    cutover = start_search(context(), _wanted(Body.of(request, *_FILTER)), str(by))
    return working(request, cutover)


@blueprint.route("cutovers/{cutoverId}", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def show_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """How far a cut-over is, and what it comes to."""
    need(who(request), *Role)
    return answer(_document(request, load_cutover(context().store, id_of(request, "cutoverId")).value))


@blueprint.route("cutovers/{cutoverId}/lines", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def cutover_lines(request: func.HttpRequest) -> func.HttpResponse:
    """A page of its lines, some hundred at a time; ``?after=`` takes what the page before named, ``?state=`` lists only lines in that state."""
    need(who(request), *Role)
    cutover = load_cutover(context().store, id_of(request, "cutoverId")).value
    units = (unit.value for unit in units_of(context().store, cutover.cutover_id))
    return answer(line_documents(units, request.params.get("after", ""), request.params.get("state", "")))


@blueprint.route("cutovers/{cutoverId}/prepare", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def prepare_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Chooses lines and works out what would happen: ``{"what": "end" | "replace" | "take over", "last": DATE, "lines": [NAMES]}`` or a filter."""
    need(who(request), Role.APPROVER)
    body = Body.of(request, "what", "last", "lines", *_FILTER, longest=LONGEST_CHOICE)
    lines = _texts(body, "lines", 50_000) if "lines" in body.members else None
    choice = Choice(_what(body), day_of(body), wanted=_wanted(body))
    return working(request, start_preparing(context(), id_of(request, "cutoverId"), choice, lines))


@blueprint.route("cutovers/{cutoverId}/confirm", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def confirm_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Lets it be carried out, or is the first of two words: ``{"prepared": ID, "why": TEXT}``; ``prepared`` is what was looked at."""
    by = need(who(request), Role.APPROVER)
    body = Body.of(request, "prepared", "why")
    return working(request, confirm(context(), id_of(request, "cutoverId"), body.text("prepared", needed=True), by, body.why))


@blueprint.route("cutovers/{cutoverId}/stop", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def halt_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Stops its writes before the next one: ``{"why": TEXT}``."""
    by = need(who(request), Role.APPROVER, Role.ADMINISTRATOR)
    return answer(_document(request, stop_cutover(context(), id_of(request, "cutoverId"), by, Body.of(request, "why").why)))


@blueprint.route("cutovers/{cutoverId}/resume", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def go_on_with_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Lets it go on, with what was held or failed once more; the body is empty."""
    by = need(who(request), Role.APPROVER)
    Body.of(request)
    return working(request, resume_cutover(context(), id_of(request, "cutoverId"), by))


@blueprint.route("cutovers/{cutoverId}/drop", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def give_up_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Gives it up before anything was written; the body is empty."""
    by = need(who(request), Role.APPROVER)
    Body.of(request)
    return answer(_document(request, drop_cutover(context(), id_of(request, "cutoverId"), by)))


@blueprint.route("cutovers/{cutoverId}/undo", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def undo_cutover(request: func.HttpRequest) -> func.HttpResponse:
    """Starts the undo of all that it wrote: ``{"why": TEXT}``; each plan waits for approval, with which a customer that leaves comes back."""
    by = need(who(request), Role.APPROVER)
    why = Body.of(request, "why").why
    wanted = undo_of_cutover(context(), id_of(request, "cutoverId"), why)
    customers = customers_to_undo(context(), wanted.run_id, *wanted.beside)
    started = start_undo(context(), wanted, customers, str(by))
    url = url_of(request, f"runs/{started.run.run_id}")
    return answer({"run": started.run.run_id, "url": url, "customers": list(customers)}, 202, url)


def working(request: func.HttpRequest, cutover: Cutover) -> func.HttpResponse:
    """What a cut-over is now, after the app was asked to take it further where there is something to do."""
    if cutover.state.working:
        ask_for_work(context(), cutover.cutover_id)
    return answer(_document(request, cutover), 202 if cutover.state.working else 200, url_of(request, f"cutovers/{cutover.cutover_id}"))


def _document(request: func.HttpRequest, cutover: Cutover) -> dict[str, object]:
    return cutover_document(cutover, progress(context(), cutover), url_of(request, f"cutovers/{cutover.cutover_id}"))


def _wanted(body: Body) -> Wanted:
    texts = {name: tuple(_texts(body, name, 500)) for name in _FILTER[:5]}
    return Wanted(**texts, blank=_flag(body, "blank"), linked=_flag(body, "linked"))


def _texts(body: Body, name: str, most: int) -> Sequence[str]:
    found = body.members.get(name, [])
    if not isinstance(found, list) or len(found) > most or not all(isinstance(item, str) and 0 < len(item) <= 300 for item in found):
        raise Rejected(f"The member {name} is {sent(found)}", fix=f"Send a list of at most {most} texts of 1 to 300 characters")
    return found


def _flag(body: Body, name: str) -> bool:
    found = body.members.get(name, False)
    if not isinstance(found, bool):
        raise Rejected(f"The member {name} is {sent(found)}", fix="Send true or false")
    return found


def _what(body: Body) -> What:
    written = body.members.get("what", "")
    try:
        return What(written)
    except ValueError as error:
        raise Rejected(f"The member what is {sent(written) if written else 'missing'}", fix=f"Send one of {', '.join(What)}") from error


def day_of(body: Body) -> date | None:
    """The last billed day that a body names, if it does; raises ``Rejected``."""
    written = body.members.get("last")
    try:
        return None if written is None else date.fromisoformat(written)
    except (TypeError, ValueError) as error:
        raise Rejected(f"The member last is {sent(written)} and no day", fix="Send the last billed day as YYYY-MM-DD") from error
