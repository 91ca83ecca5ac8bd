"""Consent for many customers: one by one, with what is done kept, so that no interruption costs more than one customer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.faults import Effect, Fault
from sandbox.microsoft.directory import DIRECTORY_READERS, Tenant
from sandbox.onboarding.session import Session, State
from sandbox.onboarding.steps import ready, run
from sync_core.model.licences import Source
from tests.onboarding.partner import FirstDay, of

LEAST = {"LicenseAssignment.Read.All", "Organization.Read.All"}
CONSENTS = r"/applicationconsents"


def signed_in(day: FirstDay) -> None:
    """All is done but the consent."""
    day.run("start", "application", "secrets", "sign-in")


def consented(day: FirstDay) -> list[Tenant]:
    """The customers that hold a consent."""
    return [tenant for tenant in day.directory.customers if tenant.permissions]


def test_every_customer_gets_what_is_read_of_it_and_no_more(day: FirstDay) -> None:
    signed_in(day)
    assert ready(day.run("consent"))
    assert [tenant.permissions for tenant in day.directory.customers] == [LEAST] * 3
    assert not day.session().progress_file.exists()


def test_an_interruption_goes_on_where_it_was(day: FirstDay) -> None:
    """Somebody stops it in the middle; the customers that were done are not asked for again, not even for a token."""
    signed_in(day)
    session = day.session()
    _interrupted_after(session, 1)
    with pytest.raises(KeyboardInterrupt):
        run(session, ["consent"])
    assert len(consented(day)) == 1 and session.progress_file.exists()
    before = _tokens(day)
    lines = day.run("consent")
    assert of(lines, "consent").says.startswith("3 customers")
    assert len(consented(day)) == 3 and not session.progress_file.exists()
    assert _tokens(day) - before == 2 + 2 * 2  # the partner's two, and for each of the two others before and after its consent


def _interrupted_after(session: Session, customers: int) -> None:
    """Ctrl-C while the customer after so many is begun."""
    shown, progress = [0], session.terminal.progress

    def show(done: int, total: int, stage: str) -> None:
        shown[0] += 1
        if shown[0] > customers:
            raise KeyboardInterrupt
        progress(done, total, stage)

    session.terminal.progress = show  # type: ignore[method-assign]  # the person's hand on the keyboard


def _tokens(day: FirstDay) -> int:
    """How often the sign-in host was asked for one."""
    asked = requests.get(f"{day.served.urls.login}/_sandbox/requests", timeout=10).json()
    return sum(one["path"].endswith("/token") for one in asked)


def test_a_consent_that_takes_a_while_to_arrive_is_waited_for(day: FirstDay) -> None:
    signed_in(day)
    for tenant in day.directory.customers:
        tenant.consent_takes = timedelta(seconds=10)
    assert ready(day.run("consent"))


def test_one_that_does_not_arrive_in_time_says_to_look_again(day: FirstDay) -> None:
    signed_in(day)
    day.directory.customers[0].consent_takes = timedelta(minutes=10)
    lines = day.run("consent")
    assert [line.state for line in lines if line.tenant_id] == [State.LATER]
    day.later(minutes=10)
    assert ready(day.run("consent"))


def test_a_lost_answer_is_asked_again_and_consents_once(day: FirstDay) -> None:
    """The first was carried out; the second is told that it is there already."""
    signed_in(day)
    day.microsoft.partner_center_faults.add(Fault(Effect.DROP_AFTER, method="POST", path=CONSENTS))
    assert ready(day.run("consent"))
    assert len(consented(day)) == 3


def test_throttling_is_waited_for(day: FirstDay) -> None:
    signed_in(day)
    day.microsoft.partner_center_faults.add(Fault(Effect.ANSWER, method="POST", path=CONSENTS, status=429, headers={"Retry-After": "57"}))
    began = day.clock.now()
    assert ready(day.run("consent"))
    assert day.clock.now() - began >= timedelta(seconds=57)


def test_a_consent_that_is_there_is_left_alone(day: FirstDay) -> None:
    signed_in(day)
    day.directory.customers[0].permissions = frozenset({*LEAST, "User.Read.All"})
    assert ready(day.run("consent"))
    assert "User.Read.All" in day.directory.customers[0].permissions


def test_a_consent_that_lacks_something_is_given_anew(day: FirstDay) -> None:
    """Partner Center adds nothing to a consent: it is taken back and given whole."""
    day.set_up()
    session = day.session()
    session.also_read = frozenset({Source.USERS})
    assert ready(run(session, ["application", "consent"]))
    assert all(tenant.permissions == LEAST | {"User.Read.All"} for tenant in day.directory.customers)


def test_nothing_is_consented_to_without_a_yes(day: FirstDay) -> None:
    signed_in(day)
    lines = day.run("consent", agrees=False)
    assert consented(day) == [] and {line.state for line in lines} == {State.TO_DO}
    assert {line.says for line in lines} == {"There is no consent"}


def test_a_customer_where_the_account_may_not_consent_is_told_both_ways_out(day: FirstDay) -> None:
    signed_in(day)
    day.directory.relationships[0].roles = (DIRECTORY_READERS,)
    lines = day.run("consent")
    (line,) = [line for line in lines if line.state is State.TO_DO]
    tenant_id = day.directory.customers[0].tenant_id
    assert "Cloud Application Administrator" in line.fix
    assert f"{tenant_id}/v2.0/adminconsent?client_id={day.directory.client_id}&scope=https" in line.fix
    assert len(consented(day)) == 2


def test_a_sign_in_without_mfa_stops_at_the_first_customer(day: FirstDay) -> None:
    """Partner Center would refuse every one of hundreds."""
    signed_in(day)
    day.vault.store("partner-refresh-token", day.microsoft.sign_in(amr=("pwd",)))
    lines = day.run("consent")
    (line,) = lines
    assert line.state is State.TO_DO and "multi-factor" in line.says
    assert consented(day) == []


def test_only_the_customers_that_are_named_are_consented_for(day: FirstDay) -> None:
    signed_in(day)
    session = day.session()
    session.only_customers = [day.directory.customers[1].tenant_id.upper()]
    assert ready(run(session, ["consent"]))
    assert consented(day) == [day.directory.customers[1]]


def test_a_consent_that_was_taken_back_is_noticed_by_the_next_look(day: FirstDay) -> None:
    day.set_up()
    day.directory.customers[2].withdraw_consent()
    looked = day.run("consent", "customers", look_only=True)
    assert not day.session().progress_file.exists()
    assert [line.state for line in looked if line.tenant_id] == [State.TO_DO, State.TO_DO]


def test_an_app_that_signs_in_by_itself_is_consented_to_by_the_customers_own_administrators(day: FirstDay) -> None:
    """Partner Center gives only what the app may do for a person."""
    day.run("start", "application", "secrets")
    session = day.session()
    session.starter.set_partner(refresh_token_secret="none")
    lines = run(day.session(), ["sign-in", "roles", "consent"])
    assert of(lines, "sign-in").state is State.TO_DO  # nothing was granted to it in the partner's own tenant, either
    day.directory.partner.own_permissions = frozenset({"Directory.Read.All", "DelegatedAdminRelationship.Read.All", "Organization.Read.All"})
    lines = run(day.session(), ["sign-in", "roles", "consent"])
    assert [line.state for line in lines if not line.tenant_id] == [State.READY] * 2
    assert all("adminconsent?client_id=" in line.fix for line in lines if line.tenant_id)
    for tenant in day.directory.customers:
        tenant.own_permissions = frozenset(LEAST)
    assert ready(run(day.session(), ["sign-in", "roles", "consent"]))


def test_many_customers_are_looked_at_in_few_requests(tmp_path: Path) -> None:
    """The assignments of twenty relationships in a request, and one token for all of it."""
    with FirstDay(tmp_path, customers=45) as day:
        day.run("start", "application", "secrets", "sign-in")
        before = len(_graph_requests(day))
        day.run("roles")
        asked = _graph_requests(day)[before:]
    assert len([one for one in asked if one["path"].endswith("/$batch")]) == 3
    assert len(asked) <= 3 + 5  # the customers in two lists, the relationships once more, and who is signed in


def _graph_requests(day: FirstDay) -> list[dict[str, Any]]:
    return list(requests.get(f"{day.served.urls.graph}/_sandbox/requests", timeout=10).json())
