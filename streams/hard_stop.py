"""Ends the process when a stop takes too long: the last resort against a thread or a broker that never answers."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["hard_stop"]

_EXIT_HUNG: Final = 1


@contextmanager
def hard_stop(seconds_max: float) -> Iterator[None]:
    """What happens in the block must be done in time."""
    timer = threading.Timer(seconds_max, _give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _give_up() -> None:
    os.write(2, b"milepost: the worker did not stop in time and was ended; nothing is lost, start it again\n")
    os._exit(_EXIT_HUNG)
