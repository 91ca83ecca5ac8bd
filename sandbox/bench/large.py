"""A customer with 50,000 users and 30 custom licences, as ratios to fetching the same pages over HTTP and parsing them.

Both in turns, by the clock: the server, which answers prepared bytes, meets both alike, and so does whatever else the machine does.
"""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from statistics import median
from typing import Any

import requests

from adapters.http import Http
from adapters.microsoft.graph import GraphService
from adapters.microsoft.questions import LARGEST_SIGN_IN_PAGE, paths
from adapters.microsoft.sign_in import SignIns
from adapters.microsoft.tokens import TokenKey
from adapters.microsoft.usage import Usage
from sandbox.bench.figures import Figure, Section
from sandbox.memory.clock import ManualClock
from sandbox.microsoft.catalog import BUSINESS_BASIC, BUSINESS_PREMIUM
from sandbox.web import Request, Response, serve
from sync_core.counting import count_customer, usage_needs
from sync_core.model.billing import BillingProfile
from sync_core.model.configuration import AgreementBy, AgreementChoice, Configuration, ConfiguredLink, CustomerConfiguration, Partner
from sync_core.model.custom_licences import Attribute, Condition, Conditions, Counts, CustomLicence
from sync_core.model.customers import Customer, SignIn
from sync_core.model.licences import UsageSnapshot
from sync_core.ports import UsageNeeds

USERS, LICENCES = 50_000, 30
MOST_RATIO, MOST_GROWTH = 2.5, 1.05
TENANT, PARTNER = "33333333-3333-4333-8333-333333333333", "11111111-1111-4111-8111-111111111111"
NOW = datetime(2026, 1, 15, 2, 0, tzinfo=UTC)
GROUP = "aaaaaaaa-0000-4000-8000-000000000001"
_DEPARTMENTS = ("Sales", "Service", "Finance", "Production", "Research", "")
_CITIES = ("Kiel", "Ulm", "Bern", "Graz", "")
_TITLES = ("Engineer", "Trainee", "Manager", "Clerk", "")


@dataclass(frozen=True)
class Taken:
    """What one round took, in seconds."""

    bare: float
    whole: float
    counting: float


