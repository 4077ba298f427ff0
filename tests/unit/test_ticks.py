from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic_core import from_json

from eventlog.log import Entry
from producers.ticks import (
    Tick,
    append_closing,
    append_cuts,
    has_ticks,
    newest_tick,
    tick_entries,
    tick_event,
)
from schemas.codec import decode
from schemas.errors import UsageError
from tests.builders import ZONE, instant, status, tick
from tests.moving_time import PARTITIONS, TOPICS, MovingTime, TickedLog

NOON = instant(date(2024, 2, 17), 12, 0)
SIMULATED_AT = instant(date(2023, 5, 1), 23, 59)
HOUR = timedelta(hours=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TickedLog]:
    ticked = TickedLog.new(tmp_path / "log.db", MovingTime(NOON, NOON))
    yield ticked
    ticked.log.close()


def cut(log: TickedLog) -> int:
    return append_cuts(log.log, TOPICS, log.time.now())


def test_a_tick_is_an_event_that_the_codec_accepts() -> None:
    raw = tick_event(Tick(NOON, date(2024, 2, 16), "live"), source="clock", event_id="1")
    event = decode(raw)
    assert event["subject"] == "clock"
    assert event["time"] == event["data"]["at"] == NOON
    assert event["data"]["closes"] == date(2024, 2, 16)


def test_a_tick_may_be_stated_at_another_time_than_its_instant() -> None:
    raw = tick_event(Tick(NOON, None, "simulated"), source="clock", event_id="1", stated_at=NOON + HOUR)
    assert decode(raw)["time"] == NOON + HOUR


def test_a_tick_stands_in_each_partition_with_the_same_bytes() -> None:
    raw = tick_event(Tick(NOON, None, "live"), source="clock", event_id="1")
    entries = tick_entries(raw, TOPICS, range(PARTITIONS))
    assert [entry.partition for entry in entries] == [0, 1, 2]
    assert {entry.value for entry in entries} == {raw}


# -- finding -----------------------------------------------------------------------------------------------------


def test_an_empty_log_has_no_tick(log: TickedLog) -> None:
    log.report(0)
    assert newest_tick(log.log, TOPICS) is None
    assert not has_ticks(log.log, TOPICS, "live")


def test_the_newest_tick_is_the_one_recorded_last_in_any_partition(log: TickedLog) -> None:
    log.add(tick(NOON, clock="live"), [2])
    log.time.at += HOUR
    log.add(tick(SIMULATED_AT), [0])
    log.time.at += HOUR
    log.report(0, 1, 2)
    assert newest_tick(log.log, TOPICS) == Tick(SIMULATED_AT, None, "simulated")


def test_of_ticks_recorded_at_once_the_later_instant_is_the_newest(log: TickedLog) -> None:
    log.add(tick(SIMULATED_AT + HOUR), [1])
    log.add(tick(SIMULATED_AT), [2])
    newest = newest_tick(log.log, TOPICS)
    assert newest is not None
    assert newest.at == SIMULATED_AT + HOUR


@pytest.mark.parametrize(
    "refused",
    [
        tick(NOON, closes=date(2024, 2, 18)),
        tick(NOON + timedelta(days=3)),
        tick(NOON).replace(b'"subject":"clock"', b'"subject":"p1"'),
        tick(NOON)[:-1],
        b'"milepost.clock.ticked.v1"',
    ],
)
def test_a_tick_that_is_refused_does_not_count(log: TickedLog, refused: bytes) -> None:
    log.add(tick(SIMULATED_AT))
    log.add(refused)
    newest = newest_tick(log.log, TOPICS)
    assert newest is not None
    assert newest.at == SIMULATED_AT
    assert cut(log) == PARTITIONS


def test_a_tick_is_found_however_its_bytes_are_written(log: TickedLog) -> None:
    escaped = tick(SIMULATED_AT).replace(b"milepost.clock", b"\\u006dilepost.clock")
    log.add(escaped, [0])
    assert has_ticks(log.log, TOPICS, "simulated")
    envelope = from_json(tick(NOON, clock="live"))
    data = b'{"at":"2024-02-17T12:00:00+08:00"}'
    attributes = {name: value for name, value in envelope.items() if name != "data"}
    headers = tuple((f"ce_{name}", str(value).encode()) for name, value in attributes.items())
    log.log.append([Entry(TOPICS.events, b"clock", data, 1, headers)])
    assert has_ticks(log.log, TOPICS, "live")


def test_a_tick_that_does_not_say_whose_it_is_is_live(log: TickedLog) -> None:
    log.add(tick(NOON).replace(b'"simulated"', b"null"), [1])
    assert has_ticks(log.log, TOPICS, "live")
    assert not has_ticks(log.log, TOPICS, "simulated")


