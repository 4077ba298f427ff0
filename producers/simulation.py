"""A feed: what some projects state, line by line in order of time, with a tick that closes each simulated day.

The same members, seed, calendar and days give the same bytes. No part reads a clock; nothing is published here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from producers.catalog import CatalogProject, baseline_event
from producers.site import Said
from producers.ticks import END_OF_DAY, SUBJECT, Tick, tick_event
from schemas.codec import to_json

__all__ = ["Line", "Member", "Span", "Stopped", "Voice", "simulate"]

Stopped = Callable[[], bool]
"""Asked now and then; true: come to an end."""

_BASELINE_HOUR: Final = 8
_SECOND: Final = timedelta(seconds=1)
_SOURCE_ID_MAX: Final = 150


class Line(NamedTuple):
    """One line of a feed: an event, or a tick."""

    raw: bytes
    day: date
    time: datetime
    key: str
    """Project id, or that of the clock."""

    @property
    def is_tick(self) -> bool:
        """Whether it is a tick."""
        return self.key == SUBJECT


class Voice(Protocol):
    """Whoever speaks for a project, day by day from the first on."""

    @property
    def first_day(self) -> date:
        """The day on which it begins to live."""

    @property
    def over(self) -> bool:
        """Whether it has nothing more to say."""

    def live(self, day: date) -> list[Said]:
        """Let the next day pass; what was stated on it, in order."""


@dataclass(frozen=True, slots=True)
class Member:
    """A project of a feed, and how to bring it to life with a seed."""

    project: CatalogProject
    build: Callable[[int, ZoneInfo], Voice]
    first_day: date
    """The first day on which it may live."""
    ends: date | None
    """The last day that is known of it; None: it goes on for as long as the feed does."""


class Span(NamedTuple):
    """Days that are simulated and published. `last` None: until everything that ends has ended."""

    first: date | None = None
    last: date | None = None


def simulate(
    members: Sequence[Member],
    *,
    seed: int,
    zone: ZoneInfo,
    days: Iterable[date],
    span: Span,
    ticks_from: str | None,
    stopped: Stopped = lambda: False,
) -> Iterator[Line]:
    """The lines of the days in `span`. What happens before them is lived through without a word.

    `days` follow each other from the first day of the first member on; `ticks_from` is the source of the ticks, if any.
    When `stopped` says so, the feed ends with the last whole day.
    """
    feed = _Feed(members, seed, zone)
    for day in days:
        lines = feed.live(day, stopped)
        if stopped():
            return
        if span.first is None or day >= span.first:
            yield from sorted([*feed.baselines(day), *lines], key=lambda line: line.time)
            if ticks_from is not None:
                yield _tick(day, zone, ticks_from)
        if span.last is None and feed.over:
            return


def _tick(day: date, zone: ZoneInfo, source: str) -> Line:
    at = datetime.combine(day, END_OF_DAY, zone)
    raw = tick_event(Tick(at, day, "simulated"), source=source, event_id=f"close-{day}")
    return Line(raw, day, at.astimezone(UTC), SUBJECT)


class _Feed:
    """All members side by side."""

    def __init__(self, members: Sequence[Member], seed: int, zone: ZoneInfo) -> None:
        self._to_come = sorted(members, key=lambda member: member.first_day)
        self._seed, self._zone = seed, zone
        self._running: list[_Running] = []
        self._unannounced: list[_Running] = []

    def live(self, day: date, stopped: Stopped) -> list[Line]:
        """What everybody states on a day, in the order of the members; not the whole when stopped."""
        while self._to_come and self._to_come[0].first_day <= day and not stopped():
            running = _Running(self._to_come.pop(0), self._seed, self._zone)
            self._running.append(running)
            self._unannounced.append(running)
        lines = [line for running in self._running if not stopped() for line in running.live(day)]
        self._running = [running for running in self._running if not running.site.over]
        return lines

    def baselines(self, day: date) -> list[Line]:
        """Plans of those of whom nothing was published yet; whoever was over before that day has nothing to say."""
        new, self._unannounced = self._unannounced, []
        return [each.baseline(day) for each in new if not each.site.over or each.spoke_on == day]

    @property
    def over(self) -> bool:
        """Whether everybody whose plan has an end has come to it."""
        return not self._to_come and all(running.ends is None for running in self._running)


class _Running:
    """One member while it lives; its statements become events."""

    def __init__(self, member: Member, seed: int, zone: ZoneInfo) -> None:
        self.site = member.build(seed, zone)
        self.ends = member.ends
        self.spoke_on: date | None = None
        self._project, self._zone = member.project, zone
        self._source = f"simulator/{seed}/{_short(member.project.project_id)}"
        self._numbers: Counter[str] = Counter()
        self._latest = datetime.min.replace(tzinfo=UTC)

    def baseline(self, day: date) -> Line:
        """The plan, stated on the morning of the first day."""
        first = self.site.first_day
        stated = datetime(first.year, first.month, first.day, _BASELINE_HOUR, tzinfo=self._zone)
        number = self._project.data["baseline"]
        raw = baseline_event(
            self._project, source=self._source, event_id=f"baseline-{number}", stated_at=stated
        )
        return Line(raw, day, stated.astimezone(UTC), self._project.project_id)

    def live(self, day: date) -> list[Line]:
        """What it states on a day."""
        said = self.site.live(day)
        if said:
            self.spoke_on = day
        return [self._line(day, each) for each in said]

    def _line(self, day: date, said: Said) -> Line:
        self._numbers[said.kind] += 1
        self._latest = max(self._nominal(said.minute), self._latest + _SECOND)
        envelope = {
            "specversion": "1.0",
            "id": f"{said.kind}-{self._numbers[said.kind]:05d}",
            "source": self._source,
            "type": f"milepost.{said.kind}.v1",
            "subject": self._project.project_id,
            "time": self._latest.astimezone(self._zone).isoformat(),
            "datacontenttype": "application/json",
            "data": said.data,
        }
        return Line(to_json(envelope), day, self._latest, self._project.project_id)

    def _nominal(self, minute: int) -> datetime:
        first = self.site.first_day
        midnight = datetime(first.year, first.month, first.day, tzinfo=self._zone)
        return (midnight + timedelta(minutes=minute)).astimezone(UTC)


def _short(project_id: str) -> str:
    """The id, or its digest where it would not fit into a source."""
    return project_id if len(project_id) <= _SOURCE_ID_MAX else sha256(project_id.encode()).hexdigest()