def measure_large(users: int = USERS, licences: int = LICENCES, rounds: int = 7) -> list[Section]:
    """Serves the customer's pages, then fetches and parses them, and reads and counts the customer, in turns."""
    configuration = _configuration(licences)
    few = replace(configuration, custom_licences=configuration.custom_licences[: licences // 10])
    with _served(users, configuration) as (url, pages):
        taken = []
        for _ in range(rounds):
            bare, whole = _seconds(lambda: _fetched(url, pages)), _seconds(lambda: _counted(url, configuration))
            taken.append(Taken(bare, whole, _seconds(partial(_count, _read(url, configuration), configuration))))
        peaks = _peak(lambda: _counted(url, few)), _peak(lambda: _counted(url, configuration))
    return [_section(users, licences, len(pages), taken, peaks)]


def _section(users: int, licences: int, pages: int, taken: Sequence[Taken], peaks: tuple[int, int]) -> Section:
    few, many = peaks
    return Section(
        f"A customer with {users:,} users and {licences} custom licences",
        (
            Figure("fetching and parsing its pages", 1000 * median(each.bare for each in taken), "ms"),
            Figure("reading and counting it", 1000 * median(each.whole for each in taken), "ms"),
            Figure("ratio", median(each.whole / each.bare for each in taken), most=MOST_RATIO),
            Figure("counting alone", 1000 * median(each.counting for each in taken), "ms"),
            Figure("ratio of counting alone", median(each.counting / each.bare for each in taken)),
            Figure(f"peak memory with {licences // 10} of the licences", few / 2**20, "MiB"),
            Figure(f"peak memory with all {licences}", many / 2**20, "MiB"),
            Figure("ratio of the peaks", many / few, most=MOST_GROWTH),
        ),
        (f"Medians of {len(taken)} rounds in turns, over {pages} pages of users. Memory as Python's own allocations.",),
    )


def _configuration(licences: int) -> Configuration:
    """So many rules over the same few dozen conditions, as rules of one partner are."""
    rules = tuple(_licence(number) for number in range(licences))
    agreement = AgreementChoice(AgreementBy.ID, "7")
    links = tuple(ConfiguredLink(rule.item_id, rule.item_id, BillingProfile("p", "P"), "psa", "250", agreement) for rule in rules)
    customer = CustomerConfiguration(Customer(TENANT, "Contoso"), links)
    return Configuration(Partner(PARTNER, "app", sold_by=frozenset({PARTNER})), (), (customer,), custom_licences=rules)


def _licence(number: int) -> CustomLicence:
    department, city, title = (choice[number % (len(choice) - 1)] for choice in (_DEPARTMENTS, _CITIES, _TITLES))
    include: tuple[Conditions, ...] = (
        (Condition(Attribute.ENABLED, ("true",)), Condition(Attribute.LICENSED, ("true",)), Condition(Attribute.DEPARTMENT, (department,))),
        (Condition(Attribute.CITY, (city,)), Condition(Attribute.SKU, (BUSINESS_PREMIUM.sku_id,))),
    )
    exclude: tuple[Conditions, ...] = (
        (Condition(Attribute.JOB_TITLE, (title,)),),
        (Condition(Attribute.GROUP, (GROUP,)), Condition(Attribute.NOT_SIGNED_IN_FOR_DAYS, ("30",))),
    )
    return CustomLicence(f"rule-{number}", f"Rule {number}", Counts.USERS, include, exclude)


@contextmanager
def _served(users: int, configuration: Configuration) -> Iterator[tuple[str, list[str]]]:
    """The address of a Graph that answers with prepared pages, and the paths of all pages of users."""
    rows = [_user(number, Random(number)) for number in range(users)]
    starts = range(0, users, LARGEST_SIGN_IN_PAGE)
    names = [f"/v1.0/users/{start}" for start in starts]
    answers: dict[str, bytes] = {}

    def answer(request: Request) -> Response:
        return Response(200, answers[request.path], {"Content-Type": "application/json"})

    with serve(answer) as server:
        for start, name, following in zip(starts, names, [*names[1:], ""], strict=True):
            link = {"@odata.nextLink": f"{server.url}{following}"} if following else {}
            answers[name] = json.dumps({**link, "value": rows[start : start + LARGEST_SIGN_IN_PAGE]}).encode()
        answers["/v1.0/$batch"] = json.dumps({"responses": list(_parts(answers[names[0]], rows, configuration))}).encode()
        del rows
        gc.collect()
        gc.freeze()  # what the world is made of is nobody's to look through
        try:
            yield server.url, names
        finally:
            gc.unfreeze()


def _parts(users: bytes, rows: list[dict[str, Any]], configuration: Configuration) -> Iterator[dict[str, Any]]:
    held = sum(bool(row["assignedLicenses"]) for row in rows)
    units = {"enabled": held, "warning": 0, "suspended": 0, "lockedOut": 0}
    sku = {"skuId": BUSINESS_PREMIUM.sku_id, "skuPartNumber": "SPB", "appliesTo": "User", "consumedUnits": held, "prepaidUnits": units}
    bought = {"id": "s-1", "skuId": BUSINESS_PREMIUM.sku_id, "status": "Enabled", "totalLicenses": held, "ownerTenantId": PARTNER}
    bodies: Mapping[str, Any] = {
        "organization": {"value": [{"id": TENANT}]},
        "skus": {"value": [sku]},
        "subscriptions": {"value": [bought]},
        "users": json.loads(users),
        GROUP: {"value": [{"id": row["id"]} for row in rows[::7]]},
    }
    for name in paths(_needs(configuration)):
        yield {"id": name, "status": 200, "headers": {}, "body": bodies[name]}


def _user(number: int, chance: Random) -> dict[str, Any]:
    skus = [sku.sku_id for sku in (BUSINESS_PREMIUM, BUSINESS_BASIC) if chance.random() < 0.6]
    signed_in = NOW - timedelta(days=chance.randint(0, 90))
    return {
        "id": f"{number:08x}-0000-4000-8000-000000000000",
        "userPrincipalName": f"role.{number}@contoso.example",
        "displayName": f"Role {number}",
        "userType": "Guest" if chance.random() < 0.1 else "Member",
        "accountEnabled": chance.random() < 0.95,
        "assignedLicenses": [{"skuId": sku_id, "disabledPlans": []} for sku_id in skus],
        "department": chance.choice(_DEPARTMENTS),
        "city": chance.choice(_CITIES),
        "jobTitle": chance.choice(_TITLES),
        "signInActivity": {"lastSignInDateTime": f"{signed_in:%Y-%m-%dT%H:%M:%SZ}", "lastNonInteractiveSignInDateTime": None},
    }


def _needs(configuration: Configuration) -> UsageNeeds:
    return usage_needs(configuration.custom_licences, ())


def _fetched(url: str, pages: list[str]) -> None:
    """What nobody can do without: the batch with the first page, and every other page, parsed."""
    session = requests.Session()
    session.trust_env = False
    json.loads(session.post(f"{url}/v1.0/$batch", data=b"{}").content)
    for page in pages[1:]:
        json.loads(session.get(f"{url}{page}").content)


class _SignedIn(SignIns):
    """Signed in already: signing in is no part of this measurement."""

    def __init__(self) -> None:
        """Needs nothing."""

    def token(self, key: TokenKey) -> str:
        """Any text will do for prepared answers."""
        return "token"


def _read(url: str, configuration: Configuration) -> UsageSnapshot:
    clock, needs = ManualClock(NOW), _needs(configuration)
    graph = GraphService(Http("Microsoft Graph", clock), _SignedIn(), clock, url).tenant(TENANT, SignIn.DELEGATED)
    return Usage(graph, graph.batch(paths(needs)), needs).snapshot(TENANT, clock.now(), lambda sku_id, part_number: part_number)


def _count(snapshot: UsageSnapshot, configuration: Configuration) -> None:
    count_customer(snapshot, configuration, configuration.customers[0])


def _counted(url: str, configuration: Configuration) -> None:
    _count(_read(url, configuration), configuration)


def _seconds(work: Callable[[], object]) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def _peak(work: Callable[[], object]) -> int:
    """The most bytes that were held at once while it worked."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
