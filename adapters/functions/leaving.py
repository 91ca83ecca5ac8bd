"""HTTP: customers that go, or are gone. What a person says of them needs an Approver; the end of their lines is confirmed as every cut-over is."""

from __future__ import annotations

from datetime import date

import azure.functions as func

from adapters.functions.answers import answer, with_problems
from adapters.functions.bodies import Body, id_of
from adapters.functions.cutovers import day_of, working
from adapters.functions.principal import who
from adapters.functions.world import context
from sync_core.errors import Rejected
from sync_core.model.customers import Leaving
from sync_core.model.people import Role, need
from sync_core.pipeline.cutover.offboarding import start_offboarding
from sync_core.pipeline.leaving import all_leaving, come_back, former_name, say_leaving, unmanaged

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.route("review/leaving", trigger_arg_name="request", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def review_leaving(request: func.HttpRequest) -> func.HttpResponse:
    """Who goes, or is left as it is, and the lines that nobody manages any more."""
    need(who(request), *Role)
    store, configuration = context().store, context().current_configuration()
    said = [{"tenantId": tenant_id, "name": name, "word": word} for tenant_id, name, word in all_leaving(store)]
    left = [{"line": line.name, "tenantId": line.tenant_id, "customer": line.customer, "text": line.text} for line in unmanaged(store, configuration)]
    return answer({"said": said, "unmanaged": left})


@blueprint.route("customers/{tenantId}/offboard", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def offboard_customer(request: func.HttpRequest) -> func.HttpResponse:
    """Shows what it means to end all managed lines of a customer: ``{"last": DATE}``; nothing ends before the cut-over is confirmed."""
    by = need(who(request), Role.APPROVER)
    last, tenant_id = _day(Body.of(request, "last")), id_of(request, "tenantId").lower()
    return working(request, start_offboarding(context(), tenant_id, _name(tenant_id), last, str(by)))


@blueprint.route("customers/{tenantId}/keep", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def keep_customer(request: func.HttpRequest) -> func.HttpResponse:
    """Leaves a customer's lines as they are, and asks no more: ``{"why": TEXT}``."""
    by = need(who(request), Role.APPROVER)
    word, tenant_id = Leaving(str(by), context().clock.now(), Body.of(request, "why").why), id_of(request, "tenantId").lower()
    say_leaving(context().store, tenant_id, _name(tenant_id), word)
    return answer({"tenantId": tenant_id, "word": word})


@blueprint.route("customers/{tenantId}/back", trigger_arg_name="request", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@with_problems
def take_customer_back(request: func.HttpRequest) -> func.HttpResponse:
    """Lets the nights read a customer again; the body is empty."""
    by = need(who(request), Role.APPROVER)
    Body.of(request)
    tenant_id = id_of(request, "tenantId").lower()
    return answer({"tenantId": tenant_id, "wasLeaving": come_back(context(), tenant_id, str(by))})


def _name(tenant_id: str) -> str:
    """The name of a customer, also of one that was taken out of the configuration while its lines are billed; raises ``Rejected``."""
    name = former_name(context().store, context().current_configuration(), tenant_id)
    if not name:
        raise Rejected(
            "No customer with this tenant id is configured", code="unknown-customer", where=tenant_id, fix="GET review/leaving lists who is left"
        )
    return name


def _day(body: Body) -> date:
    if day := day_of(body):
        return day
    raise Rejected("The member last is missing", fix="Send the last billed day as YYYY-MM-DD")
