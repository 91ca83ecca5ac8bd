"""HTTP: why a line holds what it holds, and what happened. A function key reads numbers; people with a role see who was counted, too."""

from __future__ import annotations

from datetime import date, timedelta

import azure.functions as func

from adapters.functions.answers import answer, with_problems
from adapters.functions.bodies import id_of
from adapters.functions.principal import who
from adapters.functions.world import context
from sync_core.documents import to_document
from sync_core.errors import Rejected
from sync_core.history.explain import explain, today
from sync_core.history.export import as_csv, as_json, customer_history, nights_of
from sync_core.history.words import facts, question
from sync_core.model.people import Role, need

USUAL_DAYS = 31
MOST_DAYS = 366
_LONGEST_NAME = 200
_FORMATS = {"csv": (as_csv, "text/csv; charset=utf-8"), "json": (as_json, "application/json")}

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.route("customers/{tenantId}/explain", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def explain_numbers(request: func.HttpRequest) -> func.HttpResponse:
    """Why a customer's lines hold what they hold, without the names of who was counted: ``?item=NAME&line=ID&on=DATE``."""
    return _explained(request, names=False)


@blueprint.route("review/customers/{tenantId}/explain", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def review_explanation(request: func.HttpRequest) -> func.HttpResponse:
    """The same for people with a role, with names."""
    need(who(request), *Role)
    return _explained(request, names=True)


@blueprint.route("customers/{tenantId}/history", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
@with_problems
def history(request: func.HttpRequest) -> func.HttpResponse:
    """What happened at a customer: ``?from=DATE&to=DATE&format=csv``, by default the last month as JSON."""
    return _history(request)


@blueprint.route("review/customers/{tenantId}/history", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def review_history(request: func.HttpRequest) -> func.HttpResponse:
    """The same for people with a role."""
    need(who(request), *Role)
    return _history(request)


def _explained(request: func.HttpRequest, *, names: bool) -> func.HttpResponse:
    asked = {name: str(request.params.get(name, ""))[:_LONGEST_NAME] for name in ("item", "line")}
    on = _day(request, "on", today(context()))
    found = explain(context(), id_of(request, "tenantId").lower(), on, asked["item"], asked["line"], names=names)
    return answer([{"question": question(each), "answer": list(facts(each)), **to_document(each)} for each in found])


def _history(request: func.HttpRequest) -> func.HttpResponse:
    last = _day(request, "to", context().clock.now().date())
    first = _day(request, "from", last - timedelta(days=USUAL_DAYS))
    form = str(request.params.get("format", "json"))
    if form not in _FORMATS or not timedelta(0) <= last - first <= timedelta(days=MOST_DAYS):
        raise Rejected("The dates or the format are not understood", fix=f"Ask for at most {MOST_DAYS} days, and for format=csv or format=json")
    write, content_type = _FORMATS[form]
    store, tenant_id = context().store, id_of(request, "tenantId").lower()
    entries = (*customer_history(store, tenant_id, first, last), *nights_of(store, first, last, tenant_id))
    body = b"".join(write(sorted(entries, key=lambda entry: entry.at)))
    return func.HttpResponse(body, mimetype=content_type)


def _day(request: func.HttpRequest, name: str, usual: date) -> date:
    text = str(request.params.get(name, ""))
    try:
        return date.fromisoformat(text) if text else usual
    except ValueError:
        raise Rejected(f"The parameter {name} is no date", fix="Give a date as 2026-03-20") from None
