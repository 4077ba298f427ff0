"""A log in a thread of its own, for questions that would keep the event loop from its other work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar

from eventlog.log import EventLog

__all__ = ["LogThread"]

_Answer = TypeVar("_Answer")


class LogThread:
    """Answers one question after another. The log is opened with the first one, in the thread that it belongs to."""

    def __init__(self, open_log: Callable[[], AbstractContextManager[EventLog]]) -> None:
        self._open_log = open_log
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="log")
        self._opened = ExitStack()
        self._log: EventLog | None = None

    async def ask(self, question: Callable[[EventLog], _Answer]) -> _Answer:
        """Put a question to the log. Who stops waiting lets it be answered all the same."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    def _answer(self, question: Callable[[EventLog], _Answer]) -> _Answer:
        if self._log is None:
            self._log = self._opened.enter_context(self._open_log())
        return question(self._log)

    async def close(self) -> None:
        """Close the log when everything is answered."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._opened.close)
        self._thread.shutdown()
