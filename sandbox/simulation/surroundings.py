"""Microsoft and the mail server as a story plays them: small, and as unreliable as the seed says. Their own adapters are proved elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from sandbox.simulation.setups import PARTNER, SKUS
from sandbox.simulation.troubles import Rates
from sync_core.errors import OutcomeUnknown, RetryLater, SkipCustomer, SyncError, Throttled
from sync_core.model.customers import Customer
from sync_core.model.licences import PrepaidUnits, Sku, Source, Subscription, SubscriptionStatus, UsageSnapshot
from sync_core.ports import NOTHING_MORE, Clock, Health, Mail, Relationship, UsageNeeds

Told = Callable[[str], None]
"""Is told what happened, for the trace and the counts of what was reached."""


@dataclass
class Licences:
    """What each customer holds at Microsoft: units by tenant id, one number for each SKU."""

    clock: Clock
    chance: Random
    rates: Rates
    told: Told
    held: dict[str, list[int]] = field(default_factory=dict)
    whole: bool = True
    """Whether the last read was whole."""

    def read_usage(self, customer: Customer, needs: UsageNeeds = NOTHING_MORE) -> UsageSnapshot:
        """What the tenant holds now, unless the read fails, or a part of it."""
        self.whole = True
        if self.chance.random() >= self.rates.microsoft:
            return self._snapshot(customer)
        trouble = self.chance.randrange(4)
        if trouble < 3:
            raise self._refusal(trouble)
        self.whole = False
        self.told("microsoft answers in part")
        source = self.chance.choice((Source.SKUS, Source.SUBSCRIPTIONS))
        whole = self._snapshot(customer)
        part = replace(whole, skus=()) if source is Source.SKUS else replace(whole, subscriptions=whole.subscriptions[:-1])
        return replace(part, failed={source: "503"})

    def _refusal(self, number: int) -> SyncError:
        self.told(("microsoft is busy", "microsoft throttles", "microsoft refuses the customer")[number])
        busy = RetryLater("Microsoft does not answer", delay=20.0)
        return (busy, Throttled("Microsoft asks us to slow down", delay=40.0), SkipCustomer("No access to the tenant", fix="Give it"))[number]

    def _snapshot(self, customer: Customer) -> UsageSnapshot:
        units = list(zip(SKUS, self.held[customer.tenant_id], strict=False))
        skus = tuple(Sku(sku, sku[:8], f"Product {sku[:8]}", PrepaidUnits(enabled=number), assigned=0) for sku, number in units)
        rows = tuple(Subscription(f"s-{sku}", sku, SubscriptionStatus.ENABLED, number, owner_tenant_id=PARTNER) for sku, number in units if number)
        return UsageSnapshot(customer.tenant_id, self.clock.now(), skus, rows)

    def relationships(self) -> Sequence[Relationship]:
        """Every customer is one."""
        return [Relationship(tenant_id, tenant_id) for tenant_id in self.held]

    def verified_domains(self, customer: Customer) -> frozenset[str]:
        """None are asked for."""
        return frozenset()

    def health(self) -> Health:
        """Always well."""
        return Health("Microsoft sign-in", ok=True)


@dataclass
class Mailbox:
    """Keeps the mails that arrive."""

    chance: Random
    rates: Rates
    told: Told
    mails: list[Mail] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    """How often the answer to a mail was lost, by message id."""

    def send(self, mail: Mail) -> None:
        """Takes the mail in, unless it is refused; its answer may be lost."""
        trouble = self.chance.randrange(3) if self.chance.random() < self.rates.mail else -1
        if trouble == 0:
            self.told("mail is refused for now")
            raise RetryLater("The mail server is busy", delay=60.0)
        if trouble != 1:
            self.mails.append(mail)
        if trouble > 0:
            self.told("the answer to a mail is lost")
            self.lost[mail.message_id] += 1
            raise OutcomeUnknown("The mail server did not answer")

    def health(self) -> Health:
        """Always well."""
        return Health("mail", ok=True)
