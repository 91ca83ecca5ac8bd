"""Health tells part by part what works, and for what does not what to do about it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import pytest

from sandbox.connectwise.access import Door
from sandbox.faults import Effect, Fault, Faults
from sync_core.pipeline.control import StopSwitch, set_stop_switch
from tests.nights.chain import Chain

PARTS = {"storage", "stop switch", "configuration", "Microsoft sign-in", "PSA connectwise", "mail", "access"}


@contextmanager
def out_of_order(faults: Faults) -> Iterator[None]:
    """Every request is answered 503."""
    faults.add(Fault(Effect.ANSWER, times=0, status=503))
    yield
    faults.clear()


@contextmanager
def wrong_key(chain: Chain) -> Iterator[None]:
    """The PSA refuses the key."""
    chain.world.connectwise.access.door = Door.UNAUTHORIZED
    yield
    chain.world.connectwise.access.door = Door.OPEN


@contextmanager
def stopped(chain: Chain) -> Iterator[None]:
    """All writes are stopped."""
    set_stop_switch(chain.context.store, StopSwitch(True, "an audit", "a test", datetime.now(UTC)))
    yield
    set_stop_switch(chain.context.store, StopSwitch())


TROUBLE = {
    "the PSA is down": lambda chain: out_of_order(chain.world.connectwise.faults),
    "the PSA refuses the key": wrong_key,
    "Microsoft Graph is down": lambda chain: out_of_order(chain.world.microsoft.graph_faults),
    "all writes are stopped": stopped,
}
BAD_PART = {
    "the PSA is down": "PSA connectwise",
    "the PSA refuses the key": "PSA connectwise",
    "Microsoft Graph is down": "Microsoft sign-in",
    "all writes are stopped": "stop switch",
}


def test_when_all_is_well_every_part_says_so(running: Chain) -> None:
    answer = running.call("GET", "health")
    assert (answer.status, answer.json["ok"]) == (200, True)
    assert {part["name"] for part in answer.json["parts"]} == PARTS


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_part_that_is_down_is_named_with_what_to_do(running: Chain, trouble: str) -> None:
    bring: AbstractContextManager[None] = TROUBLE[trouble](running)
    with bring:
        answer = running.call("GET", "health")
    bad = [part for part in answer.json["parts"] if not part["ok"]]
    assert (answer.status, answer.json["ok"]) == (503, False)
    assert [part["name"] for part in bad] == [BAD_PART[trouble]]
    assert all(part["detail"] and part["fix"] for part in bad)
    assert running.call("GET", "health").status == 200


def test_storage_that_does_not_answer_is_named_with_what_to_do(chain: Chain) -> None:
    chain.start_host()
    chain.azurite.stop()
    answer = chain.call("GET", "health")
    chain.hosts[0].kill()  # in order it would try to reach the storage for a while
    assert answer.status == 503
    assert next(part for part in answer.json["parts"] if part["name"] == "storage")["fix"]


def test_without_a_configuration_health_says_how_to_import_one(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Chain(tmp_path_factory.mktemp("chain")) as chain:
        chain.start_host()
        parts = {part["name"]: part for part in chain.call("GET", "health").json["parts"]}
        assert not parts["configuration"]["ok"]
        assert "config import" in parts["configuration"]["fix"]
        assert chain.call("POST", "runs").status == 503
