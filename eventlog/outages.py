"""What a service does while its log is away: it says so once, waits, and goes on where it was."""

import logging
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from schemas.errors import ServiceAway

__all__ = ["StopSignal", "outlast"]

AGAIN_SECONDS: Final = 0.2
_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class StopSignal(Protocol):
    """A threading.Event, or something that a test moves time with."""

    def is_set(self) -> bool:
        """Whether to stop."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set or the time is over; answers whether it is set."""


def outlast(ask: Callable[[], _Answer], stop: StopSignal) -> _Answer | None:
    """Ask until the log answers; None when stopped before. What is asked must be harmless when it is done twice."""
    away = False
    while not stop.is_set():
        try:
            answer = ask()
        except ServiceAway as error:
            if not away:
                _log.warning("%s; waiting until it does", error)
            away = True
            stop.wait(AGAIN_SECONDS)
        else:
            if away:
                _log.warning("the log answers again")
            return answer
    return None
