"""What an undo leaves, whatever was written: open time is charged as before it, and no line differs that it has nothing to do with.

A story counts, plans and writes for some days; then all that was written since one of them is taken back, while invoices may have been made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sync_core.billing import ReconcileInput, Written, facts, take_back
from sync_core.billing.periods import ONE_DAY, first_open_day, period_of
from sync_core.model.agreements import Ability, Agreement, AgreementLines, Line
from sync_core.model.billing import BillingProfile, Binding, Decreases, LineChoice, Link
from sync_core.model.plans import Change, ChangeKind, ChangeResult, Verdict
from tests.unit.billing.test_proration import next_day
from tests.unit.billing.world import CUSTOMER, HOME, NAME, PRODUCT, SKU, World, agreement, binding, line, link, ours, subscription

PRODUCTS = {"k": "M365-BP", "support": "SUPPORT"}
"""What each link bills."""
CATALOGUE = {product: replace(PRODUCT, product_id=product, identifier=product) for product in PRODUCTS.values()}
ABLE = frozenset({Ability.SELF_ENDING_LINES, Ability.PRICES, Ability.TERMS, Ability.CREDITS})
COUNTED = "Units are billed by the licence that counts them."
SEATS = st.integers(0, 4)


@dataclass(frozen=True)
class Told:
    """A story up to its undo: how things stood before what is ``chosen`` was written, how they stand now, and all that was ever written."""

    before: World
    now: World
    written: tuple[Written, ...] = ()
    chosen: frozenset[str] = frozenset()

    def of(self, key: str) -> list[Written]:
        """What was written for a link, oldest first."""
        return [each for each in self.written if each.change.link_key == key]

    @property
    def keys(self) -> list[str]:
        """The links of which something is taken back."""
        return [key for key in PRODUCTS if any(each.name in self.chosen for each in self.of(key))]

    def proposed(self, key: str) -> tuple[Change, ...]:
        """What the undo would write for a link."""
        now = self.now
        known = ReconcileInput(CUSTOMER, "undo-1", "ab12", {"cw": now.today}, (), (), {}, {HOME: AgreementLines(now.home, now.lines)})
        sold = {("cw", product): each for product, each in CATALOGUE.items()}
        return take_back(replace(known, bindings=now.bindings, products=sold, sku_names={SKU: NAME}), self.of(key), self.chosen)

    def undone(self) -> Told:
        """The story after a person approved the undo and the PSA did it; what it wrote can be taken back in turn."""
        end = carried_out(self, [change for key in self.keys for change in self.proposed(key)], "undo-1")
        return replace(end, before=self.now, chosen=frozenset(each.name for each in end.written if each not in self.written))


def carried_out(story: Told, plan: list[Change], plan_id: str) -> Told:
    """What the PSA and the links hold after a plan of which a person approved all that can be."""
    now, written = story.now, list(story.written)
    for change in plan:
        if change.verdict is Verdict.HELD:
            continue
        silent = change.kind in (ChangeKind.ADOPT, ChangeKind.HAND_BACK)
        image = {} if silent else facts(AgreementLines(now.home, now.lines), change.line_id, change.product, "ab12")
        now = now.after([change])
        if change.kind is ChangeKind.HAND_BACK:
            now = replace(now, bindings={key: each for key, each in now.bindings.items() if key != change.link_key})
        line_id = change.line_id or now.bindings[change.link_key].line_id
        written.append(Written(plan_id, replace(change, result=ChangeResult.APPLIED, line_id=line_id), image))
    return replace(story, now=now, written=tuple(written))


@st.composite
def agreements(draw: Callable[..., Any]) -> tuple[Agreement, date]:
    """A monthly, quarterly or yearly agreement that may prorate, invoiced ahead or behind, and the day on which the story begins."""
    home = agreement(
        start=date(2023, 1, 1),
        anchor=date(2022, 12, draw(st.sampled_from((1, 15, 31)))),
        period_months=draw(st.sampled_from((1, 3, 12))),
        prorates=draw(st.booleans()),
        abilities=draw(st.sampled_from((ABLE, ABLE | {Ability.WHOLE_PERIODS}, frozenset()))),
        counted=draw(st.sampled_from(("", "", COUNTED))),
    )
    today = draw(st.dates(date(2025, 2, 1), date(2025, 9, 30)))
    invoiced = period_of(home, today + timedelta(days=31 * home.period_months * draw(st.integers(-1, 1))))
    return replace(home, next_invoice=invoiced.first), today


@st.composite
def beginnings(draw: Callable[..., Any]) -> World:
    """Two links that bill the same seats, each with a line, with one of people's to take over or with none, beside a line of nobody's."""
    home, today = draw(agreements())
    able = Ability.SELF_ENDING_LINES in home.abilities
    links, lines, bindings = list[Link](), [line("99", 3, product_id="other", product="OTHER")], dict[str, Binding]()
    for number, (key, product) in enumerate(PRODUCTS.items()):
        profile = BillingProfile(product, product, prorate=able and draw(st.booleans()), decreases=draw(st.sampled_from(Decreases)))
        profile = replace(profile, credits=profile.prorate and draw(st.booleans()), included=draw(st.integers(0, 1)))
        state = draw(st.sampled_from(("managed", "adopted", "none")))
        theirs = f"5{number}"
        chosen = {"choice": LineChoice.ADOPT, "adopt_line_id": theirs} if state == "adopted" else {"choice": LineChoice.NEW}
        links.append(link(key=key, profile=profile, **chosen))
        price = Decimal(draw(st.sampled_from((20, 17)))) if Ability.PRICES in home.abilities else PRODUCT.price
        if state != "none":
            made = ours if state == "managed" else line
            held = made(f"10{number}" if state == "managed" else theirs, draw(SEATS), product_id=product, product=product, unit_price=price)
            lines.append(held)
            bindings |= {key: binding(held, link_key=key)} if state == "managed" else {}
    rows = (subscription(draw(SEATS)),)
    zeros = dict.fromkeys(PRODUCTS, date(2025, 1, 1))
    return World(rows, 0, tuple(lines), bindings, tuple(links), home=home, today=today, first_zeros=zeros, catalogue=CATALOGUE)


@st.composite
def stories(draw: Callable[..., Any]) -> Told:
    """Up to four nights with their plans, of which the last ones are taken back, for one link or for both."""
    begun = draw(beginnings())
    nights = draw(st.integers(1, 4))
    mark, story = draw(st.integers(0, nights - 1)), Told(begun, begun)
    chosen = draw(st.sampled_from((("k",), ("support",), tuple(PRODUCTS))))
    known = 0
    for number in range(nights):
        if number == mark:
            story, known = replace(story, before=story.now), len(story.written)
        story = carried_out(story, list(story.now.plan()), f"plan-{number}")
        story = replace(story, now=next_day(story.now, draw(SEATS), draw(st.integers(0, 20)), draw(st.sampled_from((0, 0, 0, 1)))))
    names = (each.name for each in story.written[known:] if each.change.link_key in chosen)
    return replace(story, chosen=frozenset(names))


def charged(story: Told, world: World, key: str) -> tuple[list[tuple[date, Decimal]], list[Line]]:
    """What a link is charged with for a whole period, from each day on which that changes in time that no invoice covers, and the lines beside
    its own that bill days of invoiced time on the next invoice."""
    opens, lines = first_open_day(story.now.home), [each for each in world.lines if each.product == PRODUCTS[key]]
    beside = {each.marker for item in story.written for each in item.change.self_ending}
    late = [each for each in lines if each.marker in beside and each.starts and each.starts < opens and bills_on(each, each.starts)]
    days = {opens, *(each.starts for each in lines if each.starts), *(each.ends + ONE_DAY for each in lines if each.ends)}
    found: list[tuple[date, Decimal]] = []
    for day in sorted(day for day in days if day >= opens):
        amount = sum((each.billed * each.unit_price for each in lines if bills_on(each, day)), Decimal(0))
        if not found or found[-1][1] != amount:
            found.append((day, amount))
    return found, late


def bills_on(held: Line, day: date) -> bool:
    """Whether a line is charged for a day."""
    return (held.starts is None or held.starts <= day) and held.active_on(day)


def refused(plan: tuple[Change, ...]) -> bool:
    """Whether an undo is a question in place of a write."""
    return any(change.verdict is Verdict.HELD for change in plan)


@settings(max_examples=300)
@given(stories())
def test_after_an_undo_all_open_time_is_charged_as_before_what_it_took_back(story: Told) -> None:
    after = story.undone().now
    for key in story.keys:
        reference = story.now if refused(story.proposed(key)) else story.before
        assert charged(story, after, key) == charged(story, reference, key)


@given(stories())
def test_a_change_is_not_taken_back_from_under_another_one(story: Told) -> None:
    for key in story.keys:
        first, *later = [each.name for each in story.of(key) if each.name in story.chosen]
        assert not later or refused(replace(story, chosen=frozenset([first])).proposed(key))


@given(stories())
def test_an_undo_of_an_undo_charges_again_what_it_took_back(story: Told) -> None:
    undone = story.undone()
    again = undone.undone().now
    for key in undone.keys:
        if not refused(undone.proposed(key)):
            assert charged(story, again, key) == charged(story, story.now, key)


@given(stories())
def test_no_line_differs_that_an_undo_has_nothing_to_do_with(story: Told) -> None:
    """A line that was not among what is taken back, of another link or of nobody, is the same to the last member."""
    chosen = [each.change for each in story.written if each.name in story.chosen]
    beside = {each.marker for change in chosen for each in change.self_ending}
    touched = {change.line_id for change in chosen} | {each.line_id for each in story.now.lines if each.marker in beside}
    others = [each for each in story.now.lines if each.line_id not in touched]
    after = {each.line_id: each for each in story.undone().now.lines}
    assert [after.get(each.line_id) for each in others] == others


@given(stories())
def test_an_undo_asks_or_writes_and_never_does_half_of_it(story: Told) -> None:
    """Each of its changes says why and needs a person's word, and a link about which it asks stays as it is."""
    for key in story.keys:
        plan = story.proposed(key)
        assert all(change.reasons and change.verdict is not Verdict.SAFE for change in plan)
        assert not refused(plan) or all(change.kind is ChangeKind.NONE for change in plan)


