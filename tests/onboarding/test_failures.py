"""Each typical failure says what to do about it, keeps nothing that is wrong, and is over when it is mended."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from sandbox.connectwise.access import Door
from sandbox.faults import Effect, Fault
from sandbox.microsoft.directory import ADMIN_AGENTS, DIRECTORY_READERS, GLOBAL_READER, READERS_GROUP, REPORTS_READER
from sandbox.microsoft.relationships import Assignment
from sandbox.onboarding.session import State
from sandbox.onboarding.steps import ready, run
from sync_core.model.licences import Source
from tests.onboarding.partner import FirstDay, of

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def begun(day: FirstDay) -> None:
    """The registration is there, and nobody has signed in yet."""
    day.run("start", "application", "secrets")


def without_mfa(day: FirstDay) -> None:
    """The service account has only a password."""
    day.microsoft.person.amr = ("pwd",)


def declined(day: FirstDay) -> None:
    """The person says no."""
    day.microsoft.person.declines = True


def absent(day: FirstDay) -> None:
    """Nobody comes to enter the code."""
    day.microsoft.person.looks_after = None


def elsewhere(day: FirstDay) -> None:
    """The sign-in ends up in another tenant."""
    day.directory.partner.conditions.token_of = day.directory.customers[0].tenant_id


def blocked(day: FirstDay) -> None:
    """A policy of the partner blocks device codes, as many tenants do."""
    day.microsoft.person.refused = 53003


@pytest.mark.parametrize(
    ("trouble", "way", "says", "fix"),
    [
        (without_mfa, "browser", "without multi-factor", "Switch MFA on for the service account"),
        (without_mfa, "code", "without multi-factor", "Switch MFA on for the service account"),
        (declined, "browser", "declined", "Start the sign-in once more"),
        (declined, "code", "declined", "Start the sign-in once more"),
        (absent, "code", "in time", "Start the sign-in once more"),
        (elsewhere, "browser", "another tenant", "onboard --step sign-in"),
        (blocked, "code", "Conditional Access", "Exclude the service account"),
    ],
)
def test_a_sign_in_that_does_not_fit_is_not_kept(day: FirstDay, trouble: Callable[[FirstDay], None], way: str, says: str, fix: str) -> None:
    begun(day)
    trouble(day)
    line = of(day.run("sign-in", sign_in_by=way), "sign-in")
    assert line.state is State.TO_DO
    assert says in line.says and "Nothing was stored" in line.says and fix in line.fix
    assert "partner-refresh-token" not in day.vault.values


def test_a_token_that_the_app_could_not_redeem_is_not_kept(day: FirstDay) -> None:
    """The sign-in works, and the app's own way to use it does not: found out now and not in the night."""
    begun(day)
    refusal = {"error": "invalid_client", "error_codes": [700025], "error_description": "AADSTS700025: Client is public."}
    day.microsoft.login_faults.add(Fault(Effect.ANSWER, path="/token", skip=3, status=401, body=json.dumps(refusal)))
    line = of(day.run("sign-in", sign_in_by="code"), "sign-in")
    assert line.state is State.TO_DO and "in the browser" in line.fix
    assert "partner-refresh-token" not in day.vault.values


def test_a_secret_that_is_not_everywhere_yet_is_waited_for_before_a_person_is_asked(day: FirstDay) -> None:
    begun(day)
    refusal = {"error": "invalid_client", "error_codes": [7000215], "error_description": "AADSTS7000215: Invalid client secret."}
    day.microsoft.login_faults.add(Fault(Effect.ANSWER, path="/token", times=2, status=401, body=json.dumps(refusal)))
    assert of(day.run("sign-in"), "sign-in").state is State.READY


def test_a_sign_in_that_was_revoked_is_made_anew(day: FirstDay) -> None:
    day.set_up()
    day.microsoft.revoke_sessions()
    looked = of(day.run("sign-in", look_only=True), "sign-in")
    assert looked.state is State.TO_DO and "onboard --step sign-in" in looked.fix
    assert ready(day.run("sign-in"))


def test_a_guest_is_refused(day: FirstDay) -> None:
    day.directory.service_account.user_type = "Guest"
    line = of(day.run(), "service account")
    assert line.state is State.TO_DO and "guest" in line.says and "account of the tenant's own" in line.fix


def test_a_global_administrator_is_refused(day: FirstDay) -> None:
    """Whoever steals its token would own the partner."""
    day.directory.directory_roles[day.directory.service_account.user_id] = [GLOBAL_ADMINISTRATOR]
    line = of(day.run(), "service account")
    assert line.state is State.TO_DO and "Global Administrator" in line.says and "account of its own" in line.fix


def test_somebody_who_is_no_admin_agent_is_told_where_to_become_one(day: FirstDay) -> None:
    day.directory.group(ADMIN_AGENTS).member_ids.clear()
    lines = day.run()
    assert "AdminAgents" in of(lines, "service account").fix
    assert all("AdminAgents" in line.fix for line in lines if line.part.startswith("consent of"))


