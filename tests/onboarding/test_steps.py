"""From nothing to a green table, step by step, and back again when something is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sandbox.onboarding.answers import Asked
from sandbox.onboarding.session import State
from sandbox.onboarding.steps import document, ready, run
from sync_core.model.licences import Source
from tests.onboarding.partner import FirstDay, of


def test_everything_is_made_and_ends_in_a_green_table(day: FirstDay) -> None:
    lines = day.run()
    assert ready(lines), [line for line in lines if line.state is not State.READY]
    assert {line.part for line in lines} >= {
        "app registration",
        "sign-in",
        "service account",
        "GDAP roles",
        "consent",
        "customers",
        "PSA connectwise",
    }
    assert of(lines, "customers").says == "3 customers can be read"


def test_a_second_run_finds_all_done_and_makes_nothing(day: FirstDay) -> None:
    day.set_up()
    vault, applications = dict(day.vault.versions), len(day.directory.applications)
    written = day.path.read_text(encoding="utf-8")
    assert ready(day.run())
    assert (applications, written) == (1, day.path.read_text(encoding="utf-8"))
    assert {name: len(versions) for name, versions in vault.items()} == {name: len(day.vault.versions[name]) for name in vault}


def test_looking_changes_nothing_and_says_what_is_to_do(day: FirstDay) -> None:
    lines = day.run(look_only=True)
    assert not ready(lines) and not day.path.exists() and day.directory.applications == []
    assert day.vault.requests == []
    assert all(line.fix for line in lines if line.state is not State.READY)


def test_looking_after_the_set_up_is_green_also_without_the_operator(day: FirstDay) -> None:
    day.set_up()
    day.operator_tenant = day.directory.customers[0]
    assert ready(day.run(look_only=True))


def test_the_registration_is_as_the_app_needs_it_and_asks_for_no_more(day: FirstDay) -> None:
    day.run("start", "application")
    (application,) = day.directory.applications
    assert (application.audience, application.public) == ("AzureADMultipleOrgs", False)
    assert application.redirects == [f"http://localhost:{day.port}"]
    assert [role["value"] for role in application.app_roles] == ["Reader", "Approver", "Administrator"]
    least = {"LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All", "DelegatedAdminRelationship.Read.All"}
    assert day.directory.partner.permissions == least
    assert day.directory.partner_center_allowed


def test_the_client_secret_is_kept_with_its_end_and_shown_nowhere(day: FirstDay) -> None:
    day.run("start", "application")
    (secret,) = day.directory.applications[0].secrets
    (kept,) = day.vault.versions["partner-app-secret"]
    assert kept.value == secret.value and kept.ends == int(secret.ends.timestamp())
    assert secret.value not in day.said.getvalue() + day.path.read_text(encoding="utf-8")


def test_no_secret_is_ever_shown_or_written(day: FirstDay) -> None:
    lines = day.run()
    seen = day.said.getvalue() + day.path.read_text(encoding="utf-8") + str(document(lines))
    assert [name for name, value in day.vault.values.items() if value in seen] == []


@pytest.mark.parametrize("way", ["browser", "code"])
def test_the_service_account_signs_in_in_the_browser_or_with_a_code(day: FirstDay, way: str) -> None:
    day.run("start", "application")
    lines = day.run("sign-in", sign_in_by=way)
    assert of(lines, "sign-in").state is State.READY
    assert "partner-refresh-token" in day.vault.values


def test_a_person_may_make_the_registration_by_hand(day: FirstDay) -> None:
    """It is told click by click, and the id is taken over; what was forgotten shows."""
    day.run("start")
    lines = day.run("application", agrees=False, application_id=day.directory.customers[0].tenant_id)
    said = day.said.getvalue()
    assert "Grant admin consent" in said and "LicenseAssignment.Read.All" in said and f"http://localhost:{day.port}" in said
    assert of(lines, "app registration").says == "Your tenant has no registration with this id"
    assert day.directory.applications == []


def test_a_registration_that_lacks_something_is_mended_and_keeps_what_it_has_besides(day: FirstDay) -> None:
    day.set_up()
    (application,) = day.directory.applications
    application.redirects, application.audience = ["https://contoso.example/else"], "AzureADMyOrg"
    looked = of(day.run("application", look_only=True), "app registration")
    assert looked.state is State.TO_DO and "multi-tenant" in looked.says and "redirect URI" in looked.says
    assert of(day.run("application"), "app registration").state is State.READY
    assert application.redirects == ["https://contoso.example/else", f"http://localhost:{day.port}"]


def test_a_lost_client_secret_is_replaced_by_a_new_one(day: FirstDay) -> None:
    day.set_up()
    del day.vault.versions["partner-app-secret"]
    day.run("application")
    assert len(day.directory.applications[0].secrets) == 2
    assert of(day.run("sign-in"), "sign-in").state is State.READY


def test_a_client_secret_that_ends_soon_is_renewed_beside_the_old_one(day: FirstDay) -> None:
    day.set_up()
    day.later(days=310)
    day.vault.store("partner-refresh-token", day.microsoft.sign_in())  # the watch over access is not here to keep it fresh
    looked = of(day.run("application", look_only=True), "secret partner-app-secret")
    assert looked.says.startswith("The client secret ends on")
    assert ready(day.run("application", "sign-in"))
    first, second = day.directory.applications[0].secrets
    assert (day.vault.values["partner-app-secret"], first.ends > day.clock.now()) == (second.value, True)
    assert len(day.vault.versions["partner-app-secret"]) == 2


def test_what_custom_licences_will_look_at_takes_more_rights_and_no_others(day: FirstDay) -> None:
    session = day.session()
    session.also_read = frozenset({Source.USERS})
    assert ready(run(session))
    assert all("User.Read.All" in customer.permissions for customer in day.directory.customers)
    assert all("Reports.Read.All" not in customer.permissions for customer in day.directory.customers)


def test_a_directory_that_catches_up_slowly_is_waited_for(day: FirstDay) -> None:
    """What was made is not known everywhere for some seconds, and a second try would make a second one."""
    day.directory.lag = timedelta(seconds=10)
    assert ready(day.run())
    assert len(day.directory.applications) == 1


def test_a_registration_that_an_interrupted_try_left_is_taken_up(day: FirstDay) -> None:
    day.run("start", "application")
    day.path.unlink()
    day.vault.versions.pop("partner-app-secret")
    assert ready(day.run())
    assert len(day.directory.applications) == 1


def test_a_person_is_asked_with_the_default_and_only_a_clear_yes_is_one() -> None:
    asked: list[str] = []

    def typed(question: str) -> str:
        asked.append(question)
        return {"Sure? [y/N] ": "yes", "Really? [y/N] ": "yep"}.get(question, "")

    person = Asked(ask=typed, hidden=lambda question: "hush" if "not shown" in question else "")
    assert (person.text("psa", "Which PSA", "connectwise"), person.secret("key", "The key")) == ("connectwise", "hush")
    assert (person.yes("a", "Sure?"), person.yes("b", "Really?"), Asked(agrees=True, ask=typed).yes("c", "Never asked")) == (True, False, True)
    assert asked == ["Which PSA [connectwise]: ", "Sure? [y/N] ", "Really? [y/N] "]
