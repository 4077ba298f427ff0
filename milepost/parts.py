"""Runs the parts of a service side by side: all of them, until a signal, or until one of them fails."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from schemas.errors import ServiceUnavailable

__all__ = ["Parts", "stop_on_signals"]

STOP_SECONDS_MAX: Final = 4.5
WAIT_SECONDS: Final = 0.2
"""How long a wait lasts before the interpreter may look at signals again."""

_log = logging.getLogger(__name__)


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """A stop signal that Ctrl-C and SIGTERM set; the ways of before are restored afterwards."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        # The main thread may be inside `stop.wait()` and hold what `set` needs, so another thread sets it.
        threading.Thread(target=stop.set, daemon=True).start()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


class Parts:
    """Named threads with one stop signal. The first that fails stops the others, and its error is raised."""

    def __init__(self, stop: threading.Event, stop_seconds_max: float = STOP_SECONDS_MAX) -> None:
        self.stop = stop
        self._stop_seconds_max = stop_seconds_max
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []

    def start(self, name: str, run: Callable[[threading.Event], object]) -> None:
        """Start `run(stop)` in a thread of its own; it must return soon after `stop` is set."""
        thread = threading.Thread(target=self._run, args=(name, run), name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _run(self, name: str, run: Callable[[threading.Event], object]) -> None:
        try:
            run(self.stop)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            _log.info("%s failed", name, exc_info=error)
            self._errors.append(error)
            self.stop.set()

    def wait(self) -> None:
        """Wait for the stop signal or the first failure."""
        while not self.stop.wait(WAIT_SECONDS):
            pass

    def finish(self) -> None:
        """Stop all parts and raise what one of them raised. A part that hangs is named after the time is up."""
        self.stop.set()
        deadline = time.monotonic() + self._stop_seconds_max
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self._errors:
            raise self._errors[0]
        if hanging := [thread.name for thread in self._threads if thread.is_alive()]:
            msg = f"{', '.join(hanging)} did not stop within {self._stop_seconds_max:g} s; nothing is lost, start again"
            raise ServiceUnavailable(msg)

    @contextmanager
    def running(self) -> Iterator[None]:
        """All parts stop when the block is left, also by an error."""
        try:
            yield
        except BaseException:
            self.stop.set()
            raise
        finally:
            self.finish()
