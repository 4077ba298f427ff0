"""Puts a feed into a log of its own home, and copies homes, so that every measured run begins with the same bytes."""

import shutil
import time
from collections.abc import Iterable
from itertools import count, islice
from pathlib import Path

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from schemas.settings import ENGINE_CONSTANTS, Settings
from schemas.topics import Topics

__all__ = ["TOPICS", "append_lines", "copy_of", "key_of", "open_bench_log"]

TOPICS = Topics("milepost")
APPEND_RECORDS = 5000


def open_bench_log(home: Path) -> EmbeddedLog:
    """The log of a home, made when there is none, as the commands of the product would make it."""
    settings = Settings.model_validate({"home": home})
    return EmbeddedLog.open(
        settings.log_file,
        timezone=settings.timezone,
        partitions=settings.partitions,
        topics=TOPICS,
        log_id=lambda: "benchmark",
        constants=ENGINE_CONSTANTS,
        now_us=lambda: time.time_ns() // 1000,
    )


def append_lines(log: EmbeddedLog, lines: Iterable[bytes]) -> int:
    """Append events under the key of their project; answers how many records that were."""
    lines = iter(lines)
    for number in count():
        batch = [Entry(TOPICS.events, key_of(line), line) for line in islice(lines, APPEND_RECORDS)]
        log.append(batch)
        if len(batch) < APPEND_RECORDS:
            return number * APPEND_RECORDS + len(batch)
    raise AssertionError


def key_of(line: bytes) -> bytes:
    """Project of a line; a damaged one still shows it, as a line with a broken number does."""
    at = line.index(b'"subject":"') + len(b'"subject":"')
    return line[at : line.index(b'"', at)]


def copy_of(home: Path, target: Path) -> Path:
    """A fresh home with the same log."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copyfile(home / "log.db", target / "log.db")
    return target
