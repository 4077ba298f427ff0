from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from producers.ticks import append_closing, append_cuts
from schemas.acceptance import epoch_us
from tests.builders import ZONE, instant, tick
from tests.moving_time import PARTITIONS, TOPICS, MovingTime, TickedLog, Told

NOON = instant(date(2024, 2, 17), 12, 0)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TickedLog]:
    ticked = TickedLog.new(tmp_path / "log.db", MovingTime(NOON, NOON))
    yield ticked
    ticked.log.close()


def test_a_minute_cuts_only_the_partitions_in_which_records_arrived(log: TickedLog) -> None:
    log.time.due = [
        (NOON + timedelta(seconds=10), lambda: log.report(0)),
        (NOON + timedelta(seconds=50), lambda: log.report(0)),
        (NOON + timedelta(seconds=130), lambda: log.report(0, 2)),
    ]
    log.run_clock(NOON + 10 * MINUTE)
    assert log.told(0) == [Told("02-17 12:01:00", None), Told("02-17 12:03:00", None)]
    assert log.told(1) == []
    assert log.told(2) == [Told("02-17 12:03:00", None)]


def test_records_of_before_the_start_are_cut_at_once(log: TickedLog) -> None:
    log.report(1)
    log.time.at = NOON + timedelta(seconds=20)
    log.run_clock(NOON + 5 * MINUTE)
    assert log.told(1) == [Told("02-17 12:00:20", None)]


def test_a_cut_by_somebody_else_is_enough(log: TickedLog) -> None:
    def reported_and_drained() -> None:
        log.report(0)
        append_cuts(log.log, TOPICS, log.time.now())

    log.time.due = [(NOON + timedelta(seconds=10), reported_and_drained)]
    log.run_clock(NOON + 5 * MINUTE)
    assert log.told(0) == [Told("02-17 12:00:10", None)]


def test_midnight_of_the_business_zone_closes_the_day_in_every_partition(log: TickedLog) -> None:
    log.time.due = [(instant(date(2024, 2, 17), 23, 59), lambda: log.report(1))]
    log.run_clock(NOON + 2 * DAY)
    for partition in range(PARTITIONS):
        assert log.closed(partition) == [date(2024, 2, 17), date(2024, 2, 18)]
    assert log.told(1)[-2:] == [
        Told("02-18 00:00:00", date(2024, 2, 17)),
        Told("02-19 00:00:00", date(2024, 2, 18)),
    ]


@pytest.mark.parametrize(
    ("zone", "shift", "first_seconds"),
    [
        ("Europe/Berlin", date(2024, 3, 31), ["00:00:00", "00:00:00", "00:00:00"]),  # 23 hours
        ("Europe/Berlin", date(2024, 10, 27), ["00:00:00", "00:00:00", "00:00:00"]),  # 25 hours
        ("Africa/Cairo", date(2024, 4, 26), ["01:00:00", "00:00:00", "00:00:00"]),  # without a midnight
        ("America/Santiago", date(2024, 4, 7), ["00:00:00", "00:00:00", "00:00:00"]),  # midnight comes twice
    ],
)
def test_days_of_other_lengths_are_closed_once_at_their_end(
    tmp_path: Path, zone: str, shift: date, first_seconds: list[str]
) -> None:
    start = datetime(shift.year, shift.month, shift.day, 12, tzinfo=ZoneInfo(zone)) - DAY
    log = TickedLog.new(tmp_path / "zoned.db", MovingTime(start, start), zone)
    log.run_clock(start + 3 * DAY)
    assert log.told(0) == [
        Told(f"{shift + DAY * number:%m-%d} {second}", shift + DAY * (number - 1))
        for number, second in enumerate(first_seconds)
    ]
    log.log.close()


def test_a_log_without_live_ticks_begins_today(log: TickedLog) -> None:
    log.report(0, 1, 2)
    log.time.at = NOON + 5 * DAY
    log.run_clock(NOON + 6 * DAY)
    assert log.closed(0) == [date(2024, 2, 22)]


def test_days_that_a_clock_missed_are_made_up_in_order(log: TickedLog) -> None:
    log.report(0)
    log.run_clock(NOON + MINUTE)
    log.time.at = NOON + 3 * DAY
    log.run_clock(NOON + 3 * DAY + MINUTE)
    missed = [date(2024, 2, 17), date(2024, 2, 18), date(2024, 2, 19)]
    for partition in range(PARTITIONS):
        assert log.closed(partition) == missed
        assert log.told(partition)[-3:] == [Told("02-20 12:00:00", day) for day in missed]


def test_at_most_31_missed_days_are_made_up(log: TickedLog) -> None:
    log.report(0)
    log.run_clock(NOON + MINUTE)
    log.time.at = NOON + 100 * DAY
    log.run_clock(NOON + 100 * DAY + MINUTE)
    assert log.closed(2) == [(NOON + DAY * number).date() for number in range(69, 100)]


def test_a_machine_that_slept_makes_up_what_it_missed(log: TickedLog) -> None:
    def sleeps() -> None:
        log.time.at += 2 * DAY

    log.time.due = [(NOON + timedelta(seconds=1), sleeps)]
    clock = log.clock()
    log.time.until = NOON + 3 * DAY
    assert clock.tick(log.time)
    sleeps()
    assert clock.tick(log.time)
    assert log.closed(0) == [date(2024, 2, 17), date(2024, 2, 18)]


def test_live_ticks_of_others_tell_a_first_clock_where_to_begin(log: TickedLog) -> None:
    log.add(tick(NOON - 40 * DAY, clock="live"))
    log.run_clock(NOON + MINUTE)
    assert log.closed(0) == [(NOON - DAY * back).date() for back in range(31, 0, -1)]


