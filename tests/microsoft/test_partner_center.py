"""The terms of subscriptions by Partner Center: one call more, believed before what is observed, and in nobody's way when it fails."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from adapters.microsoft.partner_center import terms_from
from adapters.microsoft.reading import Unreadable
from sandbox.faults import Effect, Fault
from sandbox.microsoft.catalog import BUSINESS_BASIC
from sync_core.counting import usage_needs
from sync_core.model.licences import Source
from sync_core.model.terms import Term, TermsFrom, TermSource
from tests.microsoft.conftest import World
from tests.microsoft.test_read_usage import requests_to

WITH_TERMS = usage_needs((), (), terms=TermsFrom.PARTNER_CENTER)


def test_terms_are_read_with_one_more_call(world: World) -> None:
    adapter = world.adapter()
    first = adapter.read_usage(world.customer("contoso.example"), WITH_TERMS)
    (row,) = first.subscriptions
    assert first.terms == {row.commerce_id: Term("P1Y", "monthly", date(2026, 11, 3), True, TermSource.PARTNER_CENTER)}
    assert row.next_lifecycle and row.next_lifecycle.date() == date(2026, 11, 3)
    assert Source.TERMS in first.read and not first.failed
    assert [request["path"] for request in requests_to(world.partner_center_url)] == [f"/v1/customers/{first.tenant_id}/subscriptions"]
    tokens = len(requests_to(world.login_url))
    adapter.read_usage(world.customer("contoso.example"), WITH_TERMS)
    assert (len(requests_to(world.partner_center_url)), len(requests_to(world.login_url))) == (2, tokens)


def test_nobody_is_asked_where_the_partner_does_not_want_it(world: World) -> None:
    world.adapter().read_usage(world.customer("contoso.example"), usage_needs((), ()))
    assert requests_to(world.partner_center_url) == []


def test_what_others_sold_has_no_term_of_ours(world: World) -> None:
    world.tenant("contoso.example").buy(BUSINESS_BASIC, 4, sold_by=None)
    snapshot = world.adapter().read_usage(world.customer("contoso.example"), WITH_TERMS)
    assert (len(snapshot.subscriptions), len(snapshot.terms)) == (2, 1)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(Effect.ANSWER, path="/subscriptions", times=0, status=503),
        Fault(
            Effect.ANSWER, path="/subscriptions", times=0, status=429, headers={"Retry-After": "57"}, body='{"statusCode": 429, "message": "Wait"}'
        ),
        Fault(Effect.ANSWER, path="/subscriptions", times=0, status=401),
        Fault(Effect.ANSWER, path="/subscriptions", times=0, status=404, body='{"code": "60003", "description": "No such tenant"}'),
        Fault(Effect.ANSWER, path="/subscriptions", times=0, status=200, body="<html>"),
        Fault(Effect.ANSWER, path="/subscriptions", times=0, status=200, body='{"items": [], "links": {"next": {"uri": "/more"}}}'),
        Fault(Effect.DROP_BEFORE, path="/subscriptions", times=0),
    ],
    ids=["away", "busy", "token refused", "unknown tenant", "no JSON", "a part", "dropped"],
)
def test_a_failure_leaves_the_terms_unknown_and_the_counts_as_they_are(world: World, fault: Fault) -> None:
    world.simulator.partner_center_faults.add(fault)
    snapshot = world.adapter().read_usage(world.customer("contoso.example"), WITH_TERMS)
    assert (snapshot.terms, set(snapshot.failed), Source.TERMS in snapshot.read) == ({}, {Source.TERMS}, False)
    assert (snapshot.skus[0].units.enabled, snapshot.subscriptions[0].seats) == (25, 25)


def test_a_sign_in_without_mfa_is_not_tried_for_every_customer(world: World) -> None:
    world.secrets.put("refresh-token", world.simulator.sign_in(("pwd",)))
    adapter = world.adapter()
    for domain in ("contoso.example", "tailspin.example"):
        assert "multi-factor" in adapter.read_usage(world.customer(domain), WITH_TERMS).failed[Source.TERMS]
    assert len(requests_to(world.partner_center_url)) == 1
    world.clock.advance(timedelta(minutes=16).total_seconds())
    adapter.read_usage(world.customer("contoso.example"), WITH_TERMS)
    assert len(requests_to(world.partner_center_url)) == 2


def test_a_byte_order_mark_is_no_harm(world: World) -> None:
    body = "\ufeff" + json.dumps({"items": [{"id": "A-1", "termDuration": "P1M", "commitmentEndDate": "2026-02-02T00:00:00Z"}]})
    world.simulator.partner_center_faults.add(Fault(Effect.ANSWER, path="/subscriptions", status=200, body=body))
    snapshot = world.adapter().read_usage(world.customer("contoso.example"), WITH_TERMS)
    assert snapshot.terms == {"a-1": Term("P1M", "", date(2026, 2, 3), False, TermSource.PARTNER_CENTER)}


def test_a_subscription_without_a_term_has_none_and_a_strange_answer_is_no_list() -> None:
    assert terms_from({"items": [{"id": "azure plan", "termDuration": None}]}) == {}
    with pytest.raises(Unreadable):
        terms_from({"items": ["a text"]})
