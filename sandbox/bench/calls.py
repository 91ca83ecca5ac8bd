"""What a customer without changes costs on a second day: calls to Microsoft and the PSA, and operations of the storage, all counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from enum import StrEnum

from sandbox.bench.figures import Figure, Section
from sandbox.bench.laboratory import Handled, Laboratory, Night
from sandbox.bench.recording import Call, Recording
from sandbox.environment import ROOT
from sandbox.host.configuration import HostOptions
from sandbox.memory.counting import Operation
from sync_core.pipeline.messages import SEND_NOTICES

MOST_OPERATIONS = 8


class Kind(StrEnum):
    """The kinds of calls that are counted apart. The first four are a customer's own, the others a run's or a process's."""

    TOKEN = "token request"
    BATCH = "Graph $batch"
    LINES = "PSA read of an agreement's lines"
    WRITE = "PSA write"
    HEADS = "PSA read of agreements' heads, a page of up to 1,000"
    COMPANY = "PSA question for its codebase"
    OTHER = "other call to Microsoft"
    PARTNER_TOKEN = "token request for the partner's own tenant"


OWN = (Kind.TOKEN, Kind.BATCH, Kind.LINES, Kind.WRITE)


def measure_calls(customers: int = 12) -> list[Section]:
    """Plays a first day, a second in a new process, and a run in that process a minute later, while the tokens live."""
    with Laboratory(customers) as laboratory:
        laboratory.night(laboratory.process())
        laboratory.forward(timedelta(days=1))
        process = laboratory.process()
        second_day = laboratory.night(process)
        laboratory.forward(timedelta(minutes=1))
        again = laboratory.night(process)
        partner = laboratory.partner_id
    return [
        _calls("Calls for a customer without changes, second day", second_day, partner, tokens=1),
        _calls("The same again within the token's life", again, partner, tokens=0),
        _operations(second_day),
        _once_a_run(second_day, partner),
    ]


def kind_of(call: Call, partner: str) -> Kind:
    """What a call is for; ``partner`` is the partner's tenant id."""
    path = call.request.path
    match call.service:
        case "login":
            return Kind.PARTNER_TOKEN if path.startswith(f"/{partner}/") else Kind.TOKEN
        case "graph":
            return Kind.BATCH if path.endswith("/$batch") else Kind.OTHER
    if call.request.method != "GET":
        return Kind.WRITE
    return Kind.LINES if path.endswith("/additions") else Kind.HEADS if path.endswith("/agreements") else Kind.COMPANY


def typical(messages: Iterable[Handled]) -> tuple[Operation, ...]:
    """The operations of most customers. Who comes first reads what all share, and who comes last takes the run further."""
    return Counter(tuple(message.did.operations) for message in messages).most_common(1)[0][0]


def _calls(title: str, night: Night, partner: str, tokens: int) -> Section:
    goals = {Kind.TOKEN: tokens, Kind.BATCH: 1, Kind.LINES: 1, Kind.WRITE: 0}
    counts = [Counter(_kinds([message.did], partner)) for message in night.customers]
    figures = (Figure(kind, max(count[kind] for count in counts), most=goals[kind]) for kind in OWN)
    return Section(title, tuple(figures), (f"The most of any of {len(counts)} customers, each with one linked agreement.",))


def _operations(night: Night) -> Section:
    each = Counter(_name(operation) for operation in typical(night.customers))
    starting = Counter(_name(operation) for operation in night.started.operations if operation.name == "send")
    queued = {name: count / len(night.customers) for name, count in starting.items()}
    batch = {"its share of the transaction that stores 90 customers": 1 / 90}
    ours = {**each, **queued, **batch}
    figures = [Figure(name, count) for name, count in ours.items()]
    alike = sum(tuple(message.did.operations) == typical(night.customers) for message in night.customers)
    at_once = HostOptions.read(ROOT, {}).queues.batch_size
    return Section(
        "Storage operations for that customer, one by one",
        (
            *figures,
            Figure("all operations of our code", sum(ours.values()), most=MOST_OPERATIONS),
            Figure(f"beside them, the host's: receive (one takes up to {at_once} messages)", 1 / at_once),
            Figure("beside them, the host's: delete", 1),
            Figure("beside them, the host's: renewal (after five minutes of work)", 0),
        ),
        (f"{alike} of {len(night.customers)} customers cost exactly this; the first and the last do a run's work as well.",),
    )


def _once_a_run(night: Night, partner: str) -> Section:
    kinds = Counter(_kinds([night.started, *(message.did for message in night.messages)], partner))
    calls = (Figure(kind, kinds[kind], most=1 if kind is Kind.HEADS else None) for kind in Kind if kind not in OWN)
    own = len(typical(night.customers))
    starting = len(night.started.operations) - len(night.customers)
    reading = sum(len(message.did.operations) - own for message in night.customers)
    telling = sum(len(message.did.operations) for message in night.messages if message.queue == SEND_NOTICES)
    stages = {"to start it": starting, "to read what all share, and to judge and end it": reading, "to send the notice": telling}
    operations = (Figure(f"storage operations {name}", count) for name, count in stages.items())
    note = "The budget that all processes share for a PSA is among them: two operations for each 50 calls or 20 seconds."
    return Section(f"Once a run (here of {len(night.customers)} customers)", (*calls, *operations), (note,))


def _kinds(recordings: Iterable[Recording], partner: str) -> Iterator[Kind]:
    return (kind_of(call, partner) for recording in recordings for call in recording.calls)


def _name(operation: Operation) -> str:
    rows = f" of {operation.rows} rows" if operation.name == "transaction" else ""
    return f"{operation.name}{rows}: {operation.target}"