def test_what_rises_of_two_open_periods_were_due_to_bring_is_not_due_any_more() -> None:
    """10 → 11 in February and 11 → 12 in March, neither invoiced: once February is, the line stays at 10."""
    home = agreement(prorates=True, abilities=ABLE, next_invoice=date(2025, 2, 1))
    held = ours("101", 10)
    prorating = link(profile=BillingProfile("BP", "M365-BP", prorate=True))
    begun = World((subscription(11),), 0, (held,), {"k": binding(held)}, (prorating,), home=home, today=date(2025, 2, 27))
    story = carried_out(Told(begun, begun), list(begun.plan()), "plan-0")
    story = replace(story, now=next_day(story.now, 12, 6, 0))
    story = carried_out(story, list(story.now.plan()), "plan-1")
    assert [each.change.kind for each in story.written] == [ChangeKind.PRORATE] * 2
    undone = replace(story, chosen=frozenset(each.name for each in story.written)).undone().now
    assert undone.bindings["k"].due == ()
    assert next_day(undone, 10, 1, 1).plan() == ()


WAYS: dict[str, Callable[[list[Change], Told], bool]] = {
    "a quantity is set back": lambda plan, story: any(change.kind is ChangeKind.SET_QUANTITY for change in plan),
    "a line that was added ends": lambda plan, story: any(change.kind is ChangeKind.END for change in plan),
    "a line that was ended is made anew": lambda plan, story: any(change.kind is ChangeKind.ADD for change in plan),
    "a line is handed back": lambda plan, story: any(change.kind is ChangeKind.HAND_BACK for change in plan),
    "several changes of a line are taken back": lambda plan, story: bool(plan) and len(story.chosen) > len(story.keys),
    "both links are taken back": lambda plan, story: len({change.link_key for change in plan}) == len(PRODUCTS),
    "days on lines beside a link's own are taken off": lambda plan, story: any(change.is_double and change.self_ending for change in plan),
    "a profile prorates and gives credits": lambda plan, story: any(_profile(story, change).credits for change in plan),
    "an invoice was made meanwhile": lambda plan, story: bool(plan) and story.before.home != story.now.home,
    "periods are quarters": lambda plan, story: bool(plan) and story.now.home.period_months == 3,
    "periods are years": lambda plan, story: bool(plan) and story.now.home.period_months == 12,
    "lines only count units": lambda plan, story: bool(plan) and bool(story.now.home.counted),
}


def test_the_stories_know_every_way_of_an_undo() -> None:
    """Of what is written, not only of what is refused."""
    known: set[str] = set()

    @settings(max_examples=300)
    @given(stories())
    def look(story: Told) -> None:
        plan = list(_writes(story))
        known.update(way for way, knows in WAYS.items() if knows(plan, story))

    look()
    assert known == set(WAYS)


def _writes(story: Told) -> Iterator[Change]:
    return (change for key in story.keys for change in story.proposed(key) if change.verdict is not Verdict.HELD)


def _profile(story: Told, change: Change) -> BillingProfile:
    return next(each.profile for each in story.now.links if each.key == change.link_key)
