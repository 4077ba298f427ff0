"""Waiting for progress, never for time: a condition is looked at until it holds or the deadline has passed."""

import asyncio
import threading
import time
from collections.abc import Callable

__all__ = ["until", "until_async"]

SECONDS_MAX = 20.0
LOOK_SECONDS = 0.005


def until(condition: Callable[[], object], seconds_max: float = SECONDS_MAX) -> None:
    """Return when the condition holds; fail after the deadline."""
    deadline = time.monotonic() + seconds_max
    never = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        never.wait(LOOK_SECONDS)


async def until_async(condition: Callable[[], object], seconds_max: float = SECONDS_MAX) -> None:
    """The same inside an event loop."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(LOOK_SECONDS)
