"""What is told of a finding from run to run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sync_core.model.notices import Finding, NoticeKind
from sync_core.notices import Memory, release, turned

KIND = NoticeKind.UNASSIGNED
ALL = frozenset(NoticeKind)
TODAY = date(2026, 3, 17)
FINDING = Finding(KIND, "a-sku", "3 of 10 bought are assigned to nobody", "a-tenant", "Contoso")


def told(memory: Memory, run_id: str) -> int:
    """How many findings a run tells."""
    return sum(entry.told_by == run_id for entry in memory.entries.values())


def solved(memory: Memory, run_id: str) -> int:
    """How many findings a run tells as solved."""
    return sum(entry.solved_by == run_id for entry in memory.entries.values())


def nightly(presence: list[bool]) -> tuple[list[int], list[int]]:
    """What each night tells of a finding that is there or not."""
    memory, news, ends = Memory(), [], []
    for night, here in enumerate(presence):
        memory = turned(memory, [FINDING] if here else [], ALL, ALL, (), f"run-{night}", TODAY + timedelta(days=night))
        news.append(told(memory, f"run-{night}"))
        ends.append(solved(memory, f"run-{night}"))
    return news, ends


def test_a_finding_is_told_when_it_comes_and_when_it_goes() -> None:
    assert nightly([True, True, False, False, True, False]) == ([1, 0, 0, 0, 1, 0], [0, 0, 1, 0, 0, 1])


@given(st.lists(st.booleans(), max_size=40))
def test_it_is_told_exactly_as_often_as_it_comes_and_goes(presence: list[bool]) -> None:
    before = [False, *presence[:-1]] if presence else []
    news, ends = nightly(presence)
    assert news == [int(now and not then) for then, now in zip(before, presence, strict=True)]
    assert ends == [int(then and not now) for then, now in zip(before, presence, strict=True)]


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")), st.booleans())
def test_turning_twice_is_turning_once(first: set[str], second: set[str], due: bool) -> None:
    def findings(keys: set[str]) -> list[Finding]:
        return [replace(FINDING, key=key) for key in keys]

    memory = turned(Memory(), findings(first), ALL, ALL, (), "one", TODAY)
    once = turned(memory, findings(second), ALL, ALL if due else (), (), "two", TODAY)
    assert turned(once, findings(second), ALL, ALL if due else (), (), "two", TODAY) == once


def test_it_remembers_since_when_it_stands() -> None:
    memory = turned(Memory(), [FINDING], ALL, (), (), "one", TODAY)
    memory = turned(memory, [FINDING], ALL, ALL, (), "two", TODAY + timedelta(days=5))
    (entry,) = memory.entries.values()
    assert (entry.first, entry.finding.since, entry.told_by) == (TODAY, TODAY, "two")


def test_what_was_never_told_goes_without_a_word() -> None:
    memory = turned(Memory(), [FINDING], ALL, (), (), "one", TODAY)
    assert turned(memory, [], ALL, ALL, (), "two", TODAY) == Memory()


def test_what_was_not_looked_for_is_not_solved() -> None:
    memory = turned(Memory(), [FINDING], ALL, ALL, (), "one", TODAY)
    assert turned(memory, [], ALL - {KIND}, ALL, (), "two", TODAY) == memory


def test_another_state_of_it_is_told_anew() -> None:
    memory = turned(Memory(), [replace(FINDING, state="60 days")], ALL, ALL, (), "one", TODAY)
    assert told(turned(memory, [replace(FINDING, state="60 days")], ALL, ALL, (), "two", TODAY), "two") == 0
    assert told(turned(memory, [replace(FINDING, state="30 days")], ALL, ALL, (), "two", TODAY), "two") == 1


def test_a_quiet_finding_is_remembered_and_told_when_it_is_not_quiet_any_more() -> None:
    memory = turned(Memory(), [FINDING], ALL, ALL, {FINDING.finding_id}, "one", TODAY)
    assert told(memory, "one") == 0
    assert told(turned(memory, [FINDING], ALL, ALL, (), "two", TODAY), "two") == 1


def test_what_nobody_heard_of_is_told_by_the_next_run() -> None:
    memory = release(turned(Memory(), [FINDING], ALL, ALL, (), "one", TODAY), {KIND}, "one")
    memory = turned(memory, [FINDING], ALL, ALL, (), "two", TODAY)
    assert told(memory, "two") == 1
    gone = turned(memory, [], ALL, ALL, (), "three", TODAY)
    assert solved(turned(release(gone, {KIND}, "three"), [], ALL, ALL, (), "four", TODAY), "four") == 1


def test_a_solved_finding_is_forgotten_after_a_month() -> None:
    memory = turned(turned(Memory(), [FINDING], ALL, ALL, (), "one", TODAY), [], ALL, ALL, (), "two", TODAY)
    assert len(turned(memory, [], ALL, ALL, (), "three", TODAY + timedelta(days=30)).entries) == 1
    assert turned(memory, [], ALL, ALL, (), "four", TODAY + timedelta(days=31)) == Memory()
