"""The parts of a snapshot by names for people, and the questions that are left open by a part that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sync_core.model.licences import Source, UsageSnapshot

_NAMES = {
    Source.SKUS: "The list of SKUs",
    Source.SUBSCRIPTIONS: "The list of subscriptions",
    Source.USERS: "The list of users",
    Source.GROUPS: "The members of a group",
    Source.SIGN_INS: "The last sign-ins",
    Source.MFA: "The registrations for multi-factor authentication",
    Source.MAILBOXES: "The report of mailboxes",
    Source.DEVICES: "The list of devices",
    Source.INTUNE: "The list of Intune devices",
    Source.TERMS: "The terms of the subscriptions",
}
_NOT_ASKED = "this read did not ask for it"


def unread(failed: Mapping[Source, str], *sources: Source) -> tuple[str, ...]:
    """A question for each of the sources that failed."""
    return tuple(f"{_NAMES[source]} could not be read: {failed[source]}" for source in sources if source in failed)


def missing(snapshot: UsageSnapshot, sources: Iterable[Source], groups: Iterable[str]) -> tuple[str, ...]:
    """A question for each of the sources and groups that the snapshot does not hold whole, whatever the reason."""
    always = (Source.SKUS, Source.SUBSCRIPTIONS)
    absent = sorted(source for source in sources if source in snapshot.failed or source not in (*always, *snapshot.read))
    lost = sorted(set(groups) - snapshot.groups.keys())
    return (
        *(f"{_NAMES[source]} could not be read: {snapshot.failed.get(source, _NOT_ASKED)}" for source in absent if source is not Source.GROUPS),
        *(f"The members of group {group} could not be read: {snapshot.failed.get(Source.GROUPS, _NOT_ASKED)}" for group in lost),
    )
