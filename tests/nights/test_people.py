"""What people do over HTTP: every route with every role, with nobody, and with a header that somebody made up."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sync_core.model.plans import ChangeResult
from sync_core.pipeline.control import stop_switch
from sync_core.pipeline.undo import written_by
from tests.eventually import eventually
from tests.nights.chain import Answer, Chain
from tests.nights.test_http import is_problem
from tests.runtime.test_function_app import FOR_PEOPLE

UNKNOWN = "00000000-0000-4000-8000-000000000000"
READER, APPROVER, ADMINISTRATOR = "Reader", "Approver", "Administrator"
ROLES = (READER, APPROVER, ADMINISTRATOR)
ROUTES: dict[tuple[str, str], tuple[str, ...]] = {
    ("GET", "review/plans"): ROLES,
    ("GET", f"review/customers/{UNKNOWN}/plan"): ROLES,
    ("GET", f"review/customers/{UNKNOWN}/explain"): ROLES,
    ("GET", f"review/customers/{UNKNOWN}/history"): ROLES,
    ("POST", f"customers/{UNKNOWN}/plan/approve"): (APPROVER,),
    ("POST", f"customers/{UNKNOWN}/plan/reject"): (APPROVER,),
    ("POST", "plans/approve-safe"): (APPROVER,),
    ("POST", "runs/daily-1/release"): (APPROVER,),
    ("POST", "runs/daily-1/drop"): (APPROVER,),
    ("POST", f"customers/{UNKNOWN}/undo"): (APPROVER,),
    ("POST", "runs/daily-1/undo"): (APPROVER,),
    ("POST", "stop"): (APPROVER, ADMINISTRATOR),
    ("POST", "go"): (ADMINISTRATOR,),
    ("GET", "review/leaving"): ROLES,
    ("POST", f"customers/{UNKNOWN}/offboard"): (APPROVER,),
    ("POST", f"customers/{UNKNOWN}/keep"): (APPROVER,),
    ("POST", f"customers/{UNKNOWN}/back"): (APPROVER,),
    ("GET", "cutovers"): ROLES,
    ("POST", "cutovers"): (APPROVER,),
    ("GET", "cutovers/cut-1"): ROLES,
    ("GET", "cutovers/cut-1/lines"): ROLES,
    ("POST", "cutovers/cut-1/prepare"): (APPROVER,),
    ("POST", "cutovers/cut-1/confirm"): (APPROVER,),
    ("POST", "cutovers/cut-1/stop"): (APPROVER, ADMINISTRATOR),
    ("POST", "cutovers/cut-1/resume"): (APPROVER,),
    ("POST", "cutovers/cut-1/drop"): (APPROVER,),
    ("POST", "cutovers/cut-1/undo"): (APPROVER,),
}
"""Who may use a route; what it is asked for here does not exist, or is not understood, so that nothing comes of it."""
NO_PEOPLE = {
    "no header": "",
    "not base64": "%%%",
    "not JSON": base64.b64encode(b"{").decode(),
    "a list": base64.b64encode(b"[]").decode(),
    "endless": base64.b64encode(b"[" * 20_000).decode(),
}


def principal(*roles: str, person: str = "id-1", name: str = "one@msp.example", kind: str = "aad", **claims: str) -> str:
    """The header by which the platform says who is signed in."""
    written = [{"typ": "roles", "val": role} for role in roles]
    written += [{"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": person}, {"typ": "preferred_username", "val": name}]
    written += [{"typ": typ, "val": value} for typ, value in claims.items()]
    document = {"auth_typ": kind, "name_typ": "name", "role_typ": "roles", "claims": written}
    return base64.b64encode(json.dumps(document).encode()).decode()


@pytest.fixture(scope="module")
def signed_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    """A chain whose app has the platform's sign-in switched on, after its first night."""
    with Chain(tmp_path_factory.mktemp("chain"), {"WEBSITE_AUTH_ENABLED": "True"}) as chain:
        chain.import_configuration()
        chain.start_host()
        chain.night()
        yield chain


def ask(chain: Chain, method: str, path: str, header: str, body: Any = "") -> Answer:
    """Calls a route as a person, without a key."""
    return chain.call(method, path, body or ('{"unknown": 1}' if method == "POST" else ""), key="", X_MS_CLIENT_PRINCIPAL=header)


def test_no_route_for_people_is_left_out_here() -> None:
    def asked(template: str, method: str) -> bool:
        pattern = re.compile(re.sub(r"\{\w+\}", r"[^/]+", template))
        return any(method == other and pattern.fullmatch(path) for other, path in ROUTES)

    assert [template for template, methods in FOR_PEOPLE.values() for method in methods if not asked(template, method)] == []


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_a_route_is_open_to_its_roles_and_to_no_other(signed_in: Chain, method: str, path: str, role: str) -> None:
    answer = ask(signed_in, method, path, principal(role))
    if role not in ROUTES[method, path]:
        assert is_problem(answer, 403)
    else:
        assert answer.status in (200, 400, 404)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("header", NO_PEOPLE.values(), ids=NO_PEOPLE)
