"""Folds and stores everything that the log holds, then ends: worker and store side by side in one process."""

import asyncio
from collections.abc import Mapping
from datetime import date
from functools import partial
from threading import Event
from typing import Final

from eventlog.log import EventLog
from milepost.environment import SourcedSettings
from milepost.parts import WAIT_SECONDS, Parts, stop_on_signals
from milepost.progress import Advance, progress_bars
from milepost.storing import store_while
from milepost.wall_clock import now
from milepost.wiring import is_embedded, open_log, topics_of
from milepost.worker import worker_app
from producers.ticks import append_closing, append_cuts
from schemas.topics import Topics
from streams.runner import end_offsets, fold_until, running

__all__ = ["drain"]

ROUNDS_MAX: Final = 3
"""Records that the worker forwards to their partition stand behind the last cut, so another cut follows them. More
rounds than that mean that others keep on publishing; what they add is for the next call."""


def drain(sourced: SourcedSettings, as_of: date | None = None, *, bars_in_files: bool = False) -> None:
    """Fold and store the log; with `as_of` that day is closed first. KeyboardInterrupt when a signal ends it.

    The caller holds the locks of worker and store.
    """
    settings = sourced.settings
    with stop_on_signals() as stop:
        with open_log(sourced) as log:
            if as_of is not None:
                append_closing(log, topics_of(settings), as_of, now())
            complete = _drain(sourced, log, stop, bars_in_files=bars_in_files)
        if not complete:
            raise KeyboardInterrupt


def _drain(sourced: SourcedSettings, log: EventLog, stop: Event, *, bars_in_files: bool) -> bool:
    """Whether everything was folded and stored; else a signal came first."""
    parts = Parts(stop)
    folded, stored = Event(), Event()
    bars = progress_bars("folding", "storing", in_files=bars_in_files)
    with bars as (on_folded, on_stored), parts.running():
        parts.start("store", partial(_store, sourced, folded, stored, on_stored))
        try:
            asyncio.run(_fold(sourced, log, stop, on_folded))
        finally:
            folded.set()
        while not stored.wait(WAIT_SECONDS) and not stop.is_set():
            pass
        return stored.is_set()


def _store(sourced: SourcedSettings, folded: Event, stored: Event, advance: Advance, stop: Event) -> None:
    if store_while(sourced, folded, advance, stop):
        stored.set()


async def _fold(sourced: SourcedSettings, log: EventLog, stop: Event, advance: Advance) -> None:
    topics = topics_of(sourced.settings)
    by_group = None if is_embedded(sourced.settings) else partial(_folded_by_group, log, topics)
    append_cuts(log, topics, now())
    async with running(worker_app(sourced, live=False)) as folder:
        for _ in range(ROUNDS_MAX):
            ends = end_offsets(log, topics.events)
            whole = sum(ends.values())
            told = partial(_tell, advance, whole)
            if not await fold_until(folder, ends, stop, told, by_group):
                return
            advance(whole, whole)
            if not append_cuts(log, topics, now()):
                break
        await folder.save_state(final=True)


def _folded_by_group(log: EventLog, topics: Topics) -> dict[int, int]:
    """How far the workers of a broker have come."""
    committed = log.committed(topics.worker_group)
    return {number: offset for (topic, number), offset in committed.items() if topic == topics.events}


def _tell(advance: Advance, whole: int, next_offsets: Mapping[int, int]) -> None:
    advance(min(sum(next_offsets.values()), whole), whole)
