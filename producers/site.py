"""A project as it happens: processes in simulated time, and the office that states what they did.

Simulated time counts minutes from midnight before the project's first day, in the business calendar. Nothing here knows
the wall clock, the log or the bytes of an event.
"""

from collections.abc import Generator, Iterator, Mapping
from datetime import date, timedelta
from math import ceil
from random import Random
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import simpy

from producers.chance import stream, wait
from schemas.periods import duration_days

__all__ = ["DAY", "Part", "Plan", "Said", "Site", "Steps"]

DAY: Final = 24 * 60
_HEARTBEAT: Final = (18, 30)
_OPENING: Final = 8 * 60 + 40
_SILENCE_EVERY: Final = 45
"""Mean number of reporting intervals between two silences of an office."""
_SILENCE_APART_MIN: Final = 5

Plan: TypeAlias = Mapping[str, Any]
"""The payload of a baseline, dates as ISO text."""

Steps: TypeAlias = Generator[simpy.Event, Any, None]
"""A process of SimPy."""


class Said(NamedTuple):
    """One statement: when it is made, its type without prefix and version, and its data."""

    minute: int
    kind: str
    data: dict[str, Any]


class Part(Protocol):
    """What goes on at a site, for one or more sections of its plan."""

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen; a part without an end never is."""


class Site:
    """The processes of one project. Each day that is lived adds its statements; the same plan and seed, the same days."""

    def __init__(self, project_id: str, plan: Plan, seed: int) -> None:
        self.project_id = project_id
        self.plan = plan
        self.env = simpy.Environment()
        self.first_day = date.fromisoformat(plan["start"])
        self.report_every = ceil(duration_days(plan.get("report_every") or "P1D"))
        self.parts: list[Part] = []
        self._seed = seed
        self._said: list[Said] = []
        self._desk = _Desk(self.stream("desk"), self.report_every)
        self._ended = False

    # -- for those who let it live -----------------------------------------------------------------------------

    def live(self, day: date) -> list[Said]:
        """Let the next day pass; what was stated on it, in order. Days follow each other from the first on."""
        number = (day - self.first_day).days
        self.env.run(until=(number + 1) * DAY)
        said, self._said = self._said, []
        return self._desk.send(number, said)

    @property
    def over(self) -> bool:
        """Whether everything has happened and has been stated."""
        return self._ended and not self._desk.kept

    # -- for its parts -----------------------------------------------------------------------------------------

    def stream(self, *names: str) -> Random:
        """The stream of chance of one process of this project."""
        return stream(self._seed, self.project_id, *names)

    def start(self, steps: Steps) -> None:
        """Set a process going."""
        self.env.process(steps)

    def say(self, kind: str, **data: Any) -> None:
        """State something now; fields that are None are left out."""
        given = {name: value for name, value in data.items() if value is not None}
        self._said.append(Said(self.minute, kind, given))

    @property
    def minute(self) -> int:
        """Minutes since midnight before the first day."""
        return int(self.env.now)

    @property
    def today(self) -> date:
        """The present day."""
        return self.first_day + timedelta(minutes=self.minute)

    @property
    def reports_today(self) -> bool:
        """Whether a regular report is due today."""
        return (self.minute // DAY) % self.report_every == 0

    def next(self, hour: int, minute: int = 0) -> simpy.Event:
        """The next time that the clock shows this."""
        ahead = (hour * 60 + minute - self.minute) % DAY
        return self.env.timeout(ahead or DAY)

    def until(self, day: date, hour: int = 0) -> simpy.Event:
        """That hour of a day; at once when it has passed."""
        return self.env.timeout(max(0, (day - self.first_day).days * DAY + hour * 60 - self.minute))

    def evenings(self, hour: int, minute: int = 0) -> Iterator[simpy.Event]:
        """That time of each day, for `for` loops."""
        while True:
            yield self.next(hour, minute)

    # -- its life ----------------------------------------------------------------------------------------------

    def begin(self, *parts: Part, ends: str = "completed", heartbeat: bool = True) -> None:
        """Say that it has begun, and when all parts have finished that it has ended.

        With `heartbeat` it says on each reporting day on which nothing else was said that it goes on.
        """
        self.parts = list(parts)
        self.start(self._go_on(ends, heartbeat=heartbeat))

    def _go_on(self, ends: str, *, heartbeat: bool) -> Steps:
        yield self.until(self.first_day, 9)
        self._state("started", "开工 begun")
        for evening in self.evenings(*_HEARTBEAT):
            yield evening
            if self.parts and all(part.finished for part in self.parts):
                self._state(ends, "完成 finished")
                self._ended = True
                return
            if heartbeat and self.reports_today and not self._spoke_today():
                self._state("started", "正常推进 in progress")

    def _state(self, status: str, text: str) -> None:
        self.say("project.status_reported", as_of=self.today, status=status, progress_text=text)

    def _spoke_today(self) -> bool:
        return any(said.data.get("revision") is None for said in self._said)


class _Desk:
    """The office that sends statements. Now and then it is silent for some days; what it missed comes late, all at once."""

    def __init__(self, chance: Random, every: int) -> None:
        self.kept: list[Said] = []
        self._chance = chance
        self._every = every
        self._silent_from, self._silent_until = self._silence_after(0)

    def send(self, number: int, said: list[Said]) -> list[Said]:
        """What leaves the office on a day, in order."""
        if self._silent_from <= number < self._silent_until:
            self.kept += said
            return []
        if number >= self._silent_until:
            self._silent_from, self._silent_until = self._silence_after(number)
        late, self.kept = self.kept, []
        opening = number * DAY + _OPENING
        return sorted([each._replace(minute=opening) for each in late] + said, key=lambda each: each.minute)

    def _silence_after(self, number: int) -> tuple[int, int]:
        apart = _SILENCE_APART_MIN + wait(self._chance, _SILENCE_EVERY - _SILENCE_APART_MIN)
        first = number + apart * self._every
        return first, first + self._chance.randint(3, 6) * self._every