def test_nobody_is_told_that_a_person_is_needed(signed_in: Chain, method: str, path: str, header: str) -> None:
    answer = ask(signed_in, method, path, header)
    assert is_problem(answer, 403)
    assert "Nobody is signed in" in answer.json["detail"]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_function_key_is_no_person(signed_in: Chain, method: str, path: str) -> None:
    assert is_problem(signed_in.call(method, path), 403)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_a_header_is_anybodys_word_where_the_sign_in_is_off(running: Chain, method: str, path: str) -> None:
    """The platform would have taken it off."""
    assert is_problem(ask(running, method, path, principal(*ROLES)), 403)


@pytest.mark.parametrize(
    "header",
    [
        principal(),
        principal("approver", "Owner"),
        principal(*ROLES, person=""),
        principal(*ROLES, name=""),
        principal(*ROLES, kind="github"),
        principal(*ROLES, idtyp="app"),
    ],
    ids=["no role", "other roles", "no id", "no name", "another provider", "an app"],
)
def test_who_is_not_known_or_has_no_role_may_do_nothing(signed_in: Chain, header: str) -> None:
    assert is_problem(ask(signed_in, "POST", "stop", header, {"why": "an audit"}), 403)
    assert not stop_switch(signed_in.context.store).stopped


@pytest.mark.parametrize("path", [path for method, path in ROUTES if method == "POST"])
@pytest.mark.parametrize("body", ["{", "[]", "7", '{"why": 7}', '{"changes": {}}', "[" * 5000, "x" * 20_000, '{"why": "' + "x" * 600 + '"}'])
def test_a_body_that_is_not_understood_does_nothing(signed_in: Chain, path: str, body: str) -> None:
    assert is_problem(ask(signed_in, "POST", path, principal(*ROLES), body), 400)
    assert not stop_switch(signed_in.context.store).stopped


@pytest.mark.parametrize("days", [0, 91, "7", True, None])
def test_days_are_a_whole_number_of_some_weeks(signed_in: Chain, days: object) -> None:
    body = {"plan": "000001-a", "changes": "all", "days": days}
    assert is_problem(ask(signed_in, "POST", f"customers/{UNKNOWN}/plan/approve", principal(APPROVER), body), 400)


def test_a_key_reads_plans_and_a_role_does_too(signed_in: Chain) -> None:
    by_key = signed_in.call("GET", "plans")
    assert by_key.json == ask(signed_in, "GET", "review/plans", principal(READER)).json
    assert "Alpine Ski House" in by_key.text


def test_a_key_is_told_numbers_and_a_person_who_was_counted(signed_in: Chain) -> None:
    tenant_id = signed_in.tenant_id("Contoso")
    by_key = signed_in.call("GET", f"customers/{tenant_id}/explain")
    by_person = ask(signed_in, "GET", f"review/customers/{tenant_id}/explain", principal(READER))
    assert [each["units"] for each in by_key.json] == [each["units"] for each in by_person.json]
    assert not any(each["people"]["names"] for each in by_key.json) and all(each["people"]["withheld"] for each in by_key.json)
    assert by_person.json[0]["question"].startswith("Why is ") and dict(map(tuple, by_person.json[0]["answer"]))["Rule"]
    assert is_problem(signed_in.call("GET", f"customers/{tenant_id}/explain?item=nothing"), 404)
    assert is_problem(signed_in.call("GET", f"customers/{tenant_id}/explain?on=yesterday"), 400)


def test_the_history_is_read_as_json_or_as_csv(signed_in: Chain) -> None:
    tenant_id = signed_in.tenant_id("Contoso")
    entries = signed_in.call("GET", f"customers/{tenant_id}/history").json
    assert {"read", "planned", "sent", "applied"} <= {entry["kind"] for entry in entries}
    as_csv = ask(signed_in, "GET", f"review/customers/{tenant_id}/history?format=csv", principal(READER)).text
    assert as_csv.lstrip("\ufeff").startswith("at,kind,tenant_id") and len(as_csv.splitlines()) == len(entries) + 1
    assert is_problem(signed_in.call("GET", f"customers/{tenant_id}/history?format=xml"), 400)
    assert is_problem(signed_in.call("GET", f"customers/{tenant_id}/history?from=2020-01-01&to=2026-01-01"), 400)


def test_a_change_is_approved_for_exactly_the_plan_that_was_seen(signed_in: Chain) -> None:
    tenant_id = signed_in.tenant_id("Alpine Ski House")
    plan = ask(signed_in, "GET", f"review/customers/{tenant_id}/plan", principal(READER)).json
    path, header = f"customers/{tenant_id}/plan/approve", principal(APPROVER)
    assert is_problem(ask(signed_in, "POST", path, header, {"plan": "000099-other", "changes": "all"}), 409)
    [waiting] = [change["change"] for change in plan["changes"] if change["result"] == "waiting"]
    answer = ask(signed_in, "POST", path, header, {"plan": plan["plan"], "changes": [waiting], "why": "ordered"})
    assert answer.status == 202
    report = signed_in.customer(signed_in.follow(answer.json["run"]), "Alpine Ski House")
    assert {(change.result, change.decided_by) for change in report.changes if change.decided_by} == {(ChangeResult.APPLIED, "one@msp.example")}


