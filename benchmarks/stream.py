"""The stream as its users run it: `milepost worker` and `milepost store` on one log, watched by live SQL."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.bench_log import TOPICS, open_bench_log
from benchmarks.measure import Cost, run_processes
from eventlog.embedded import EmbeddedLog
from schemas.errors import ServiceUnavailable
from schemas.settings import Settings
from storage.reader import open_reader
from storage.results import Reader

__all__ = ["MILEPOST", "Watch", "environment_of", "file_reader", "run_stream"]

MILEPOST = str(Path(sys.executable).with_name("milepost"))


def environment_of(home: Path) -> dict[str, str]:
    """Environment of the product's processes: this home, any free port, the rest by default, compiled modules kept."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return mine | {"MILEPOST_HOME": str(home), "MILEPOST_SQL_LISTEN": "localhost:0"}


@dataclass
class Watch:
    """Looks at a running store until what is asked for is true; notes when the worker was first seen to have folded."""

    home: Path
    is_true: Callable[[Reader], bool]
    folded: Callable[[], int] | None = None
    """How many records the worker has folded by its own word, which it gives once a second; None: ask the home's log."""
    first: tuple[float, int] | None = None
    ended: float = float("nan")
    _opened: ExitStack = field(default_factory=ExitStack)
    _reader: Reader | None = None
    _log: EmbeddedLog | None = None

    def __call__(self) -> bool:
        """Whether it is true now; a store that does not answer yet is asked again later."""
        if self.first is None:
            self.first = self._progress()
        if self._reader is None:
            try:
                self._reader = self._opened.enter_context(
                    open_reader(Settings.model_validate({"home": self.home}))
                )
            except ServiceUnavailable:
                return False
        if not self.is_true(self._reader):
            return False
        self.ended = time.perf_counter()
        self._opened.close()
        return True

    def _progress(self) -> tuple[float, int] | None:
        folded = (self.folded or self._folded)()
        return (time.perf_counter(), folded) if folded else None

    def _folded(self) -> int:
        if self._log is None:
            self._log = self._opened.enter_context(closing(open_bench_log(self.home)))
        return sum(self._log.committed(TOPICS.worker_group).values())

    def steady(self, records: int) -> float:
        """Records per second from the first look that saw some folded until all answers stand: without the start."""
        if self.first is None or self.first[1] >= records:
            return float("nan")
        return (records - self.first[1]) / (self.ended - self.first[0])


def run_stream(home: Path, watch: Watch) -> Cost:
    """Start worker and store, wait until the watch is content, stop both."""
    commands = [[MILEPOST, "store"], [MILEPOST, "worker"]]
    return run_processes(commands, environment_of(home), watch)


@contextmanager
def file_reader(home: Path) -> Iterator[Reader]:
    """A reader of the store that stopped processes left behind."""
    with open_reader(Settings.model_validate({"home": home})) as reader:
        yield reader
