"""One closing tick for many projects: from its append to the committed rows of every project."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.bench_log import TOPICS, append_lines, open_bench_log
from benchmarks.feed import LINES, START, Feed
from benchmarks.measure import Cost
from benchmarks.stream import Watch, run_stream
from producers.ticks import append_closing, append_cuts
from storage.results import Reader

__all__ = ["Closing", "close_a_day"]

DAYS = 3
CLOSED = START.date() + timedelta(days=DAYS)
_LIVE = "SELECT count(*) FROM kpi_latest WHERE kpi = 'output_cumulative' AND scope = ''"
_ROWS = "SELECT count(*), count(DISTINCT project_id) FROM kpi_snapshots WHERE as_of = DATE '{}'"


@dataclass
class Closing:
    """Waits until the projects stand, cuts them once, closes a day, and waits for the rows of that day."""

    home: Path
    projects: int
    rows: int = 0
    seconds: float = float("nan")
    _stage: int = 0
    _began: float = 0.0
    _newest: date = field(default=CLOSED - timedelta(days=1))

    def __call__(self, reader: Reader) -> bool:
        """Whether the day is closed for every project; goes on to the next stage when one is done."""
        if self._stage == 0 and int(reader.query(_LIVE).rows[0][0]) == self.projects:
            self._append(None)
        elif self._stage == 1 and self._rows(reader, self._newest)[1] == self.projects:
            self._append(CLOSED)
        elif self._began and self._stage == len(("cuts", "closing")):
            self.rows, closed = self._rows(reader, CLOSED)
            self.seconds = time.perf_counter() - self._began
            return closed == self.projects
        return False

    def _append(self, closes: date | None) -> None:
        log, now = open_bench_log(self.home), datetime.now(UTC)
        if closes is None:
            append_cuts(log, TOPICS, now)
        else:
            append_closing(log, TOPICS, closes, now)
        log.close()
        self._stage, self._began = self._stage + 1, time.perf_counter()

    def _rows(self, reader: Reader, day: date) -> tuple[int, int]:
        rows, projects = reader.query(_ROWS.format(day)).rows[0]
        return int(rows), int(projects)


def close_a_day(home: Path, projects: int) -> tuple[Closing, Cost]:
    """Report three days of many projects, then close the fourth."""
    log = open_bench_log(home)
    append_lines(log, Feed(projects * LINES * DAYS, projects=projects, late=0.0).lines())
    log.close()
    closing = Closing(home, projects)
    return closing, run_stream(home, Watch(home, closing))
