from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json

from eventlog.log import Entry
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from producers import ingest as module
from producers.earlier import Earlier
from producers.ingest import RAW_KEPT_BYTES, Counts, Ingest
from producers.lines import pages_of
from schemas.codec import SIZE_MAX_BYTES
from schemas.errors import ServiceUnavailable
from tests.builders import instant, status, tick, work
from tests.moving_time import PARTITIONS, TOPICS, MovingTime, TickedLog

NOON = instant(date(2024, 2, 17), 12, 0)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TickedLog]:
    ticked = TickedLog.new(tmp_path / "log.db", MovingTime(NOON, NOON))
    yield ticked
    ticked.log.close()


def new_run(log: TickedLog) -> Ingest:
    return Ingest(log.log, TOPICS, Earlier(), log.time.now_us)


def take(run: Ingest, rows: Iterable[bytes], name: str = "reports.jsonl") -> Counts:
    run.take(name, pages_of(BytesIO(b"\n".join(rows)).read))
    return run.counts


def values(log: TickedLog, topic: str, partition: int) -> list[bytes]:
    records = records_between(log.log, topic, partition, 0, log.log.end_offset(topic, partition))
    return [record.value or b"" for record in records]


def all_values(log: TickedLog, topic: str) -> list[bytes]:
    return [value for partition in range(PARTITIONS) for value in values(log, topic, partition)]


def rejections(log: TickedLog) -> list[dict[str, Any]]:
    return sorted(
        (from_json(value) for value in all_values(log, TOPICS.rejected)), key=lambda told: told["offset"]
    )


def test_rows_stand_in_the_log_byte_for_byte_on_the_partition_of_their_project(log: TickedLog) -> None:
    rows = [status(1, project=f"项目-{number}", id="🏗️ تقرير") for number in range(9)]
    assert take(new_run(log), rows) == Counts(accepted=9)
    for number, row in enumerate(rows):
        assert row in values(log, TOPICS.events, partition_of(f"项目-{number}", PARTITIONS))
    record = log.log.last(TOPICS.events, partition_of("项目-0", PARTITIONS))
    assert record is not None
    assert (record.key or b"").decode().startswith("项目-")


def test_a_bad_row_is_told_with_its_line_and_stops_nothing(log: TickedLog) -> None:
    rows = [status(1), b"", b'{"no event": 1}', status(2), b"\xff\xfe"]
    assert take(new_run(log), rows) == Counts(accepted=2, rejected=2)
    told = rejections(log)
    assert [(each["topic"], each["partition"], each["offset"], each["encoding"]) for each in told] == [
        ("reports.jsonl", 0, 3, "utf-8"),
        ("reports.jsonl", 0, 5, "base64"),
    ]
    assert told[0]["raw"] == '{"no event": 1}'


def test_a_rejection_is_keyed_by_the_source_of_its_row(log: TickedLog) -> None:
    take(new_run(log), [status(1, source="site/7").replace(b'"started"', b'"begun"')])
    keys = [
        record.key
        for partition in range(PARTITIONS)
        for record in log.log.read(TOPICS.rejected, partition, 0, 10)
    ]
    assert keys == [b"site/7"]


def test_a_row_that_is_too_large_is_told_by_its_start(log: TickedLog) -> None:
    rows = [status(1), b'{"note":"' + "长".encode() * 2_000_000 + b'"}', status(2)]
    assert take(new_run(log), rows) == Counts(accepted=2, rejected=1)
    (told,) = rejections(log)
    assert told["reason"] == "too_large"
    assert "6000011 bytes" in told["detail"]
    assert str(SIZE_MAX_BYTES) in told["detail"]
    assert told["encoding"] == "utf-8"
    assert told["raw"] == '{"note":"' + "长" * ((RAW_KEPT_BYTES - 9) // 3)


def test_a_row_just_above_the_limit_is_told_by_its_start_as_well(log: TickedLog) -> None:
    take(new_run(log), [b"x" * (SIZE_MAX_BYTES + 1)])
    (told,) = rejections(log)
    assert told["reason"] == "too_large"
    assert len(told["raw"]) == RAW_KEPT_BYTES


def test_rows_that_are_refused_for_what_day_it_is_are_told(log: TickedLog) -> None:
    rows = [
        status(date(2024, 2, 18), time=NOON),
        status(date(2024, 2, 19), time=NOON),
        status(1, time=NOON + timedelta(days=2)),
    ]
    assert take(new_run(log), rows) == Counts(accepted=1, rejected=2)
    assert [told["reason"] for told in rejections(log)] == ["day_after_time", "time_in_future"]


def test_a_row_that_was_there_before_is_not_appended(log: TickedLog) -> None:
    run = new_run(log)
    assert take(run, [status(1), status(2), status(1)]) == Counts(accepted=2, duplicates=1)
    assert take(run, [status(2), status(3)], name="other.jsonl") == Counts(accepted=3, duplicates=2)
    assert len(all_values(log, TOPICS.events)) == 3


def test_a_tick_counts_once_and_stands_in_every_partition_where_it_stood_in_the_file(log: TickedLog) -> None:
    before, after = ([status(number, project=f"p{at}") for at in range(30)] for number in (1, 2))
    assert take(new_run(log), [*before, tick(1), *after, tick(1)]) == Counts(accepted=61, duplicates=1)
    for partition in range(PARTITIONS):
        found = values(log, TOPICS.events, partition)
        at = found.index(tick(1))
        assert set(found[:at]) <= set(before)
        assert set(found[at + 1 :]) <= set(after)
        assert found.count(tick(1)) == 1


def test_the_order_of_the_rows_is_the_order_in_a_partition_over_any_number_of_batches(
    log: TickedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 7)
    rows = [work("tank", number, number, project=f"p{number % 5}") for number in range(45)]
    run = new_run(log)
    run.take("f", pages_of(slowly(rows)))
    assert run.counts == Counts(accepted=45)
    for partition in range(PARTITIONS):
        mine = [row for n, row in enumerate(rows) if partition_of(f"p{n % 5}", PARTITIONS) == partition]
        assert values(log, TOPICS.events, partition) == mine


def slowly(rows: Iterable[bytes]) -> Any:
    """Reads a row at a time."""
    left = iter([row + b"\n" for row in rows])
    return lambda _limit: next(left, b"")


def test_what_has_come_is_appended_when_nothing_more_is_at_hand(log: TickedLog) -> None:
    run = new_run(log)
    appended: list[int] = []

    def more() -> bool:
        appended.append(log.log.end_offset(TOPICS.events, partition_of("p1", PARTITIONS)))
        return len(appended) % 2 == 0

    run.take("-", pages_of(slowly([status(number) for number in range(4)])), more=more)
    assert appended == [0, 1, 1, 3, 3]


def test_rows_are_counted_when_they_are_durable(log: TickedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_ROWS", 2)
    run = new_run(log)
    real = log.log.append

    def full_disk(entries: list[Entry]) -> Any:
        if any(b"2024-01-04" in (entry.value or b"") for entry in entries):
            raise ServiceUnavailable("the disk is full")
        return real(entries)

    monkeypatch.setattr(log.log, "append", full_disk)
    with pytest.raises(ServiceUnavailable):
        run.take("f", pages_of(slowly([status(number) for number in range(6)])))
    assert run.counts == Counts(accepted=2)
    assert len(all_values(log, TOPICS.events)) == 2


def test_no_file_can_pass_for_the_topic_of_events(log: TickedLog) -> None:
    take(new_run(log), [b"bad"], name=TOPICS.events)
    assert rejections(log)[0]["topic"] == f"./{TOPICS.events}"
