"""What an import takes out while it is still billed. Nothing is ended by that; a person is told, and asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sync_core.billing.rows import family_of
from sync_core.model.billing import Binding
from sync_core.model.configuration import Configuration, CustomerConfiguration


@dataclass(frozen=True)
class StillBilled:
    """A line that we manage and, after the import, would not any more: it stays in the PSA as it is."""

    tenant_id: str
    customer: str
    binding: Binding

    @property
    def text(self) -> str:
        """The line in words."""
        line = self.binding
        units = f"{line.quantity.normalize():f} unit{'' if line.quantity == 1 else 's'}"
        return f"{self.customer}: line {line.line_id} of agreement {line.agreement_id} on {line.connection}, {units} ({line.link_key})"


def still_billed(old: Configuration, new: Configuration, bindings: Callable[[str], Iterable[Binding]]) -> tuple[StillBilled, ...]:
    """The managed lines of links and customers that ``old`` has and ``new`` has not. ``bindings`` reads those of a tenant."""
    return tuple(line for item in old.customers for line in _customer(item, new.customer(item.customer.tenant_id), bindings))


def _customer(old: CustomerConfiguration, new: CustomerConfiguration | None, bindings: Callable[[str], Iterable[Binding]]) -> tuple[StillBilled, ...]:
    removed = {link.key for link in old.links} - {link.key for link in (new.links if new else ())}
    if not removed:
        return ()
    customer = old.customer
    lines = sorted(bindings(customer.tenant_id), key=lambda binding: binding.link_key)
    return tuple(StillBilled(customer.tenant_id, customer.name, line) for line in lines if family_of(line.link_key) in removed and line.ended is None)
