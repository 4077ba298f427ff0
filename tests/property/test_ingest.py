"""Rows torn and glued at random: each is counted once, nothing is lost, nothing raises, good rows stay as they are."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json

from eventlog.log import EventLog
from eventlog.scan import records_between
from producers.earlier import Earlier
from producers.ingest import Ingest
from producers.lines import pages_of
from schemas.acceptance import accept
from schemas.duplicates import digest_of
from schemas.rejections import Rejected
from tests.bad_rows import BAD_ROWS
from tests.builders import ZONE, instant
from tests.messes import Mess, some_statement
from tests.moving_time import TOPICS, MovingTime, TickedLog

NOON = instant(date(2026, 2, 17), 12, 0)
SHORT = [bad.raw for bad in BAD_ROWS if len(bad.raw) < 1000]
PIECES = [b'"', b"\\", b"{", b"]", b",", b":", b"\0", b"\xff", b"\\u0000", b"\\ud800", b"1e400", b"NaN", b"\xef\xbb\xbf", b"null",
          "洛".encode(), b"\r", b" ", b"9999-12-31T23:59:59-23:59", b"2024-02-30", b'"subject":"clock",']  # fmt: skip


def torn(chance: Random, row: bytes) -> bytes:
    """The row with a piece cut out, and often another one in its place."""
    at = chance.randrange(len(row))
    return row[:at] + chance.choice([b"", *PIECES]) + row[at + chance.choice((0, 1, 9)) :]


def some_row(chance: Random) -> bytes:
    row = some_statement(chance, Mess()) if chance.random() < 0.8 else chance.choice(SHORT)
    return torn(chance, row) if chance.random() < 0.5 else row


def said_by(row: bytes) -> bytes | None:
    """What a good row says, None for a bad one."""
    try:
        return digest_of(accept(row, (), int(NOON.timestamp()) * 1_000_000, ZONE), row)
    except Rejected:
        return None


def values(log: EventLog, topic: str) -> Iterator[bytes]:
    for number in range(log.partitions(topic)):
        for record in records_between(log, topic, number, 0, log.end_offset(topic, number)):
            yield record.value or b""


@settings(max_examples=60)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_rows_torn_at_random_are_appended_or_told_and_none_is_lost(chance: Random, count: int) -> None:
    rows = [some_row(chance).replace(b"\n", b" ").removesuffix(b"\r") for _ in range(count)]
    rows += chance.sample(rows, count // 5)
    rows = [row for row in rows if row.strip()]
    with tempfile.TemporaryDirectory() as folder:
        ticked = TickedLog.new(Path(folder) / "log.db", MovingTime(NOON, NOON))
        run = Ingest(ticked.log, TOPICS, Earlier(), ticked.time.now_us)
        run.take("rows", pages_of(BytesIO(b"\n" + b"\n".join(rows)).read))
        with closing(ticked.log) as log:
            appended, told = list(values(log, TOPICS.events)), list(values(log, TOPICS.rejected))
    said = [said_by(row) for row in rows]
    assert run.counts.accepted + run.counts.rejected + run.counts.duplicates == len(rows)
    assert run.counts.accepted == len({digest for digest in said if digest})
    assert set(appended) <= {row for row, digest in zip(rows, said, strict=True) if digest}
    assert {said_by(row) for row in appended} == {digest for digest in said if digest}
    lines: list[Any] = sorted(from_json(value)["offset"] for value in told)
    assert lines == [number for number, digest in enumerate(said, start=2) if not digest]
