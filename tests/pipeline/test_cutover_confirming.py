"""Who may let a cut-over begin, and for how long: what was shown is confirmed, by those whose word is needed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from sync_core.configuration.versions import save_version
from sync_core.errors import Rejected
from sync_core.model.configuration import Approvals
from sync_core.model.customers import Mode
from sync_core.model.cutovers import Choice, CutoverState, What
from sync_core.model.people import Who
from sync_core.pipeline.cutover.confirming import confirm, drop_cutover
from sync_core.pipeline.cutover.prepare import start_preparing
from sync_core.pipeline.cutover.rows import load_cutover
from sync_core.pipeline.undo import written_by
from tests.pipeline.moving import (
    END_OF_MAY,
    WHO,
    carry_out,
    cut,
    find,
    is_over,
    moving,
    prepare,
)
from tests.pipeline.night import tenant


def test_what_was_shown_is_confirmed_and_nothing_else() -> None:
    night = moving()
    first = prepare(night, find(night))
    second = prepare(night, first, last=date(2026, 6, 30))
    with pytest.raises(Rejected, match="prepared anew"):
        confirm(night.context, first.cutover_id, first.prepared, WHO, "")
    night.clock.advance(8 * 24 * 3600)
    with pytest.raises(Rejected, match="older than a week"):
        confirm(night.context, second.cutover_id, second.prepared, WHO, "")


def test_four_eyes_are_two_verified_people_who_did_not_import_the_configuration() -> None:
    night = moving()
    configuration = replace(night.configuration, approvals=Approvals(four_eyes=True))
    save_version(night.store, configuration, "importer", night.clock.now())
    cutover = prepare(night, find(night))
    one, two = Who("one@msp.example", "1"), Who("two@msp.example", "2")
    for nobody in (WHO, Who("importer@msp.example", "3")):
        with pytest.raises(Rejected):
            confirm(night.context, cutover.cutover_id, cutover.prepared, nobody, "")
    assert confirm(night.context, cutover.cutover_id, cutover.prepared, one, "").state is CutoverState.PREPARED
    with pytest.raises(Rejected, match="another person"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, one, "")
    assert night.psa.writes == []
    assert is_over(carry_out(night, load_cutover(night.store, cutover.cutover_id).value, two))
    [written] = [item.change for item in written_by(night.store, tenant(1))]
    assert written.decided_by == "one@msp.example and two@msp.example"


def test_an_app_that_only_observes_confirms_nothing() -> None:
    night = moving()
    night.settings = replace(night.settings, mode_ceiling=Mode.OBSERVE)
    night.context = night.another_process()
    cutover = prepare(night, find(night))
    with pytest.raises(Rejected, match="observe"):
        confirm(night.context, cutover.cutover_id, cutover.prepared, WHO, "")


def test_a_cutover_is_dropped_before_it_was_begun_and_not_afterwards() -> None:
    night = moving()
    assert drop_cutover(night.context, prepare(night, find(night)).cutover_id, WHO).state is CutoverState.DROPPED
    night.clock.advance(60)
    with pytest.raises(Rejected, match="begun"):
        drop_cutover(night.context, cut(night).cutover_id, WHO)


def test_a_name_that_was_not_found_is_refused() -> None:
    night = moving()
    found = find(night)
    with pytest.raises(Rejected, match="1 named line cannot be found in this cut-over, such as memory/a1/99"):
        start_preparing(night.context, found.cutover_id, Choice(What.END, END_OF_MAY), ["memory/a1/99"])
