"""Taking a batch's answer apart."""

from __future__ import annotations

import pytest

from adapters.microsoft.batch import PartAnswer, answers, request_body
from sync_core.errors import RetryLater
from sync_core.model.customers import SignIn
from tests.microsoft.conftest import World


def test_answers_are_found_by_name_in_any_order() -> None:
    body = {"responses": [{"id": "b", "status": 404}, {"id": "a", "status": 200, "body": {"value": []}}]}
    assert answers(body, ["a", "b"]) == {"a": PartAnswer(200, {"value": []}), "b": PartAnswer(404)}


@pytest.mark.parametrize("body", [None, {}, {"responses": 5}, {"responses": [7]}, {"responses": [{"id": "a", "status": 200}] * 2}])
def test_a_part_that_is_missing_or_answered_twice_is_asked_again(body: object) -> None:
    assert answers(body, ["a"])["a"] == PartAnswer(0)
    assert PartAnswer(0).passing


@pytest.mark.parametrize(("status", "passing"), [(200, False), (400, False), (403, False), (424, True), (429, True), (503, True)])
def test_only_passing_trouble_is_asked_again(status: int, passing: bool) -> None:
    assert PartAnswer(status).passing is passing


def test_a_batch_has_at_most_twenty_parts() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        request_body({str(number): "/me" for number in range(21)}, {})


def test_a_part_that_never_comes_is_trouble_that_passes(world: World) -> None:
    graph = world.graph().tenant(world.partner.tenant_id, SignIn.DELEGATED)
    assert isinstance(graph.part_error("skus", PartAnswer(0)), RetryLater)