def test_a_registration_that_nobody_may_make_says_which_sign_in_it_takes(day: FirstDay) -> None:
    day.operator_tenant = day.directory.customers[0]
    assert "az login" in of(day.run("start", "application"), "application").fix


def lost_relationship(day: FirstDay) -> None:
    day.directory.end_relationships(day.directory.customers[0])


def ungranted(day: FirstDay) -> None:
    day.directory.relationships[0].roles = (REPORTS_READER,)


def unassigned(day: FirstDay) -> None:
    day.directory.relationships[0].assignments.clear()


def to_others(day: FirstDay) -> None:
    others = day.directory.partner.add_group("Somebody else's group")
    day.directory.relationships[0].assignments = [Assignment("a", others.group_id)]


def pending(day: FirstDay) -> None:
    day.directory.relationships[0].assignments[0].status = "pending"


@pytest.mark.parametrize(
    ("trouble", "says", "fix"),
    [
        (lost_relationship, "no active GDAP relationship", "Ask the customer for a relationship with the role Directory Readers"),
        (ungranted, "No relationship holds Directory Readers", "roles cannot be added to one that is there"),
        (unassigned, "granted, and assigned to no group", "Assign Directory Readers of"),
        (to_others, "a group that the service account is not in", "Put the service account into the group"),
        (pending, "being assigned", "Wait some minutes"),
    ],
)
def test_a_missing_role_says_what_is_missing_where(day: FirstDay, trouble: Callable[[FirstDay], None], says: str, fix: str) -> None:
    day.set_up()
    day.directory.customers[0].display_name = "Contoso"
    trouble(day)
    lines = day.run("roles")
    (line,) = [line for line in lines if line.state is State.TO_DO]
    assert line.tenant_id == day.directory.customers[0].tenant_id
    assert says in line.says and fix in line.fix
    assert next(line for line in lines if line.part == "GDAP roles").says.startswith("2 customers")


def test_one_of_several_roles_and_relationships_is_enough(day: FirstDay) -> None:
    day.set_up()
    ungranted(day)
    day.directory.relate(day.directory.customers[0], "another", roles=(GLOBAL_READER,), ends=day.directory.relationships[0].ends)
    assert ready(day.run("roles"))


def test_more_is_asked_for_only_where_it_is_read(day: FirstDay) -> None:
    day.set_up()
    session = day.session()
    session.also_read = frozenset({Source.MAILBOXES})
    lines = run(session, ["roles"])
    assert len(lines) == 3 and all("Reports Reader" in line.says for line in lines)


def test_a_psa_key_without_rights_names_the_right(day: FirstDay) -> None:
    day.set_up()
    day.world.connectwise.access.door = Door.FORBIDDEN
    line = of(day.run("psa"), "PSA connectwise")
    assert line.state is State.TO_DO and "cannot be read" in line.says and line.fix


def test_a_psa_key_that_is_refused_says_so(day: FirstDay) -> None:
    day.set_up()
    day.refuse_key()
    line = of(day.run("psa"), "PSA connectwise")
    assert line.state is State.TO_DO and line.fix


def test_a_missing_psa_secret_is_named(day: FirstDay) -> None:
    day.set_up()
    del day.vault.versions["connectwise-private-key"]
    line = of(day.run("secrets"), "secret connectwise-private-key")
    assert line.state is State.TO_DO and "Add it to the vault" in line.fix


def test_a_vault_that_lets_nobody_write_names_the_role_before_anything_is_lost(day: FirstDay) -> None:
    begun(day)
    day.vault.writes = set()
    line = of(day.run("sign-in"), "sign-in")
    assert line.state is State.TO_DO and "'Key Vault Secrets Officer'" in line.fix


def test_a_vault_that_lets_nobody_read_names_the_role(day: FirstDay) -> None:
    begun(day)
    day.vault.reads = set()
    lines = day.run("secrets", look_only=True)
    assert all("'Key Vault Secrets User'" in line.fix for line in lines)


def test_a_tenant_id_that_is_none_is_asked_for_again(day: FirstDay) -> None:
    lines = day.run("start", tenant_id="contoso.example")
    assert of(lines, "partner").state is State.TO_DO
    assert of(day.run("start"), "starter file").state is State.READY


def test_passing_trouble_is_no_failure(day: FirstDay) -> None:
    day.set_up()
    day.directory.customers[0].conditions.sign_in_error = 90033
    lines = day.run("customers")
    assert [line.state for line in lines if line.tenant_id] == [State.LATER]


def test_one_customers_trouble_is_its_own(day: FirstDay) -> None:
    day.set_up()
    day.directory.customers[0].conditions.sign_in_error = 53003
    lines = day.run("customers")
    assert of(lines, "customers").says == "2 customers can be read"
    assert "exclude the partner" in next(line for line in lines if line.tenant_id).fix


def test_the_groups_of_the_world_are_what_these_tests_think(day: FirstDay) -> None:
    account = day.directory.service_account.user_id
    assert day.directory.groups_of(account) == {day.directory.group(name).group_id for name in (ADMIN_AGENTS, READERS_GROUP)}
    assert DIRECTORY_READERS in day.directory.roles_in(day.directory.customers[0])
