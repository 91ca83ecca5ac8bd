"""Faults by rule and seed, put around any simulator: what goes wrong between a client and a vendor.

A rule names the requests it meets (method and a pattern on the path), what happens to them, how often and
how likely. The seed makes every run of a faulty day repeatable.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self

from sandbox.web import Application, Dropped, Request, Response


class Effect(StrEnum):
    """What a fault does to the request it meets."""

    ANSWER = "answer"
    """The given status, headers and body instead of the application's; the request is not carried out."""
    ANSWER_AFTER = "answer_after"
    """The same answer, after the request was carried out: an error that hides a success."""
    DROP_BEFORE = "drop_before"
    """The connection closes and the request is not carried out."""
    DROP_AFTER = "drop_after"
    """The request is carried out and its answer is lost."""
    LATE_COMMIT = "late_commit"
    """The answer is lost now, and the request is carried out ``seconds`` later."""
    DELAY = "delay"
    """The request is carried out, and answered ``seconds`` later."""


@dataclass(frozen=True)
class Fault:
    """One rule. ``path`` is a regular expression searched in the path; ``times`` 0 means always; ``skip`` lets the first n pass."""

    effect: Effect
    method: str = "*"
    path: str = ""
    times: int = 1
    skip: int = 0
    probability: float = 1.0
    status: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 0.0

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """A rule from its JSON form; raises ``TypeError`` or ``ValueError`` when a member is unknown or wrong."""
        return cls(**{**value, "effect": Effect(value["effect"])})

    def meets(self, request: Request) -> bool:
        """Whether the rule is about this request at all."""
        return self.method in ("*", request.method) and re.search(self.path, request.path) is not None


class Faults:
    """An application with faults in front of it. ``before`` hooks run ahead of a request: a person's edit in between."""

    def __init__(
        self,
        application: Application,
        seed: int = 0,
        later: Callable[[float, Callable[[], object]], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._application = application
        self._random = random.Random(seed)
        self._later = later or _after_real_seconds
        self._sleep = sleep
        self._rules: list[Fault] = []
        self._before: list[tuple[Fault, Callable[[Request], object]]] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Adds a rule; the first rule that meets a request acts."""
        with self._lock:
            self._rules.append(fault)

    def before(self, match: Fault, action: Callable[[Request], object]) -> None:
        """Runs ``action`` ahead of the requests that ``match`` meets; its effect is not used."""
        with self._lock:
            self._before.append((match, action))

    def clear(self) -> None:
        """Forgets all rules: from here on everything works."""
        with self._lock:
            self._rules.clear()
            self._before.clear()

    def __call__(self, request: Request) -> Response:
        with self._lock:
            fault = self._take(self._rules, request)
            actions = self._take_actions(request)
        for action in actions:
            action(request)
        return self._application(request) if fault is None else self._act(fault, request)

    def _act(self, fault: Fault, request: Request) -> Response:
        match fault.effect:
            case Effect.ANSWER | Effect.ANSWER_AFTER:
                if fault.effect is Effect.ANSWER_AFTER:
                    self._application(request)
                return Response(fault.status, fault.body.encode(), {"Content-Type": "application/json", **fault.headers})
            case Effect.DROP_BEFORE:
                raise Dropped
            case Effect.DROP_AFTER:
                self._application(request)
                raise Dropped
            case Effect.LATE_COMMIT:
                self._later(fault.seconds, lambda: self._application(request))
                raise Dropped
            case Effect.DELAY:
                response = self._application(request)
                self._sleep(fault.seconds)
                return response

    def _take(self, rules: list[Fault], request: Request) -> Fault | None:
        for index, fault in enumerate(rules):
            if not fault.meets(request):
                continue
            if fault.skip:
                rules[index] = replace(fault, skip=fault.skip - 1)
                continue
            if self._random.random() >= fault.probability:
                continue
            _spend(rules, index)
            return fault
        return None

    def _take_actions(self, request: Request) -> list[Callable[[Request], object]]:
        due: list[Callable[[Request], object]] = []
        for entry in list(self._before):
            rules = [entry[0]]
            if self._take(rules, request):
                due.append(entry[1])
            position = self._before.index(entry)
            if rules:
                self._before[position] = (rules[0], entry[1])
            else:
                del self._before[position]
        return due


def _spend(rules: list[Fault], index: int) -> None:
    fault = rules[index]
    if fault.times == 1:
        del rules[index]
    elif fault.times > 1:
        rules[index] = replace(fault, times=fault.times - 1)


def _after_real_seconds(seconds: float, action: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
