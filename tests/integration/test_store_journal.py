"""The journal: every record of the log stands in `events` or in `rejected_events`, and comes back byte for byte."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Headers, Record
from storage.journal import headers_text, headers_tuple
from storage.store import Store
from tests.builders import baseline, closing, instant, milestone, reading, tick
from tests.stores import TOPICS, Feed, drained, opened, rows

REPORT = milestone("m1", 3, percent=5)
BINARY: Headers = (
    ("ce_specversion", b"1.0"),
    ("ce_id", "编号-1".encode()),
    ("ce_source", b"site"),
    ("ce_type", b"milepost.milestone.reported.v1"),
    ("ce_subject", b"p1"),
    ("ce_time", b"2024-01-04T18:00:00+08:00"),
    ("content-type", b"application/json"),
    ("trace", b"\x00\xff"),
)


def replaced(old: str, new: str) -> bytes:
    assert old.encode() in REPORT
    return REPORT.replace(old.encode(), new.encode())


ACCEPTED = {
    "flat": REPORT,
    "any script": milestone("里程碑 🏗️👩‍👩‍👧‍👦 e\u0301 مرحبا", 3, percent=5),
    "nested": baseline(name="油库", sections={"milestones": [{"id": "m1", "name": '}{"data":{'}]}),
    "white space": replaced('"data":{', '"data" : {  '),
    "line breaks": b"\r\n\t" + REPORT + b"\n",
    "data first": (
        b'{"data":{"milestone":"m1","as_of":"2024-01-04","percent_complete":5},"time":"2024-01-04T18:00:00+08:00",'
        b'"specversion":"1.0","id":"x","source":"s","type":"milepost.milestone.reported.v1","subject":"p1"}'
    ),
    "more behind data": REPORT[:-1] + b',"traceparent":"00-ab"}',
    "braces in a text": replaced('"percent_complete":5', '"percent_complete":5,"note":"}\\"{\\"data\\":{"'),
    "a mark in an id": replaced('"id":"', '"id":"\\"data\\":{'),
    "escapes": replaced('"percent_complete":5', '"percent_complete":5,"note":"\\u0041\\ud83d\\ude00\\n\\/"'),
    "digits": replaced('"percent_complete":5', '"percent_complete":5.000E0'),
    "an escaped name": replaced('"id":', '"\\u0069d":'),
    "an escaped data": replaced('"data":', '"d\\u0061ta":'),
    "another offset": replaced("T18:00:00+08:00", "T10:00:00.250Z"),
    "nanoseconds": replaced("T18:00:00+08:00", "T18:00:00.123456789+08:00"),
    "unknown fields": replaced('"percent_complete":5', '"percent_complete":5,"x":[[[{"y":null}]]]'),
    "an id like SQL": milestone("m1", 3, percent=5, project="p1'); DROP TABLE internal.journal; --"),
    "an id like a path": milestone("m1", 3, percent=5, project="..\\..\\etc passwd"),
    "a tick": tick(3),
    "a closing tick": closing(4),
    "a tick in disguise": tick(5).replace(b"milepost.clock", b"milepost.\\u0063lock"),
}  # fmt: skip

REFUSED: dict[str, bytes | None] = {
    "no value": None,
    "nothing": b"",
    "no UTF-8": b"\xff\xfe" + REPORT,
    "half a character": REPORT.replace(b"m1", b"\xe9\x87", 1),
    "no JSON": b"{",
    "no object": b'["a"]',
    "a mark over a mark": b"\xef\xbb\xbf" + REPORT,
    "NUL": b'{"a":"\x00"}',
    "a lone surrogate": replaced('"percent_complete":5', '"percent_complete":5,"note":"\\ud83d"'),
    "not a number": replaced('"percent_complete":5', '"percent_complete":NaN'),
    "a key twice": replaced('"percent_complete":5', '"percent_complete":5,"percent_complete":6'),
    "an unknown type": replaced("milestone.reported", "milestone.dreamt"),
    "no such day": replaced("2024-01-04T18", "2024-02-30T18"),
    "too large": b'{"x":"' + b"x" * (1 << 20) + b'"}',
    "too deep": b'{"x":' + b"[" * 70 + b"]" * 70 + b"}",
    "a tick before its time": closing(4).replace(b'"closes":"2024', b'"closes":"2034'),
}


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    feed = Feed(tmp_path / "log.db")
    yield feed
    feed.log.close()


@pytest.fixture
def store(tmp_path: Path, feed: Feed) -> Iterator[Store]:
    with opened(tmp_path / "store.duckdb", feed.log) as opened_store:
        yield opened_store


def journal_records(store: Store) -> list[Record]:
    found = rows(
        store,
        'SELECT topic, partition, "offset", epoch_us(recorded_at), key,'
        " coalesce(raw, encode(head || CAST(data AS VARCHAR) || tail)), headers FROM internal.journal"
        ' ORDER BY partition, "offset"',
    )
    return [Record._make((*row[:6], headers_tuple(row[6]))) for row in found]


def test_every_record_comes_back_byte_for_byte(feed: Feed, store: Store) -> None:
    feed.append_raw(*ACCEPTED.values(), *REFUSED.values())
    feed.append_raw(b'{"milestone":"m1","as_of":"2024-01-04"}', b"\xff", key=b"\x00\xff", headers=BINARY)
    drained(store, feed.log)
    assert journal_records(store) == feed.records()


def test_every_record_is_an_event_or_a_rejection(feed: Feed, store: Store) -> None:
    feed.append_raw(*ACCEPTED.values(), *REFUSED.values())
    feed.fold()
    drained(store, feed.log)
    events = rows(store, 'SELECT partition, "offset" FROM events')
    rejected = rows(
        store, "SELECT partition, \"offset\" FROM rejected_events WHERE topic = 'milepost.events'"
    )
    assert sorted(events + rejected) == [(record.partition, record.offset) for record in feed.records()]
    names = [*ACCEPTED, *REFUSED]
    assert {names[offset] for _, offset in rejected} == set(REFUSED)


def test_an_event_is_parsed_however_it_is_written(feed: Feed, store: Store) -> None:
    feed.append_raw(*ACCEPTED.values())
    drained(store, feed.log)
    found = rows(
        store,
        'SELECT id, source, type, project_id, time, CAST(data AS VARCHAR) FROM events ORDER BY "offset"',
    )
    for (name, raw), (*attributes, kind, project, time, data) in zip(ACCEPTED.items(), found, strict=True):
        assert all(attributes), name
        assert kind.startswith("milepost."), name
        assert project, name
        assert timedelta() <= time - instant(0) < timedelta(days=10), name
        assert (data[0], data[-1]) == ("{", "}"), name
        assert data.encode() in raw, name


def test_a_time_keeps_its_microseconds(feed: Feed, store: Store) -> None:
    feed.append_raw(ACCEPTED["another offset"], ACCEPTED["nanoseconds"])
    drained(store, feed.log)
    told = [time for (time,) in rows(store, 'SELECT time FROM events ORDER BY "offset"')]
    assert told == [instant(3) + timedelta(microseconds=microseconds) for microseconds in (250_000, 123_456)]


def test_a_record_in_binary_mode_is_an_event(feed: Feed, store: Store) -> None:
    data = b'{"milestone":"m1","as_of":"2024-01-04","note":"\xe2\x9c\x85"}'
    feed.append_raw(data, headers=BINARY)
    feed.fold()
    drained(store, feed.log)
    found = rows(store, "SELECT id, source, project_id, time, CAST(data AS VARCHAR) FROM events")
    assert found == [("编号-1", "site", "p1", instant(3), data.decode())]


def test_headers_come_back() -> None:
    assert headers_tuple(headers_text(BINARY)) == BINARY
    assert headers_text(()) is None
    assert headers_tuple(None) == ()


def test_duplicates_and_ticks_stand_in_events(feed: Feed, store: Store) -> None:
    feed.publish(REPORT, REPORT, closing(4), reading("s1", 4, 12.5))
    drained(store, feed.log)
    assert rows(store, "SELECT count(*), count(DISTINCT (source, id)) FROM events") == [(5, 3)]
    ((topics,),) = rows(store, "SELECT count(*) FROM events WHERE type = 'milepost.clock.ticked.v1'")
    assert topics == feed.log.identity.partitions


def test_one_bad_record_among_thousands_harms_no_other(feed: Feed, store: Store) -> None:
    reports = [milestone("m1", 3, percent=5, revision=number, id=f"n{number}") for number in range(4999)]
    reports.insert(2500, REPORT[:-2])
    feed.publish(*reports)
    drained(store, feed.log)
    assert rows(store, "SELECT count(*) FROM events") == [(4999,)]
    assert rows(store, "SELECT reason, count(*) FROM rejected_events GROUP BY ALL") == [("not_json", 1)]


def test_progress_says_how_far_the_store_is_and_what_is_closed(feed: Feed, store: Store) -> None:
    feed.publish(REPORT, closing(3), closing(5), tick(6))
    feed.append_raw(REFUSED["a tick before its time"], ACCEPTED["a tick in disguise"])
    feed.fold()
    drained(store, feed.log)
    found: list[Any] = rows(
        store,
        "SELECT partition, lag, closed_through FROM ingest_progress WHERE topic = 'milepost.events' ORDER BY 1",
    )
    assert found == [(0, 0, date(2024, 1, 6)), (1, 0, date(2024, 1, 6))]
    ends = {
        (topic, number): feed.log.end_offset(topic, number) for topic in TOPICS.all for number in range(2)
    }
    told = {
        (topic, number): end
        for topic, number, end in rows(store, "SELECT topic, partition, next_offset FROM ingest_progress")
    }
    assert told == {place: end for place, end in ends.items() if end}
