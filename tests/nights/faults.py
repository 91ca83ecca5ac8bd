"""A faulty night by seed: what goes wrong at the PSA, at Microsoft and at the mailbox, and comes right if it is tried again."""

from __future__ import annotations

from random import Random
from typing import Any

import requests

from tests.nights.chain import ONE_LINE, WRITING, Chain

HARM = (
    {"effect": "drop_before"},
    {"effect": "drop_after"},
    {"effect": "late_commit", "seconds": 1.5},
    {"effect": "answer", "status": 503},
    {"effect": "answer_after", "status": 502},
    {"effect": "answer", "status": 429, "headers": {"Retry-After": "1"}},
)
"""What may happen to a write. An answer 503 or 502 says nothing about whether it was carried out."""
BUSY = ({"effect": "drop_before"}, {"effect": "answer", "status": 503}, {"effect": "answer", "status": 429, "headers": {"Retry-After": "1"}})
"""What may happen to a read."""


def make_faulty(chain: Chain, seed: int) -> None:
    """Lets every other write meet some harm, and now and then a read, a sign-in and the mail."""
    chance, urls = Random(seed), chain.served.urls
    for method in WRITING:
        for skip in (0, 1):
            _add(urls.psa, chance.choice(HARM), method=method, path=ONE_LINE, skip=skip)
    _add(urls.psa, chance.choice(BUSY), method="GET", path=ONE_LINE, times=3, probability=0.3)
    _add(urls.psa, chance.choice(BUSY), method="GET", path=r"/agreements$")
    _add(urls.graph, chance.choice(BUSY), method="POST", path=r"/\$batch$", times=4, probability=0.5)
    _add(urls.graph, {"effect": chance.choice(("drop_before", "answer"))}, method="POST", path=r"/sendMail$")
    _add(urls.login, chance.choice(BUSY), path=r"/token$", times=2, probability=0.3)


def _add(url: str, effect: dict[str, Any], **rule: Any) -> None:
    answer = requests.post(f"{url}/_sandbox/faults", json={**effect, **rule}, timeout=60)
    assert answer.status_code == 204, answer.text
