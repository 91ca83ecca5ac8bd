"""Waiting for what another process or thread is about to do, without a fixed pause."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")


def eventually(ask: Callable[[], Value], seconds: float = 60) -> Value:
    """Ask until the answer is true, and return it; fails after ``seconds``, which only a broken program takes."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"still {answer!r} after {seconds} seconds"
        time.sleep(0.05)
    return answer
