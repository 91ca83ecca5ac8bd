"""Many seeds on all cores: what each came to, and what all of them reached."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from sandbox.simulation.hosts import AnySite
from sandbox.simulation.phases import play_story
from sandbox.simulation.sites import SITES
from sandbox.simulation.story import Bent, Story

SEEDS_AT_ONCE = 50


@dataclass
class Played:
    """What some seeds came to: ``faults`` say by seed which promise was not kept, ``reached`` how often each thing happened."""

    seeds: int = 0
    seconds: float = 0.0
    """Of a core's time."""
    faults: dict[int, str] = field(default_factory=dict)
    reached: Counter[str] = field(default_factory=Counter)

    def add(self, other: Played) -> None:
        """Adds what other seeds came to."""
        self.seeds += other.seeds
        self.seconds += other.seconds
        self.faults |= other.faults
        self.reached += other.reached


def play(psa: str, seeds: Iterable[int], bent: Bent | None = None, most_faults: int = 5) -> Played:
    """Plays seeds one after the other, in this process; stops after some that broke a promise."""
    played, began = Played(), time.process_time()
    with _without_log(), _with_rare_collections():
        for seed in seeds:
            fault = _fault(psa, seed, played, bent)
            if fault:
                played.faults[seed] = fault
            if len(played.faults) >= most_faults:
                break
    played.seconds = time.process_time() - began
    return played


def play_on_all_cores(psa: str, seeds: Sequence[int]) -> Iterator[Played]:
    """Plays seeds in as many processes as there are cores; yields what a part of them came to as soon as it is played."""
    parts = [seeds[start : start + SEEDS_AT_ONCE] for start in range(0, len(seeds), SEEDS_AT_ONCE)]
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in as_completed([pool.submit(play, psa, part) for part in parts]):
            yield done.result()


def trace(psa: str, seed: int, bent: Bent | None = None) -> list[str]:
    """One seed's story, a line for each event; the last one says which promise was not kept, if any."""
    lines: list[str] = []
    with _without_log():
        try:
            play_story(Story(site(psa), seed, bent, lines))
        except Exception as error:
            lines.append(_words(error))
    return lines


def replay(psa: str, seed: int) -> str:
    """How to see a seed's story."""
    return f"python3 dev.py sim --psa {psa} --seed {seed}"


@cache
def site(psa: str) -> AnySite:
    """The PSA of that name, made once a process."""
    return SITES[psa]()


def _fault(psa: str, seed: int, played: Played, bent: Bent | None) -> str:
    story = Story(site(psa), seed, bent)
    try:
        play_story(story)
    except Exception as error:  # whatever the app raises where it should not is a fault of this seed
        return _words(error)
    finally:
        played.seeds += 1
        played.reached += story.calls.reached
    return ""


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def _with_rare_collections() -> Iterator[None]:
    """A story leaves little behind, and looking through all that is there again and again takes longer than playing on."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _without_log() -> Iterator[None]:
    """The app logs nothing meanwhile: thousands of stories would bury what is said."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
