"""Runs a worker inside our own event loop, in any thread: until it is told to stop, or has folded what it was asked to.

async with running(app) as folder:
    await fold_until(folder, end_offsets(log, topics.events))
"""

import asyncio
import contextlib
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Final, Protocol

from eventlog.log import EventLog
from streams.agents import EventFolder
from streams.app import WorkerApp

__all__ = ["StopSignal", "crashes_told_once", "end_offsets", "fold_until", "running"]

LOOK_SECONDS: Final = 0.1
"""How often a worker that has nothing to do looks at its stop signal."""
GROUP_SECONDS: Final = 1.0
_GC_THRESHOLDS: Final = (100_000, 10, 10)
_SWITCH_SECONDS: Final = 0.001
_CRASH_LOGGERS: Final = ("faust", "mode", "streams.app", "streams.transports")


class StopSignal(Protocol):
    """An asyncio.Event or a threading.Event."""

    def is_set(self) -> bool:
        """Whether to stop."""


@contextlib.asynccontextmanager
async def running(app: WorkerApp) -> AsyncIterator[EventFolder]:
    """The worker, started. It stops on leaving, with its running batch finished; a stop that hangs ends the process.

    While it runs, the interpreter collects garbage less often and switches threads more often.
    """
    app.finalize()
    verbose = logging.getLogger().isEnabledFor(logging.INFO)
    with crashes_told_once(verbose=verbose), _tuned_interpreter(app):
        try:
            await app.start()
            yield app.folder
        finally:
            await app.stop()
        if app.folder.failure is not None:  # the last save or commit
            raise app.folder.failure


def end_offsets(log: EventLog, topic: str) -> dict[int, int]:
    """Where each partition ends now."""
    return {number: log.end_offset(topic, number) for number in range(log.partitions(topic))}


async def fold_until(
    folder: EventFolder,
    ends: Mapping[int, int] | None = None,
    stop: StopSignal | None = None,
    on_progress: Callable[[Mapping[int, int]], None] | None = None,
    by_group: Callable[[], Mapping[int, int]] | None = None,
) -> bool:
    """Wait until each partition is folded up to its end (None: for ever). False when stopped before.

    Raises what stopped the worker. `on_progress` hears the next offset of each partition after every batch. `by_group`
    answers how far the workers of the group have come; it is asked once in a while about partitions that others fold.
    """
    left = None if ends is None else dict(ends)
    group_asked_at = time.monotonic()
    while True:
        if folder.failure is not None:
            raise folder.failure
        if left is not None:
            _strike_out(left, folder.next_offsets)
            if not left:
                return True
            if by_group is not None and time.monotonic() - group_asked_at >= GROUP_SECONDS:
                _strike_out_by_others(left, folder, by_group)
                group_asked_at = time.monotonic()
        if stop is not None and stop.is_set():
            return False
        folder.progressed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(folder.progressed.wait(), LOOK_SECONDS)
            if on_progress is not None:
                on_progress(folder.next_offsets)


def _strike_out_by_others(
    left: dict[int, int], folder: EventFolder, by_group: Callable[[], Mapping[int, int]]
) -> None:
    """What is ours we fold ourselves, whatever the group has done before."""
    if folder.assigned:
        done = by_group()
        _strike_out(left, {number: done[number] for number in done.keys() - folder.partitions.keys()})


def _strike_out(left: dict[int, int], done: Mapping[int, int]) -> None:
    for number in [number for number, end in left.items() if done.get(number, 0) >= end]:
        del left[number]


@contextlib.contextmanager
def crashes_told_once(*, verbose: bool) -> Iterator[None]:
    """What stops a worker is told by whoever runs it; Faust prints it as a traceback as well, which only the verbose want."""
    levels = {name: logging.getLogger(name).level for name in _CRASH_LOGGERS}
    if not verbose:
        for name in levels:
            logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def _tuned_interpreter(app: WorkerApp) -> Iterator[None]:
    """The state is millions of objects that stay: with Python's ways, looking for garbage among them takes a fifth of a
    fold, and looking at all of them stops the worker for half a second. Beside a busy thread, such as the store's, SQLite
    waits a switch interval per row: 5 ms cost a third.
    """
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()

    def spare(phase: str, _: Mapping[str, int]) -> None:
        """What a collection has left stays, so none looks at it again; references still free it. A worker that catches up
        makes no garbage in circles, so there is no need to look at all.
        """
        if phase == "stop" or app.is_catching_up:
            gc.freeze()

    gc.freeze()
    gc.callbacks.append(spare)
    gc.set_threshold(*_GC_THRESHOLDS)
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
        gc.callbacks.remove(spare)
        gc.unfreeze()
