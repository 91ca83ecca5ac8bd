"""Answers "why is this 12?" for any line on any day, from what was stored: nothing is asked of Microsoft or the PSA."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from sync_core.billing.naming import shown_names
from sync_core.billing.rows import family_of, profile_of
from sync_core.configuration.versions import Version, load_version, versions
from sync_core.counting import holders_of, quantity_for
from sync_core.documents import from_document
from sync_core.errors import Rejected
from sync_core.history.explanation import Explanation, Look, People, Rule, Story
from sync_core.history.stories import Stories
from sync_core.model.billing import CountedItem, Names
from sync_core.model.configuration import Configuration, ConfiguredLink
from sync_core.model.custom_licences import custom_name
from sync_core.model.history import Counts, Record, RecordKind
from sync_core.model.licences import UsageSnapshot
from sync_core.model.plans import Change, ChangeKind, ChangeResult
from sync_core.model.runs import CustomerRun, CustomerState, Run
from sync_core.pipeline.context import Context
from sync_core.pipeline.history import of_kind
from sync_core.pipeline.runs import load_customer, load_run, recent_runs
from sync_core.pipeline.start_run import business_dates

NOTHING_KNOWN = "nothing-known"
_DONE = (ChangeResult.APPLIED, ChangeResult.HALF_DONE)


def explain(context: Context, tenant_id: str, on: date, item: str = "", line: str = "", *, names: bool = True) -> tuple[Explanation, ...]:
    """Every line of a customer as it was at the end of a day, the PSA's date, or those that are asked for.

    Args:
        item: an item's id or name, as configured or as Microsoft calls it; a divided one's parts, too.
        line: the id of a line in the PSA.
        names: whether the asker may see who was counted.

    Raises:
        Rejected: nothing is known of the customer, the item or the line on that day.
    """
    past = _Past(context, tenant_id, on)
    explained = [past.explain(key, names) for key in past.link_keys()] if past.is_known else []
    chosen = tuple(each for each in explained if _is_asked_for(each, item, line))
    if not chosen:
        there = ", ".join(sorted({each.item for each in explained})) or "nothing"
        raise Rejected(f"Nothing of this kind is known of the customer on {on}", code=NOTHING_KNOWN, where=tenant_id, fix=f"There is: {there}")
    return chosen


def today(context: Context) -> date:
    """The newest business date that any PSA connection has at this moment."""
    now = context.clock.now()
    return max(business_dates(context.current_configuration(), now).values(), default=now.date())


@dataclass(frozen=True)
class _Seen:
    """A run that read the customer, with the configuration it used."""

    run: Run
    customer: CustomerRun
    unread: str = ""


class _Past:
    """What was stored of a customer up to a day."""

    def __init__(self, context: Context, tenant_id: str, on: date) -> None:
        self._context = context
        self._tenant_id = tenant_id
        self._on = on
        self._stories = Stories(context.store, tenant_id)
        self._seen: dict[str, _Seen | None] = {}
        self._configurations: dict[int, Configuration] = {}
        self._snapshots: dict[str, UsageSnapshot | None] = {}

    @property
    def is_known(self) -> bool:
        """Whether anything is recorded of the customer: of another one no run is looked through."""
        return bool(self._stories.plans or self._stories.records)

    def link_keys(self) -> list[str]:
        """The links that were configured, then those that only changes of earlier days tell of."""
        changes = [change for _, _, change in self._stories.until(self._on)]
        told = dict.fromkeys(change.link_key for change in changes)
        divided = {family_of(key) for key in told if family_of(key) != key} - told.keys()
        left = divided | _left_to_others(change for change in changes if change.result in _DONE)
        return [key for key in dict.fromkeys([*self._links, *told]) if key not in left]

    def explain(self, link_key: str, names: bool) -> Explanation:
        """One link on that day."""
        told = [each for each in self._stories.until(self._on) if each[2].link_key == link_key]
        made = [each for each in told if each[2].result in _DONE]
        link, last = self._links.get(family_of(link_key)), told[-1][2] if told else None
        connection = link.connection if link else last.connection if last else ""
        seen = self._seen_on(connection)
        base = Explanation(
            tenant_id=self._tenant_id,
            customer=seen.customer.name if seen else self._tenant_id,
            on=self._on,
            link_key=link_key,
            item_id=last.item_id if last else link.item_id if link else "",
            item=last.item if last else link.item_id if link else "",
            connection=connection,
            agreement_id=last.agreement_id if last else "",
            product=last.product if last else link.profile.product if link else "",
            made_by=tuple(self._stories.tell(*each) for each in reversed(made)),
            open=tuple(self._stories.tell(*each) for each in told if each not in made and seen and each[0].plan_id == seen.customer.plan_id),
        )
        base = _with_line(base, [change for _, _, change in made])
        return self._with_count(base, seen, link, names) if seen else base

    def _with_count(self, base: Explanation, seen: _Seen, link: ConfiguredLink | None, names: bool) -> Explanation:
        run = seen.run
        base = replace(base, look=Look(run.run_id, run.started, run.configuration, seen.unread))
        record = self._read_by(run)
        counts = from_document(Counts, dict(record.document)) if record else None
        counted = next((each for each in counts.items if each.item_id == base.item_id), None) if counts else None
        if record and counts:
            base = replace(base, counted=counted, counted_since=record.at, item=counted.name if counted else base.item)
        if link is None:
            return base
        rule = self._rule(link, run.configuration, counted)
        return replace(base, rule=rule, people=self._people(base.item_id, counts, run.configuration, link.profile.names, names))

    def _read_by(self, run: Run) -> Record | None:
        """The counts that held in a run: the newest that it, or one before it, recorded."""
        found = [record for record in of_kind(self._stories.records, RecordKind.READ) if record.at <= run.started]
        return found[-1] if found else None

    def _rule(self, link: ConfiguredLink, number: int, counted: CountedItem | None) -> Rule:
        profile = profile_of(link, counted) if counted else link.profile
        version, made = self._versions.get(number), quantity_for(counted, profile)
        words = made.explanation or " ".join(made.questions)
        return Rule(profile, number, version.who if version else "", version.when if version else None, made.value, words)

    def _people(self, item_id: str, counts: Counts | None, number: int, form: Names, names: bool) -> People:
        if not names:
            return People(withheld=True, why="Names are shown to people who are signed in")
        if counts is None:
            return People(why="No evidence was recorded")
        snapshot, configuration = self._snapshot(counts.snapshot), self._configuration(number)
        item = configuration.customer(self._tenant_id)
        if snapshot is None or item is None:
            return People(why="The evidence with the names is not kept any more: only the numbers are")
        people = holders_of(item_id, snapshot, configuration, item)
        if people is None:
            return People(why="People were not read for it: it is counted by Microsoft's own totals")
        return People(shown_names(people, Names.DISPLAY_NAME if form is Names.NONE else form))

    def _seen_on(self, connection: str) -> _Seen | None:
        if connection not in self._seen:
            self._seen[connection] = self._newest_look(connection)
        return self._seen[connection]

    def _newest_look(self, connection: str) -> _Seen | None:
        """The last run up to the day that could read the customer; in one that people asked writes of, nothing is counted."""
        unread = ""
        for entry in recent_runs(self._context.store):
            if entry.slot.date() > self._on + timedelta(days=1):
                continue
            customer = load_customer(self._context.store, entry.run_id, self._tenant_id)
            run = load_run(self._context.store, entry.run_id) if customer else None
            if run is None or customer is None or run.value.by_people or _date_of(run.value, connection) > self._on:
                continue
            if customer.value.plan_id or customer.value.state not in (CustomerState.FAILED, CustomerState.QUEUED):
                return _Seen(run.value, customer.value, unread)
            unread = unread or f"run {entry.run_id}: {customer.value.reason or customer.value.state}"
        return None

    @cached_property
    def _links(self) -> Mapping[str, ConfiguredLink]:
        """The links of the configuration by which the customer was read last."""
        seen = self._seen_on("")
        item = self._configuration(seen.run.configuration).customer(self._tenant_id) if seen else None
        return {link.key: link for link in item.links} if item else {}

    @cached_property
    def _versions(self) -> Mapping[int, Version]:
        return {version.number: version for version in versions(self._context.store)}

    def _configuration(self, number: int) -> Configuration:
        """A version, kept here: the process keeps only the current one."""
        if number not in self._configurations:
            self._configurations[number] = load_version(self._context.store, number)
        return self._configurations[number]

    def _snapshot(self, name: str) -> UsageSnapshot | None:
        if name not in self._snapshots:
            content = self._context.blobs.get(name)
            self._snapshots[name] = from_document(UsageSnapshot, json.loads(zlib.decompress(content))) if content else None
        return self._snapshots[name]


def _date_of(run: Run, connection: str) -> date:
    """The business date of a run; the earliest of its connections where none is named."""
    return run.business_dates.get(connection) or min(run.business_dates.values(), default=run.slot.date())


def _left_to_others(made: Iterable[Change]) -> set[str]:
    """The links whose line went on under another link of their item."""
    left: set[str] = set()
    for change in made:
        left = (left | {change.takes_over}) - {change.link_key, ""}
    return left


def _with_line(base: Explanation, made: Iterable[Change]) -> Explanation:
    """The line as the changes that were applied have left it, one after the other."""
    for change in made:
        match change.kind:
            case ChangeKind.ADOPT | ChangeKind.ADD | ChangeKind.SET_QUANTITY if not change.is_double:
                base = replace(base, line_id=change.line_id, units=change.after)
            case ChangeKind.END if not change.is_double:
                base = replace(base, line_id=change.line_id, units=Decimal(0))
            case ChangeKind.HAND_BACK:
                base = replace(base, line_id="", units=None)
    return base


def _is_asked_for(found: Explanation, item: str, line: str) -> bool:
    wanted = item.strip().casefold()
    names = {found.item_id.casefold(), found.item.casefold(), custom_name(found.item_id).casefold()}
    lines = {found.line_id, *(story.change.line_id for story in (*found.made_by, *found.open))}
    lines |= {line_id for story in found.made_by for line_id in _lines_of(story)}
    named = not wanted or any(name == wanted or name.startswith((f"{wanted}@", f"{wanted} (")) for name in names)
    return named and (not line or line in lines)


def _lines_of(story: Story) -> Iterator[str]:
    """The lines that a change's writes made or changed, those that end by themselves among them."""
    return (write.after["line"] for write in story.written if "line" in write.after)