def test_what_was_written_is_undone_after_its_plan_was_approved(signed_in: Chain) -> None:
    tenant_id, header = signed_in.tenant_id("Contoso"), principal(APPROVER)
    name = next(item.name for item in written_by(signed_in.context.store, tenant_id) if item.change.kind == "set quantity")
    started = ask(signed_in, "POST", f"customers/{tenant_id}/undo", header, {"changes": [name], "why": "a mistake"})
    assert started.status == 202
    signed_in.follow(started.json["run"])
    plan = signed_in.call("GET", f"customers/{tenant_id}/plan").json
    assert (plan["undo"], plan["toDecide"]) == (True, 1)
    approved = ask(signed_in, "POST", f"customers/{tenant_id}/plan/approve", header, {"plan": plan["plan"], "changes": "all"})
    report = signed_in.customer(signed_in.follow(approved.json["run"]), "Contoso")
    assert [change.result for change in report.changes] == [ChangeResult.APPLIED]


def until(chain: Chain, cutover_id: str, state: str) -> Any:
    """The cut-over once it is in a state."""

    def look() -> Any:
        return ask(chain, "GET", f"cutovers/{cutover_id}", principal(READER)).json

    eventually(lambda: look()["state"] == state, seconds=120)
    return look()


def test_a_line_of_another_tool_is_found_shown_confirmed_and_ended(signed_in: Chain) -> None:
    header = principal(APPROVER)
    cutover = ask(signed_in, "POST", "cutovers", header, {"companies": ["*"], "blank": True}).json
    assert is_problem(ask(signed_in, "POST", "cutovers", header, {"connections": ["no such PSA"]}), 400)
    found = until(signed_in, cutover["cutover"], "found")
    assert found["progress"]["done"] == found["progress"]["total"] > 5
    path = f"cutovers/{cutover['cutover']}"
    page = ask(signed_in, "GET", f"{path}/lines", principal(READER)).json
    assert len(page["lines"]) == found["lines"]["found"]
    line = next(line for line in page["lines"] if line["product"] and not line["ends"])
    assert is_problem(ask(signed_in, "POST", f"{path}/prepare", header, {"what": "end", "last": "soon"}), 400)
    far = {"what": "end", "last": f"{signed_in.began.year + 1}-12-31", "lines": [line["line"]]}
    assert ask(signed_in, "POST", f"{path}/prepare", header, far).status == 202
    shown = until(signed_in, cutover["cutover"], "prepared")
    before = signed_in.writes
    assert is_problem(ask(signed_in, "POST", f"{path}/confirm", header, {"prepared": "something else"}), 409)
    assert ask(signed_in, "POST", f"{path}/confirm", header, {"prepared": shown["prepared"], "why": "we move"}).status == 202
    done = until(signed_in, cutover["cutover"], "finished")
    assert (done["lines"]["done"], signed_in.writes - before) == (1, 1)
    assert done["confirmed"]["by"] == "one@msp.example"
    [ended] = ask(signed_in, "GET", f"{path}/lines?state=done", principal(READER)).json["lines"]
    assert (ended["line"], ended["last"]) == (line["line"], far["last"])
    assert ask(signed_in, "POST", f"{path}/undo", header, {"why": "too early"}).status == 202


def test_a_customer_that_goes_is_shown_kept_and_taken_back(signed_in: Chain) -> None:
    header, tenant_id = principal(APPROVER), signed_in.tenant_id("Contoso")
    assert is_problem(ask(signed_in, "POST", f"customers/{UNKNOWN}/offboard", header, {"last": "2030-12-31"}), 404)
    assert is_problem(ask(signed_in, "POST", f"customers/{tenant_id}/offboard", header, {}), 400)
    last = f"{signed_in.began.year + 1}-12-31"
    going = ask(signed_in, "POST", f"customers/{tenant_id}/offboard", header, {"last": last})
    shown = until(signed_in, going.json["cutover"], "prepared")
    assert (going.status, shown["choice"]) == (202, {"what": "end", "last": last})
    assert sum(shown["lines"].values()) >= 2
    assert ask(signed_in, "GET", "review/leaving", principal(READER)).json == {"said": [], "unmanaged": []}
    assert ask(signed_in, "POST", f"customers/{tenant_id}/keep", header, {"why": "by hand"}).status == 200
    [said] = ask(signed_in, "GET", "review/leaving", principal(READER)).json["said"]
    assert (said["name"], said["word"]["by"]) == ("Contoso", "one@msp.example")
    assert ask(signed_in, "POST", f"customers/{tenant_id}/back", header, "{}").json["wasLeaving"] is True


def test_a_stop_and_a_go_say_who(signed_in: Chain) -> None:
    stopped = ask(signed_in, "POST", "stop", principal(APPROVER), {"why": "an audit"})
    assert (stopped.json["stopped"], stopped.json["by"], stopped.json["reason"]) == (True, "one@msp.example", "an audit")
    assert ask(signed_in, "POST", "go", principal(ADMINISTRATOR), "{}").json["stopped"] is False
