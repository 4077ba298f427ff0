"""Simulated feeds: built from settings and a wish, published into the log or written as lines."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from milepost.environment import SourcedSettings
from milepost.parts import stop_on_signals
from milepost.progress import Advance, progress_bar
from milepost.wiring import catalog_of, open_log, topics_of
from producers.chance import stream
from producers.faults import Faults, disturbed
from producers.line_files import new_file, write_lines
from producers.publish import Counts, OnDay, Pace, publish
from producers.scenarios import days_of, members_of
from producers.simulation import Line, Member, Span, Stopped, simulate
from producers.ticks import has_ticks
from schemas.errors import UsageError
from schemas.settings import Settings

__all__ = ["Simulated", "Wish", "simulate_into", "simulate_to"]

_BAR: Final = "simulating, days"


@dataclass(frozen=True, slots=True)
class Wish:
    """What to simulate. `projects` None: all of the scenario; `speed` None: as fast as possible."""

    scenario: str = "all"
    seed: int = 0
    speed: float | None = None
    span: Span = field(default_factory=Span)
    projects: int | None = None
    faults: Faults = field(default_factory=Faults)
    ticks: bool = True


@dataclass
class Simulated:
    """What came of it."""

    counts: Counts
    interrupted: bool = False
    live_clock: bool = False
    """Whether ticks were left out because the log has those of a live clock."""


@dataclass
class _Feed:
    """Members and days, before anything is simulated."""

    wish: Wish
    members: Sequence[Member]
    days: Sequence[date]

    @classmethod
    def of(cls, wish: Wish, settings: Settings) -> "_Feed":
        """Raises UsageError."""
        first, last = wish.span
        if first is not None and last is not None and last < first:
            raise UsageError(f"--to {last} lies before --from {first}; swap them")
        members = members_of(wish.scenario, catalog_of(settings), wish.projects)
        return cls(wish, members, days_of(members, wish.span))

    def lines(self, zone: ZoneInfo, stopped: Stopped, *, ticks: bool) -> Iterator[Line]:
        """The lines, with the faults that were wished for."""
        lines = simulate(
            self.members,
            seed=self.wish.seed,
            zone=zone,
            days=self.days,
            span=self.wish.span,
            ticks_from=f"simulator/{self.wish.scenario}" if ticks else None,
            stopped=stopped,
        )
        return disturbed(lines, self.wish.faults, stream(self.wish.seed, "faults"))

    def teller(self, advance: Advance) -> OnDay:
        """What tells a progress bar which day it is."""
        first, whole = self.days[0].toordinal(), len(self.days)
        return lambda day: advance(day.toordinal() - first + 1, whole)


def simulate_into(sourced: SourcedSettings, wish: Wish, *, bar_in_files: bool = False) -> Simulated:
    """Publish a feed into the log; stops in good order at a signal. Raises UsageError, ServiceUnavailable."""
    feed, topics = _Feed.of(wish, sourced.settings), topics_of(sourced.settings)
    done = Simulated(Counts())
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        log = opened.enter_context(open_log(sourced))
        done.live_clock = wish.ticks and has_ticks(log, topics, "live")
        ticks = wish.ticks and not done.live_clock
        lines = feed.lines(ZoneInfo(log.identity.timezone), stop.is_set, ticks=ticks)
        advance = opened.enter_context(progress_bar(_BAR, in_files=bar_in_files))
        done.interrupted = not publish(
            lines,
            log,
            topics,
            done.counts,
            stopped=stop.is_set,
            pace=_pace(wish),
            on_day=feed.teller(advance),
        )
        _fill(advance, feed, done)
    return done


def simulate_to(settings: Settings, wish: Wish, out: Path | BinaryIO) -> Simulated:
    """Write a feed as lines. A file that is not finished does not stay. Raises UsageError."""
    feed = _Feed.of(wish, settings)
    done = Simulated(Counts())
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        advance = opened.enter_context(progress_bar(_BAR))
        file = opened.enter_context(new_file(out)) if isinstance(out, Path) else out
        lines = feed.lines(ZoneInfo(settings.timezone), stop.is_set, ticks=wish.ticks)
        if not write_lines(lines, file, done.counts, stopped=stop.is_set, on_day=feed.teller(advance)):
            raise KeyboardInterrupt
        _fill(advance, feed, done)
    return done


def _fill(advance: Advance, feed: _Feed, done: Simulated) -> None:
    """The bar is full when all is done, whether or not the last days were needed."""
    if not done.interrupted:
        advance(len(feed.days), len(feed.days))


def _pace(wish: Wish) -> Pace | None:
    """Waits on an event that nobody sets: what a signal sets is looked at between the waits."""
    never = threading.Event()
    return None if wish.speed is None else Pace(wish.speed, time.monotonic, never.wait)
