"""What the peers written in Python share: their job, the decoding of events, and the arithmetic of the work itself.

A peer reads a topic from its start up to the given number of records, keeps the latest report per cell, and publishes the
sum of the last seven days of a project on its output topic: once a second while it changes, and at the end. It then
writes down how many records it took and how many it could not read. Runs in a peer's own environment: only msgspec.
"""

import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import msgspec

__all__ = [
    "SECONDS_PER_KPI",
    "Job",
    "Project",
    "Projects",
    "Report",
    "Tally",
    "event_of",
    "kpi_of",
    "kpi_text",
]

WINDOW_DAYS = 7
SECONDS_PER_KPI = 1.0


class Job(msgspec.Struct, frozen=True):
    """What a run is asked to do."""

    bootstrap: str
    topic: str
    output: str
    ends: list[int]
    answers: str
    group: str
    folder: str

    @property
    def records(self) -> int:
        """How many records the topic holds; nothing was removed and no transaction took an offset."""
        return sum(self.ends)

    @classmethod
    def from_command_line(cls) -> "Job":
        """Read the file that the only argument names."""
        return msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=cls)


class Report(msgspec.Struct, frozen=True):
    """Payload of an event, validated."""

    line: str
    period_start: date
    period_end: date
    quantity: float
    unit: str
    revision: int


class Event(msgspec.Struct, frozen=True):
    """The CloudEvents envelope, validated."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal["milepost.production.reported.v1"]
    subject: str
    time: datetime
    data: Report


_decoder = msgspec.json.Decoder(Event)
_encoder = msgspec.json.Encoder()


def event_of(raw: bytes | None) -> Event | None:
    """None for what cannot be read."""
    try:
        return _decoder.decode(raw or b"")
    except msgspec.MsgspecError:
        return None


def kpi_of(project: str, as_of: int, total: float) -> dict[str, str | float]:
    """One KPI record."""
    return {"project": project, "as_of": date.fromordinal(as_of).isoformat(), "output_rolling_7d": total}


def kpi_text(project: str, as_of: int, total: float) -> bytes:
    """The same as JSON."""
    return _encoder.encode(kpi_of(project, as_of, total))


class Project:
    """The latest report of each line and day, and the sums per day."""

    __slots__ = ("_cells", "_days", "_newest")

    def __init__(self) -> None:
        self._cells: dict[tuple[str, int], tuple[int, float]] = {}
        self._days: dict[int, float] = {}
        self._newest = 0

    def take(self, report: Report) -> bool:
        """Let a report count if it is the latest of its cell; answers whether it does."""
        day = report.period_end.toordinal()
        cell, statement = (report.line, day), (report.revision, report.quantity)
        latest = self._cells.get(cell)
        if latest is not None and statement <= latest:
            return False
        self._cells[cell] = statement
        self._days[day] = self._days.get(day, 0.0) + report.quantity - (latest[1] if latest else 0.0)
        self._newest = max(self._newest, day)
        return True

    def rolling(self) -> tuple[int, float]:
        """Newest day, and the sum of the seven days that end with it."""
        days = range(self._newest - WINDOW_DAYS + 1, self._newest + 1)
        return self._newest, sum(self._days.get(day, 0.0) for day in days)


class Projects:
    """All projects of a process, and which of them changed since their last KPI."""

    def __init__(self) -> None:
        self._projects: dict[str, Project] = {}
        self._changed: set[str] = set()

    def take(self, event: Event) -> None:
        """Fold one event."""
        project = self._projects.get(event.subject)
        if project is None:
            project = self._projects[event.subject] = Project()
        if project.take(event.data):
            self._changed.add(event.subject)

    def changed(self) -> Iterator[tuple[bytes, bytes]]:
        """Key and text of the KPI of each project that changed since this was last asked."""
        changed, self._changed = self._changed, set()
        for project in changed:
            yield project.encode(), kpi_text(project, *self._projects[project].rolling())


class Tally:
    """How many records were taken and how many could not be read, and when the first came."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._first_at: float | None = None
        self.taken = 0
        self.damaged = 0

    def count(self, event: Event | None) -> bool:
        """Count one record; answers whether it was the last."""
        if self._first_at is None:
            self._first_at = time.time()
        self.taken += 1
        self.damaged += event is None
        return self.taken == self._job.records

    def write(self) -> None:
        """Leave word for whoever started the peer."""
        word = {"taken": self.taken, "damaged": self.damaged, "first_at": self._first_at}
        Path(self._job.answers).write_bytes(_encoder.encode(word))