def test_a_report_that_speaks_of_ticks_is_none(log: TickedLog) -> None:
    log.add(status(date(2024, 2, 1), id="milepost.clock.ticked.v1"))
    assert newest_tick(log.log, TOPICS) is None


# -- cuts --------------------------------------------------------------------------------------------------------


def test_partitions_in_which_records_follow_the_last_tick_are_cut_once(log: TickedLog) -> None:
    log.report(0, 2)
    assert cut(log) == 2
    assert [len(log.ticks(number)) for number in range(PARTITIONS)] == [1, 0, 1]
    assert cut(log) == 0
    log.time.at += HOUR
    log.report(2)
    assert cut(log) == 1
    assert [found.at for found in log.ticks(2)] == [NOON, NOON + HOUR]


def test_an_empty_log_gets_no_cut(log: TickedLog) -> None:
    assert cut(log) == 0


def test_records_that_will_be_refused_are_cut_as_well(log: TickedLog) -> None:
    log.add(b"no event", [1])
    assert cut(log) == 1


def test_a_cut_takes_the_wall_clock_and_the_instant_of_a_simulated_tick(log: TickedLog) -> None:
    log.report(0)
    cut(log)
    assert log.ticks(0) == [Tick(NOON, None, "live")]
    log.time.at += HOUR
    log.add(tick(SIMULATED_AT), [1])
    log.time.at += HOUR
    log.report(0, 1)
    assert cut(log) == 2
    assert log.ticks(0)[-1] == log.ticks(1)[-1] == Tick(SIMULATED_AT, None, "simulated")


def test_after_a_simulated_tick_that_lies_ahead_the_cut_is_accepted(log: TickedLog) -> None:
    ahead = datetime(2190, 1, 1, tzinfo=ZONE)
    log.add(tick_event(Tick(ahead, None, "simulated"), source="feed", event_id="1", stated_at=NOON))
    log.report(0)
    assert cut(log) == 1
    assert log.ticks(0)[-1].at == ahead
    assert cut(log) == 0


def test_cuts_have_ids_of_their_own(log: TickedLog) -> None:
    log.add(tick(SIMULATED_AT))
    for _ in range(3):
        log.report(0)
        cut(log)
    records = log.log.read(TOPICS.events, 0, 0, 100)
    ids = [from_json(record.value or b"")["id"] for record in records if b"ticked" in (record.value or b"")]
    assert len(set(ids)) == len(ids) == 4


# -- closing -----------------------------------------------------------------------------------------------------


def test_a_day_is_closed_in_every_partition_at_the_wall_clock(log: TickedLog) -> None:
    log.report(0)
    append_closing(log.log, TOPICS, date(2024, 2, 17), NOON)
    for number in range(PARTITIONS):
        assert log.ticks(number) == [Tick(NOON, date(2024, 2, 17), "live")]
    assert cut(log) == 0


def test_in_simulated_time_a_day_is_closed_at_its_end(log: TickedLog) -> None:
    log.add(tick(SIMULATED_AT), [1])
    append_closing(log.log, TOPICS, date(2024, 12, 31), NOON)
    end = datetime(2024, 12, 31, 23, 59, 59, tzinfo=ZONE)
    assert log.ticks(0) == [Tick(end, date(2024, 12, 31), "simulated")]


@pytest.mark.parametrize("day", [date(2024, 2, 18), date(2200, 1, 1)])
def test_a_day_that_lies_ahead_is_not_closed(log: TickedLog, day: date) -> None:
    with pytest.raises(UsageError, match=f"--as-of {day}.*2024-02-17"):
        append_closing(log.log, TOPICS, day, NOON)
    assert log.ticks(0) == []


def test_today_is_the_day_of_the_business_calendar(log: TickedLog) -> None:
    early = datetime(2024, 2, 17, 16, 30, tzinfo=UTC)
    log.time.at = early
    append_closing(log.log, TOPICS, date(2024, 2, 18), early)
    assert log.closed(0) == [date(2024, 2, 18)]


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(1, 1, 1)])
@pytest.mark.parametrize("simulated", [False, True])
def test_a_day_that_no_event_may_have_is_refused(log: TickedLog, day: date, simulated: bool) -> None:
    if simulated:
        log.add(tick(SIMULATED_AT))
    before = log.log.end_offset(TOPICS.events, 0)
    with pytest.raises(UsageError, match="closes"):
        append_closing(log.log, TOPICS, day, NOON)
    assert log.log.end_offset(TOPICS.events, 0) == before
