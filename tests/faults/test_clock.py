"""Two clocks on one log, one of them killed: days are closed, cuts are made, and what both do counts once."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from eventlog.log import Entry, Record
from eventlog.partitioning import partition_of
from producers.clock import SOURCE
from producers.ticks import Tick, tick_in
from schemas.topics import Topics
from tests.builders import ZONE, baseline, instant, milestone, production, tick
from tests.fault_feed import PARTITIONS, differences, embedded_exports
from tests.kafka_run import KafkaRun
from tests.waiting import until

EVENTS = Topics().events
PROJECTS = [f"厂-{number} 🏭" for number in range(24)]
DAY = timedelta(days=1)
MISSED = 6
"""So many days nobody has closed."""
START_SECONDS_MAX = 60
TWO_MINUTES = 150
REFUSED_SECONDS_MAX = 10

pytestmark = pytest.mark.timeout(400)


def by_project(events: Iterable[tuple[str, bytes]]) -> list[Entry]:
    return [Entry(EVENTS, name.encode(), raw, partition_of(name, PARTITIONS)) for name, raw in events]


def last_tick_of_a_clock(closes: date) -> list[Entry]:
    """As a clock leaves it that is stopped at midnight."""
    raw = tick(instant(closes + DAY, 0), closes=closes, clock="live", source=SOURCE)
    return [Entry(EVENTS, b"clock", raw, number) for number in range(PARTITIONS)]


def plans(first: date) -> list[Entry]:
    """Each with a milestone that is late from the third day on."""
    parts = [{"id": "M", "name": "roof", "finish": (first + 2 * DAY).isoformat()}]
    sections = {"progress_by": "milestones", "milestones": parts, "finish": (first + 20 * DAY).isoformat()}
    return by_project((name, baseline(start=first, project=name, sections=sections)) for name in PROJECTS)


def reports(days: Iterable[date], quantity: int) -> list[Entry]:
    return by_project(
        (name, raw)
        for on in days
        for name in PROJECTS
        for raw in (
            production("产线二", on, quantity, project=name, revision=quantity),
            milestone("M", on, percent=min(99, quantity), project=name, revision=quantity),
        )
    )


def days_up_to(today: date) -> Iterator[date]:
    return (today - back * DAY for back in range(MISSED, -1, -1))


# -- what stands in the log --------------------------------------------------------------------------------------------


def ticks_of(records: Iterable[Record]) -> list[Tick | None]:
    """The tick of each record; None: it is none."""
    found = (tick_in(record, ZONE) for record in records)
    return [each and each.tick for each in found]


def is_cut(run: KafkaRun) -> bool:
    """Whether no report stands behind the last tick of its partition."""
    return all(ticks_of(each for each in run.newest_events() if each))


def counting(records: Iterable[Record]) -> list[Entry]:
    """The records without the ticks that say nothing new: with nothing before them, of no day that is still open."""
    kept = []
    for number, group in groupby(records, key=lambda record: record.partition):
        closed, after_tick = date.min, False
        found = list(group)
        for record, told in zip(found, ticks_of(found), strict=True):
            closes = told.closes if told else None
            if not (told and after_tick and (closes is None or closes <= closed)):
                kept.append(Entry(EVENTS, record.key, record.value, number, record.headers))
            closed, after_tick = max(closed, closes or closed), told is not None
    return kept


def entries_of(records: Iterable[Record]) -> list[Entry]:
    return [Entry(EVENTS, record.key, record.value, record.partition, record.headers) for record in records]


# -- the tests -----------------------------------------------------------------------------------------------------


def test_two_clocks_at_once_close_every_day_and_what_both_say_counts_once(
    run: KafkaRun, tmp_path: Path
) -> None:
    today = datetime.now(UTC).astimezone(ZONE).date()
    first = today - MISSED * DAY
    run.publish([*last_tick_of_a_clock(first - DAY), *plans(first), *reports(days_up_to(today), 10)])
    workers = [run.start("worker"), run.start("worker", home="other")]
    store = run.start("store")
    clocks = [run.start("clock", home=name) for name in ("one", "another")]
    until(lambda: is_cut(run), START_SECONDS_MAX)
    run.publish(reports(days_up_to(today), 20))
    clocks[1].kill()
    clocks[1].restart()
    until(lambda: told_of_another(run, clocks[0].heard + clocks[1].heard, today), TWO_MINUTES)
    until(lambda: is_cut(run), TWO_MINUTES)
    for clock in clocks:
        assert clock.stop() == 0, clock.heard
        assert "Traceback" not in clock.heard

    told = run.exports_of(store, *workers)
    records = run.events()
    assert_all_closed(records, [first + number * DAY for number in range(MISSED)])
    now_us = time.time_ns() // 1000
    same = embedded_exports(entries_of(records), tmp_path / "same", now_us=lambda: now_us)
    # What fired between two cuts depends on what a worker saw at once.
    assert differences(same, told, without=["alert_history"]) == []
    once = embedded_exports(counting(records), tmp_path / "once", now_us=lambda: now_us)
    assert differences(once, told, without=["events", "alert_history"]) == []
    overdue = [row[2] for row in told["alerts"] if row[1] == "MilestoneOverdue"]
    assert sorted(overdue) == sorted(PROJECTS)


def told_of_another(run: KafkaRun, said: str, today: date) -> bool:
    """Whether one of the clocks has met the other; while they have nothing to do, they get something."""
    if "another clock adds ticks" in said:
        return True
    if is_cut(run):
        run.publish(reports([today], 30))
    return False


def assert_all_closed(records: Iterable[Record], days: list[date]) -> None:
    for number, group in groupby(records, key=lambda record: record.partition):
        closed = {told.closes for told in ticks_of(group) if told}
        assert closed >= set(days), f"partition {number}"


def test_a_second_clock_in_the_same_home_is_refused_in_one_line(run: KafkaRun) -> None:
    run.publish(last_tick_of_a_clock(datetime.now(UTC).astimezone(ZONE).date() - 2 * DAY))
    first = run.start("clock")
    until(lambda: len(run.events()) > PARTITIONS, START_SECONDS_MAX)
    second = run.start("clock")
    assert second.wait(REFUSED_SECONDS_MAX) == 4
    [line] = second.heard.splitlines()
    assert "clock" in line
    assert str(first.pid) in line
    assert first.stop() == 0