def test_closing_a_day_of_long_ago_by_hand_does_not_send_a_first_clock_back(log: TickedLog) -> None:
    append_closing(log.log, TOPICS, date(2020, 1, 1), NOON)
    log.run_clock(NOON + MINUTE)
    assert log.closed(0) == [date(2020, 1, 1)]


def test_cuts_of_others_do_not_hide_the_days_that_a_clock_missed(log: TickedLog) -> None:
    log.report(0, 1)
    log.run_clock(NOON + MINUTE)
    log.time.at = NOON + 2 * DAY
    log.report(0, 1)
    append_cuts(log.log, TOPICS, log.time.now())
    log.time.at = NOON + 3 * DAY
    log.run_clock(NOON + 3 * DAY + MINUTE)
    assert log.closed(0) == [date(2024, 2, 17), date(2024, 2, 18), date(2024, 2, 19)]


def test_a_cut_of_another_right_after_midnight_does_not_keep_the_day_open(log: TickedLog) -> None:
    clock = log.clock()
    log.time.until = NOON + DAY
    assert clock.tick(log.time)
    log.time.at = instant(date(2024, 2, 18), 0, 0)
    log.report(0)
    append_cuts(log.log, TOPICS, log.time.now())
    assert clock.tick(log.time)
    assert log.closed(0) == log.closed(1) == [date(2024, 2, 17)]


def test_two_clocks_at_once_close_the_same_days_and_no_other(log: TickedLog) -> None:
    one, other = log.clock(), log.clock()
    log.time.until = NOON + 9 * DAY
    for hour in range(72):
        log.time.at = NOON + timedelta(hours=hour)
        log.report(hour % PARTITIONS)
        assert one.tick(log.time)
        assert other.tick(log.time)
    for partition in range(PARTITIONS):
        assert sorted(set(log.closed(partition))) == [date(2024, 2, 17), date(2024, 2, 18), date(2024, 2, 19)]
        assert log.closed(partition) == sorted(log.closed(partition))


def test_each_of_two_clocks_says_once_that_there_is_another(log: TickedLog) -> None:
    log.time.until = NOON + DAY
    said: list[list[str]] = [[], []]
    one, other = (log.clock(each.append) for each in said)
    for minute in range(5):
        log.time.at = NOON + minute * MINUTE
        for clock in (one, other):
            log.report(0)
            log.time.at += timedelta(microseconds=1)
            assert clock.tick(log.time)
    assert [len(each) for each in said] == [1, 1]
    assert all("another clock" in line for line in (*said[0], *said[1]))


def test_a_clock_that_follows_another_says_nothing_of_it(log: TickedLog) -> None:
    for start in (NOON, NOON + 2 * MINUTE):
        log.time.at = start
        log.report(0)
        log.time.due = [(start + timedelta(seconds=30), lambda: log.report(0))]
        log.run_clock(start + MINUTE + timedelta(seconds=30))
    assert len(log.told(0)) == 4
    assert log.said == []


def test_on_a_log_with_simulated_ticks_the_clock_adds_none_and_says_so(log: TickedLog) -> None:
    log.add(tick(date(2023, 1, 1), closes=date(2023, 1, 1)), [1])
    log.report(0, 1, 2)
    log.run_clock(NOON + 3 * DAY)
    assert [len(log.ticks(partition)) for partition in range(PARTITIONS)] == [0, 1, 0]
    assert len(log.said) == 1
    assert "simulated" in log.said[0]


def test_a_clock_stops_ticking_when_simulated_ticks_arrive(log: TickedLog) -> None:
    log.time.due = [
        (NOON + timedelta(seconds=90), lambda: log.add(tick(date(2023, 1, 1)))),
        (NOON + timedelta(seconds=95), lambda: log.report(0)),
    ]
    log.report(0)
    log.run_clock(NOON + 2 * DAY)
    assert log.told(0) == [Told("02-17 12:00:00", None), Told("01-01 23:59:00", None)]
    assert len(log.said) == 1


def test_a_later_clock_knows_that_there_were_simulated_ticks(log: TickedLog) -> None:
    log.report(0)
    log.run_clock(NOON + MINUTE)
    log.add(tick(date(2023, 1, 1)), [2])
    log.add(tick(NOON, clock="live"))
    log.report(0)
    log.run_clock(log.time.at + 2 * DAY)
    assert log.closed(0) == []
    assert len(log.said) == 1


def test_a_later_clock_does_not_read_the_whole_log_again(
    log: TickedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(50):
        log.report(*[0] * 100)
    log.run_clock(NOON + MINUTE)
    read: list[int] = []
    real = log.log.read

    def counted(topic: str, partition: int, offset: int, limit: int) -> object:
        found = real(topic, partition, offset, limit)
        read.append(len(found))
        return found

    monkeypatch.setattr(log.log, "read", counted)
    log.run_clock(NOON + 2 * MINUTE)
    assert 0 < sum(read) < 2000


def test_a_refused_tick_is_no_tick(log: TickedLog) -> None:
    log.add(tick(NOON, closes=date(2024, 2, 20)), [0])
    log.run_clock(NOON + MINUTE)
    assert log.said == []
    assert log.told(0) == [Told("02-17 12:00:00", None)]


def test_every_tick_of_a_clock_has_an_id_of_its_own_and_says_the_present(log: TickedLog) -> None:
    log.time.due = [(NOON + timedelta(seconds=70 * n), lambda: log.report(0)) for n in range(5)]
    log.run_clock(NOON + 2 * DAY)
    ticks = log.ticks(0)
    assert len({(found.at, found.closes) for found in ticks}) == len(ticks)
    assert all(found.clock == "live" and epoch_us(found.at) % 1_000_000 == 0 for found in ticks)
    assert {found.at.astimezone(ZONE).second for found in ticks} == {0}
