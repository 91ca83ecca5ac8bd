"""What the seeded world promises of a first night, customer by customer: the demo and the tests hold the pipeline to it.

A second night, with nothing changed in between, promises the same states and results and not a single write; what was applied is
then nothing to do.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from sync_core.model.plans import ChangeKind, ChangeResult
from sync_core.model.runs import CustomerState


@dataclass(frozen=True)
class PromisedChange:
    """One change that the first night must show. Quantities are in units; ``before`` is ``None`` for a new line."""

    item_id: str
    item: str
    kind: ChangeKind
    result: ChangeResult
    before: int | None = None
    after: int | None = None

    @property
    def writes(self) -> bool:
        """Whether it is written to the PSA: taking a line over is not."""
        return self.result is ChangeResult.APPLIED and self.kind is not ChangeKind.ADOPT


@dataclass(frozen=True)
class Promise:
    """How one customer ends in the first night.

    ``code`` is the reason's code of a customer that fails. Nothing is applied that is not among ``changes``; questions may
    come on top. ``unlinked`` are the names of SKUs without a billing profile. ``shows`` says what the customer is there for.
    ``writes`` is how many writes the night makes in the PSA for this customer: PSAs differ in that.
    """

    tenant_id: str
    customer: str
    shows: str
    state: CustomerState
    code: str = ""
    changes: tuple[PromisedChange, ...] = ()
    unlinked: tuple[str, ...] = ()
    writes: int = 0

    def to_json(self) -> dict[str, Any]:
        """The promise for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """What ``to_json`` gave."""
        changes = tuple(
            PromisedChange(**{**change, "kind": ChangeKind(change["kind"]), "result": ChangeResult(change["result"])}) for change in value["changes"]
        )
        return cls(**{**value, "state": CustomerState(value["state"]), "changes": changes, "unlinked": tuple(value["unlinked"])})
