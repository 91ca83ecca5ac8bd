"""Puts one customer's snapshot together from what Graph answered: every source by itself, so that one that fails spoils no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from typing import TypeVar

from adapters.microsoft import people, reading
from adapters.microsoft.batch import PartAnswer
from adapters.microsoft.graph import Graph
from adapters.microsoft.questions import REPORT, users_path
from sync_core.errors import ANSWER_OF_ANOTHER_TENANT, RetryLater, SkipCustomer
from sync_core.model.licences import Source, UsageSnapshot, User
from sync_core.ports import UsageNeeds

T = TypeVar("T")

_FORBIDDEN = 403


@dataclass
class Usage:
    """One read under way: the answers of the batch, what is needed of them, and why a source could not be read."""

    graph: Graph
    parts: dict[str, PartAnswer]
    needs: UsageNeeds
    errors: dict[Source, RetryLater | SkipCustomer] = field(default_factory=dict)

    def snapshot(self, tenant_id: str, read_at: datetime, name_of: Callable[[str, str], str]) -> UsageSnapshot:
        """The snapshot; raises what stands in the way when neither SKUs nor subscriptions could be read."""
        rows = self._try(Source.SKUS, lambda: list(self._rows(Source.SKUS))) or []
        skus = self._try(Source.SKUS, lambda: reading.skus_from(rows, name_of)) or ()
        subscriptions = self._try(Source.SUBSCRIPTIONS, lambda: reading.subscriptions_from(self._rows(Source.SUBSCRIPTIONS))) or ()
        self._require_one_of(Source.SKUS, Source.SUBSCRIPTIONS)
        users = self._needed(Source.USERS, lambda: self._users(rows)) or ()
        mailboxes = self._needed(Source.MAILBOXES, lambda: people.mailboxes_from(self.graph.report(REPORT))) or ()
        devices = self._needed(Source.DEVICES, lambda: people.devices_from(self._rows(Source.DEVICES))) or ()
        intune = self._needed(Source.INTUNE, lambda: people.intune_devices_from(self._rows(Source.INTUNE))) or ()
        registered = self._needed(Source.MFA, lambda: people.registered_from(self._rows(Source.MFA))) or frozenset()
        groups = {group: self._try(Source.GROUPS, partial(self._members, group)) for group in self.needs.groups}
        return UsageSnapshot(
            tenant_id,
            read_at,
            skus,
            subscriptions,
            users,
            {source: str(error) for source, error in self.errors.items()},
            self.needs.sources - self.errors.keys(),
            {group: members for group, members in groups.items() if members is not None},
            registered,
            mailboxes,
            people.names_concealed(mailboxes),
            devices,
            intune,
        )

    def _users(self, skus: list[reading.Row]) -> tuple[User, ...]:
        """The users; without their sign-ins, where the tenant has no licence for those or we no right to see them."""
        plans = self._plans(skus)
        if Source.SIGN_INS in self.needs.sources and self.parts[Source.USERS].status == _FORBIDDEN:
            self._try(Source.SIGN_INS, lambda: list(self._rows(Source.USERS)))
            return people.users_from(self.graph.rows(users_path(self.needs, with_sign_ins=False)), self.needs, plans)
        return people.users_from(self._rows(Source.USERS), self.needs, plans)

    def _plans(self, skus: list[reading.Row]) -> people.Plans:
        wanted = self.needs.service_plans
        return (self._try(Source.SKUS, lambda: people.plans_from(skus, wanted)) if wanted else None) or {}

    def _members(self, group: str) -> frozenset[str]:
        return people.members_from(self._rows(group))

    def _rows(self, name: str) -> Iterator[reading.Row]:
        """The rows of a source, page by page: no more of a large list is held at once than has been understood."""
        part = self.parts[name]
        if not part.ok:
            raise self.graph.part_error(name, part)
        return chain(reading.rows_of(part.body), self.graph.further_rows(part.body))

    def _needed(self, source: Source, read: Callable[[], T]) -> T | None:
        return self._try(source, read) if source in self.needs.sources else None

    def _try(self, source: Source, read: Callable[[], T]) -> T | None:
        """What ``read`` gives, or nothing and a reason. What concerns more than this source goes through."""
        try:
            return read()
        except (RetryLater, SkipCustomer) as error:
            if error.code == ANSWER_OF_ANOTHER_TENANT:
                raise
            self.errors[source] = error
            return None

    def _require_one_of(self, *sources: Source) -> None:
        """Raises when all of these failed: the longest wait if waiting may help, else the first reason."""
        failed = [self.errors[source] for source in sources if source in self.errors]
        if len(failed) == len(sources):
            passing = [error for error in failed if isinstance(error, RetryLater)]
            raise max(passing, key=lambda error: error.delay) if passing else failed[0]
