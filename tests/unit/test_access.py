"""Whom an end is told to, and when: 60, 30 and 7 days before, never about what renews itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sync_core.access import DIRECTORY_READERS, findings, relationship_endings, secrets_of, step_of
from sync_core.model.access import SECRET_ENDS, AccessReport, Broken, Delegation, Ending
from sync_core.model.configuration import Configuration, Connection, Credential, CustomerConfiguration, Notices, Partner
from sync_core.model.customers import Customer, SignIn

NOW = datetime(2026, 3, 17, 2, tzinfo=UTC)
TENANT = "11111111-0000-4000-8000-000000000001"
LICENCE_ADMINISTRATOR = "4d6ac14f-3453-41d0-bef9-a3e0c569773a"
"""A role that does not let us read what is billed."""


def configuration(sign_in: SignIn = SignIn.DELEGATED) -> Configuration:
    """One customer."""
    return Configuration(Partner("partner", "app"), (), (CustomerConfiguration(Customer(TENANT, "Contoso", sign_in)),))


def delegation(days: int, renews: bool = False, role: str = DIRECTORY_READERS, tenant_id: str = TENANT) -> Delegation:
    """A relationship that ends in so many days."""
    return Delegation(tenant_id, "Contoso", f"ends in {days}", NOW + timedelta(days=days), renews, frozenset({role}))


def ends_found(*delegations: Delegation, sign_in: SignIn = SignIn.DELEGATED) -> list[datetime | None]:
    """When the customer's access ends, as far as people hear of it."""
    return [one.ends for one in relationship_endings(delegations, configuration(sign_in))]


@pytest.mark.parametrize(("days", "step"), [(61, None), (60, 60), (31, 60), (30, 30), (8, 30), (7, 7), (0, 7), (-3, 7)])
def test_people_are_told_from_sixty_days_on_and_with_more_weight_at_thirty_and_seven(days: int, step: int | None) -> None:
    assert step_of(days) == step


@pytest.mark.parametrize(("days", "told", "urgent"), [(61, 0, None), (45, 1, False), (7, 1, True), (-1, 1, True)])
def test_an_end_is_told_within_sixty_days_and_urgent_within_seven(days: int, told: int, urgent: bool | None) -> None:
    ending = Ending(SECRET_ENDS, "The client secret", "Renew it", NOW + timedelta(days=days, hours=1))
    found = findings(AccessReport(endings=(ending,)), NOW)
    assert len(found) == told
    assert [one.urgent for one in found] == ([] if urgent is None else [urgent])


def test_days_are_counted_when_they_are_told_and_not_when_they_were_read() -> None:
    """A watch that stands still must not say sixty days for ever."""
    report = AccessReport(endings=(Ending(SECRET_ENDS, "The client secret", "Renew it", NOW + timedelta(days=40)),))
    (found,) = findings(report, NOW + timedelta(days=41))
    assert (found.days, found.urgent) == (-1, True)
    assert "ended on 2026-04-26" in found.what


def test_what_is_broken_comes_first_and_the_nearest_end_next() -> None:
    endings = tuple(Ending(SECRET_ENDS, f"Secret {days}", "Renew it", NOW + timedelta(days=days)) for days in (50, 5))
    report = AccessReport(broken=(Broken("sign-in-expired", "It expired", "Sign in"),), unread=(Broken("busy", "Unread", "Wait"),), endings=endings)
    assert [one.code for one in findings(report, NOW)] == ["sign-in-expired", SECRET_ENDS, SECRET_ENDS, "busy"]
    assert [one.days for one in findings(report, NOW)] == [None, 5, 50, None]


def test_a_relationship_that_extends_itself_is_nobodys_business() -> None:
    assert ends_found(delegation(5, renews=True)) == []


def test_a_customers_access_ends_with_its_last_relationship() -> None:
    assert ends_found(delegation(5), delegation(50)) == [NOW + timedelta(days=50)]
    assert ends_found(delegation(5), delegation(50, renews=True)) == []


def test_a_relationship_without_a_role_that_reads_keeps_no_customer() -> None:
    assert ends_found(delegation(5), delegation(500, renews=True, role=LICENCE_ADMINISTRATOR)) == [NOW + timedelta(days=5)]


def test_only_customers_that_are_read_as_the_service_account_depend_on_relationships() -> None:
    assert ends_found(delegation(5), sign_in=SignIn.APPLICATION) == []
    assert ends_found(delegation(5, tenant_id="another")) == []


def test_every_secret_that_the_configuration_names_is_looked_at() -> None:
    psa = Connection("cw", "connectwise", "https://psa.example", secrets={"private_key": "connectwise-private-key"})
    whole = replace(configuration(), connections=(psa,), notices=Notices(smtp_password_secret="mail-password"))
    assert set(secrets_of(whole)) == {"partner-app-secret", "partner-refresh-token", "connectwise-private-key", "mail-password"}
    identity = replace(whole, partner=Partner("partner", "app", Credential.MANAGED_IDENTITY, refresh_token_secret=""))
    assert set(secrets_of(identity)) == {"connectwise-private-key", "mail-password"}
