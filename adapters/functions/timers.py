"""Timers: the daily run, the sweep that takes further what a crash left lying, the watch over access, and the deletion of what is old.

Schedules are UTC.
"""

from __future__ import annotations

import azure.functions as func

from adapters.functions.world import context as shared_context
from sync_core.events import stage
from sync_core.history.retention import clean_up as delete_what_is_old
from sync_core.pipeline.start_run import start_daily_run
from sync_core.pipeline.sweep import sweep as sweep_runs
from sync_core.pipeline.watch_access import watch_access as look_after_access

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # the SDK leaves it untyped


@blueprint.timer_trigger(schedule="%SYNC_SCHEDULE%", arg_name="timer", use_monitor=True)
@blueprint.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:01:00")
def start_run(timer: func.TimerRequest, context: func.Context) -> None:
    """Starts the run of the latest slot; a late or second start is the same run."""
    world = shared_context()
    with stage(world.clock, "start-run", context.invocation_id):
        start_daily_run(world)


@blueprint.timer_trigger(schedule="%SYNC_SWEEP_SCHEDULE%", arg_name="timer", use_monitor=False)
def sweep(timer: func.TimerRequest, context: func.Context) -> None:
    """Sends lost messages again, fails who is stuck, releases and closes runs."""
    world = shared_context()
    with stage(world.clock, "sweep", context.invocation_id):
        sweep_runs(world)


@blueprint.timer_trigger(schedule="%SYNC_ACCESS_SCHEDULE%", arg_name="timer", use_monitor=False)
def watch_access(timer: func.TimerRequest, context: func.Context) -> None:
    """Keeps the refresh token fresh, and notices a sign-in that broke and what is about to end."""
    world = shared_context()
    with stage(world.clock, "watch-access", context.invocation_id):
        look_after_access(world)


@blueprint.timer_trigger(schedule="%SYNC_RETENTION_SCHEDULE%", arg_name="timer", use_monitor=True)
def clean_up(timer: func.TimerRequest, context: func.Context) -> None:
    """Deletes what has been kept long enough: names after some months, numbers after some years."""
    world = shared_context()
    with stage(world.clock, "clean-up", context.invocation_id):
        delete_what_is_old(world)
