"""Worker, store with live SQL and clock side by side in one process."""

import threading
from functools import partial
from typing import Final

from milepost.clocking import run_clock
from milepost.environment import SourcedSettings
from milepost.parts import WAIT_SECONDS, Parts
from milepost.storing import address_text, say_token, serve_store
from milepost.worker import broker_of, fold
from storage.live_address import LiveAddress

__all__ = ["serve"]

GRACE_SECONDS: Final = 0.5
"""A worker that hangs ends the process with a word of its own, so it is given a moment more."""


def serve(sourced: SourcedSettings, stop: threading.Event, *, with_clock: bool) -> None:
    """Run until `stop` is set or a part fails. The caller holds the locks of worker and store."""
    parts = Parts(stop, broker_of(sourced.settings).stop_seconds_max + GRACE_SECONDS)
    with parts.running():
        address = _start_store(sourced, parts)
        parts.start("worker", partial(fold, sourced))
        if with_clock:
            parts.start("clock", partial(run_clock, sourced))
        if not stop.is_set():
            say_token(sourced.settings, address)
            print(f"ready: sql={address_text(address)} http=off", flush=True)
        parts.wait()


def _start_store(sourced: SourcedSettings, parts: Parts) -> LiveAddress | None:
    """Start the store and wait until it answers, or has failed."""
    answered: list[LiveAddress | None] = []
    parts.start("store", partial(serve_store, sourced, answered.append))
    while not answered and not parts.stop.wait(WAIT_SECONDS / 10):
        pass
    return answered[0] if answered else None
