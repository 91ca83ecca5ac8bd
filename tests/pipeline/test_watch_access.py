"""The watch over access: a broken sign-in is known within the hour, an end months before, and both are told by health and digest."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.memory.store import MemoryStore
from sync_core.access import DIRECTORY_READERS, findings
from sync_core.errors import InvalidConfiguration, RetryLater, StopRun
from sync_core.model.access import Delegation, Renewal
from sync_core.pipeline.context import Remembered
from sync_core.pipeline.health import health
from sync_core.pipeline.report import run_report
from sync_core.pipeline.watch_access import access_report, watch_access
from sync_core.ports import Health
from tests.pipeline.night import Night, tenant

REVOKED = StopRun("The partner's stored sign-in is no longer valid", code="sign-in-expired", fix="Sign in once more")
HOUR, DAY = 3600.0, 86_400.0


def access(night: Night) -> Health:
    """What health says of access."""
    return next(part for part in health(night.context) if part.name == "access")


def told(night: Night) -> list[tuple[str, str]]:
    """The findings of the newest report, by customer."""
    run = night.run()
    report = run_report(night.context, run.run_id)
    assert report is not None
    return [(name, finding.code) for name, finding in report.access]


def ending(night: Night, number: int, days: float) -> Delegation:
    """A customer's only relationship, which ends in so many days."""
    ends = night.clock.now() + timedelta(days=days)
    return Delegation(tenant(number), f"Customer {number}", "Managed services", ends, role_ids=frozenset({DIRECTORY_READERS}))


def test_when_all_is_well_nobody_hears_of_it() -> None:
    night = Night()
    watch_access(night.context)
    assert access(night) == Health("access", ok=True, detail="nothing ends within 60 days")
    assert told(night) == []


def test_a_revoked_sign_in_is_known_at_the_next_look_and_over_at_the_one_after_it_is_mended() -> None:
    night = Night()
    watch_access(night.context)
    night.microsoft.unrenewed = REVOKED
    night.clock.advance(HOUR)
    watch_access(night.context)
    assert (access(night).ok, access(night).fix) == (False, "Sign in once more")
    assert told(night) == [("", "sign-in-expired")]
    night.microsoft.unrenewed = None
    watch_access(night.context)
    assert access(night).ok


def test_a_sign_in_without_mfa_is_told_although_it_still_works() -> None:
    night = Night()
    night.microsoft.renewal = Renewal(mfa=False)
    watch_access(night.context)
    assert not access(night).ok and "multi-factor" in access(night).detail
    assert told(night) == [("", "mfa-missing")]


def test_a_token_that_does_not_tell_about_mfa_is_no_finding() -> None:
    night = Night()
    night.microsoft.renewal = Renewal(mfa=None)
    watch_access(night.context)
    assert access(night).ok


def test_a_vault_that_takes_no_new_token_is_told_with_the_role_to_give() -> None:
    night = Night()
    refused = InvalidConfiguration("Azure refuses", where="secret partner-refresh-token", fix="Give the role 'Key Vault Secrets Officer'")
    night.microsoft.renewal = Renewal(mfa=True, not_kept=refused)
    watch_access(night.context)
    assert "'Key Vault Secrets Officer'" in access(night).fix
    assert told(night) == [("", "sign-in-not-kept")]


def test_passing_trouble_leaves_what_was_known() -> None:
    night = Night()
    night.microsoft.unrenewed = REVOKED
    watch_access(night.context)
    night.microsoft.unrenewed = RetryLater("Microsoft's sign-in service is busy", delay=30)
    watch_access(night.context)
    assert not access(night).ok


def test_a_relationship_that_ends_is_told_in_health_and_digest_and_makes_health_bad_for_nobody_else() -> None:
    night = Night(customers=2)
    night.microsoft.delegated = [ending(night, 1, 6.5)]
    watch_access(night.context)
    part = access(night)
    assert part.ok and part.detail.startswith("Customer 1: The GDAP relationship")
    assert told(night) == [("Customer 1", "relationship-ends")]


@pytest.mark.parametrize(("days", "ok"), [(45, True), (6, False)])
def test_a_client_secret_that_ends_stops_everybody(days: int, ok: bool) -> None:
    night = Night()
    night.microsoft.credential_end = night.clock.now() + timedelta(days=days, hours=1)
    watch_access(night.context)
    assert access(night).ok is ok
    assert told(night) == [("", "secret-ends")]


def test_the_vaults_own_date_of_a_secret_wins_over_the_registrations() -> None:
    """It is of the value that we use; the registration may hold a newer one that nobody stored."""
    night = Night()
    night.adapters.secrets.put("partner-app-secret", "value", night.clock.now() + timedelta(days=20))
    watch_access(night.context)
    assert told(night) == [("", "secret-ends")]


def test_a_client_secret_whose_end_nobody_can_tell_says_how_to_find_out() -> None:
    night = Night()
    night.microsoft.credential_end = None
    watch_access(night.context)
    assert access(night).ok and told(night) == [("", "end-unknown")]


def test_ends_are_read_once_a_day_and_the_sign_in_is_tried_every_time() -> None:
    night = Night()
    for _ in range(48):
        watch_access(night.context)
        night.clock.advance(HOUR)
    assert night.microsoft.looks == 3


def test_relationships_that_cannot_be_read_are_told_and_break_nothing() -> None:
    night = Night()
    night.microsoft.delegated = StopRun("The sign-in works, but lacks the right to read this", code="missing-role", fix="Grant it")
    watch_access(night.context)
    assert access(night).ok and told(night) == [("", "missing-role")]


def test_passing_trouble_with_what_ends_is_tried_again_within_the_hour_and_told_only_when_it_lasts() -> None:
    night = Night()
    night.microsoft.delegated = [ending(night, 1, 6.5)]
    watch_access(night.context)
    night.microsoft.delegated = RetryLater("The service is busy", delay=60, code="service-busy")
    night.clock.advance(DAY)
    watch_access(night.context)
    assert [one.code for one in findings(access_report(night.store), night.clock.now())] == ["relationship-ends"]
    night.microsoft.delegated = ()
    night.clock.advance(HOUR)
    watch_access(night.context)
    assert access(night).detail == "nothing ends within 60 days"
    night.microsoft.delegated = RetryLater("The service is busy", delay=60, code="service-busy")
    night.clock.advance(4 * DAY)
    watch_access(night.context)
    assert [one.code for one in findings(access_report(night.store), night.clock.now())] == ["service-busy"]


def test_a_watch_that_stands_still_is_noticed() -> None:
    night = Night()
    assert access(night).ok
    watch_access(night.context)
    night.clock.advance(2 * DAY)
    assert not access(night).ok and "watch_access" in access(night).fix


def test_before_a_configuration_there_is_nothing_to_watch() -> None:
    first_day = replace(Night().context, store=MemoryStore(), remembered=Remembered())
    watch_access(first_day)
    assert access_report(first_day.store).signed_in is None


def test_the_log_tells_findings_by_code_and_days_and_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    night = Night()
    night.microsoft.delegated = [ending(night, 1, 6.5)]
    with caplog.at_level("INFO", "sync"):
        watch_access(night.context)
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    assert {"event": "access.finding", "code": "relationship-ends", "days": 6, "weight": "urgent", "customer": tenant(1)} in lines
    assert "Customer 1" not in caplog.text
