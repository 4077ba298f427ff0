"""What must stand in the store after a feed, and whether it does."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from benchmarks.feed import START, Feed
from storage.results import Reader

__all__ = ["all_stored", "wrong_answers"]

_SUMS = "SELECT project_id, numerator FROM kpi_latest WHERE kpi = 'output_rolling_7d' AND scope = ''"
_STORED = "SELECT coalesce(sum(next_offset), 0) FROM ingest_progress WHERE topic LIKE '%.events'"
_CELLS = "SELECT project_id, line, period_end, revision, quantity FROM production"
_COUNTS = "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM rejected_events)"


def records_stored(reader: Reader) -> int:
    """How many records of the topic of events are committed."""
    return int(reader.query(_STORED).rows[0][0])


def all_stored(reader: Reader, sums: Mapping[str, int], records: int) -> bool:
    """Whether the journal is complete and every sum of the last seven days is that of the whole feed."""
    return records_stored(reader) >= records and _sums(reader) == sums


def wrong_answers(reader: Reader, feed: Feed, records: int) -> int:
    """Answers that are missing, too many, or differ: latest report per cell, sums, journal and rejections."""
    accepted, rejected = reader.query(_COUNTS).rows[0]
    counts = {"events": accepted, "rejected": rejected}
    wanted_counts = {"events": records - feed.damaged_count, "rejected": feed.damaged_count}
    return (
        _differing(_cells(feed), {tuple(row[:3]): tuple(row[3:]) for row in reader.query(_CELLS).rows})
        + _differing(feed.sums(), _sums(reader))
        + _differing(wanted_counts, counts)
    )


def _sums(reader: Reader) -> dict[str, int]:
    return dict(reader.query(_SUMS).rows)


def _cells(feed: Feed) -> dict[tuple[str, str, date], tuple[int, float]]:
    first = START.date()
    return {
        (f"project-{project:05d}", f"L{line}", first + timedelta(days=day)): latest
        for (project, line, day), latest in feed.cells.items()
    }


def _differing(wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> int:
    return sum(wanted.get(key) != found.get(key) for key in wanted.keys() | found.keys())
