"""The feed of the fault tests, and what an undisturbed embedded run makes of it.

Production lines report a month day by day, each day several times with revisions in any order; among them stand projects
of the catalog with their alerts, and the ticks of each day. Some records are late, doubled, swapped or damaged.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import date
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any, Final

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from eventlog.partitioning import place_key
from producers.faults import Faults, disturbed
from producers.simulation import Line, Span
from schemas.settings import ENGINE_CONSTANTS, Settings
from schemas.topics import Topics
from storage.reader import open_reader
from tests.builders import RECORDED_AT_US, ZONE, production
from tests.cli import Milepost
from tests.simulated import lines_of

__all__ = [
    "EVENTS",
    "PARTITIONS",
    "TIMES",
    "broken_alerts",
    "differences",
    "embedded_exports",
    "entries",
    "exports",
]

_USUAL_EVENTS: Final = 20_000
EVENTS: Final = int(os.environ.get("MILEPOST_FAULT_EVENTS", _USUAL_EVENTS))
"""How many reports are published; 500,000 by hand."""
TIMES: Final = max(1.0, EVENTS / _USUAL_EVENTS)
"""So many times longer than usual may it take."""
PARTITIONS: Final = 4
REPORTING_PROJECTS: Final = 12
REPORTING_LINES: Final = ("L1", "产线二 🏭")
REPORTING_DAYS: Final = range(45, 69)
LATE, DOUBLED, DAMAGED = 0.002, 0.02, 0.01
SEED: Final = 11
CATALOG_PROJECTS: Final = 16
CATALOG_SPAN: Final = Span(date(2024, 2, 12), date(2024, 3, 17))
FAULTS: Final = Faults(duplicates=0.05, reorder=0.1, late=0.05, corrupt=0.02)
DRAIN_SECONDS_MAX: Final = 600 * TIMES

_KPI: Final = "project_id, kpi, scope, as_of, known_at, baseline, value, value_date, numerator, denominator, unit, reason"
EXPORTS: Final = {
    "kpi_latest": f"SELECT {_KPI} FROM kpi_latest",
    "kpi_snapshots": f"SELECT {_KPI} FROM kpi_snapshots",
    "alerts": "SELECT fingerprint, alertname, project_id, scope, severity, state FROM alerts"
    " WHERE state IN ('pending', 'firing')",
    "alert_history": "SELECT fingerprint, alertname, project_id, scope, severity, state, previous_state, reason,"
    " as_of, changed_at, known_at, value, rule_hash FROM alert_history",
    "statements": "SELECT type, project_id, key, as_of, revision, time, source, id, data FROM statements",
    "findings": "SELECT project_id, finding, scope, as_of, source, id, since FROM findings",
    "projects": "SELECT * FROM projects",
    "events": 'SELECT partition, "offset", id, source, type, project_id, time, data FROM events',
    "rejected_events": 'SELECT partition, "offset", reason, raw FROM rejected_events',
}
"""What must be the same, without the times at which the logs took the records."""

Exports = dict[str, list[tuple[Any, ...]]]


# -- the feed ----------------------------------------------------------------------------------------------------------


def entries(topics: Topics, events: int = EVENTS) -> list[Entry]:
    """The records of the feed, each with its partition, in the order of publishing. The last in each is a tick."""
    few, many = _catalog_lines(), _reports(topics, events)
    per_line = events // len(few) + 1
    found: list[Entry] = []
    for line in few:
        found += islice(many, per_line)
        found += _entries_of(topics, line)
    return found


def _catalog_lines() -> Sequence[Line]:
    lines = lines_of("all", SEED, projects=CATALOG_PROJECTS, span=CATALOG_SPAN)
    disturbed_lines = list(disturbed(lines, FAULTS, Random(SEED)))
    last = max(number for number, line in enumerate(disturbed_lines) if line.is_tick)
    return [*disturbed_lines[:last], *disturbed_lines[last + 1 :], disturbed_lines[last]]


def _entries_of(topics: Topics, line: Line) -> Iterator[Entry]:
    if line.is_tick:
        yield from (Entry(topics.events, b"clock", line.raw, number) for number in range(PARTITIONS))
    else:
        yield Entry(topics.events, line.key.encode(), line.raw, place_key(line.key.encode(), PARTITIONS))


def _reports(topics: Topics, events: int) -> Iterator[Entry]:
    """Day by day, each line of each project over and over again."""
    chance = Random(SEED)
    sites = [f"site-{number:02d}" for number in range(REPORTING_PROJECTS)]
    rounds = -(-events // (len(sites) * len(REPORTING_LINES) * len(REPORTING_DAYS)))
    for on, _, site, line in product(REPORTING_DAYS, range(rounds), sites, REPORTING_LINES):
        day = on - chance.randint(1, 3) if chance.random() < LATE else on
        raw = production(
            line, day, chance.randrange(1000), project=site, revision=chance.randrange(1_000_000)
        )
        if chance.random() < DAMAGED:
            raw = raw[: chance.randrange(len(raw))]
        key = site.encode()
        entry = Entry(topics.events, key, raw, place_key(key, PARTITIONS))
        yield entry
        if chance.random() < DOUBLED:
            yield entry


# -- what comes of it --------------------------------------------------------------------------------------------------


def _after_everything() -> int:
    return RECORDED_AT_US


def embedded_exports(
    found: Sequence[Entry], folder: Path, *, now_us: Callable[[], int] = _after_everything
) -> Exports:
    """What an embedded drain of these records gives; their topic must be that of the default prefix."""
    milepost = Milepost(home=folder / "embedded", folder=folder)
    log = EmbeddedLog.open(
        milepost.home / "log.db", timezone=ZONE.key, partitions=PARTITIONS, topics=Topics(),
        log_id=lambda: "embedded", constants=ENGINE_CONSTANTS, now_us=now_us,
    )  # fmt: skip
    with closing(log):
        log.append(found)
    drained = milepost("run", "--drain", seconds_max=DRAIN_SECONDS_MAX)
    assert drained.returncode == 0, drained.stderr
    return exports(milepost.home)


def exports(home: Path) -> Exports:
    """The sorted tables of the store that stands in a home."""
    with open_reader(Settings.model_validate({"home": home})) as reader:
        return {name: sorted(reader.query(sql).rows, key=repr) for name, sql in EXPORTS.items()}


def broken_alerts(home: Path) -> list[tuple[Any, ...]]:
    """Transitions, in the order in which they were stored, that do not follow from the one before."""
    state: dict[str, str] = {}
    found = []
    with open_reader(Settings.model_validate({"home": home})) as reader:
        for row in reader.query("SELECT fingerprint, previous_state, state FROM alert_history").rows:
            fingerprint, before, after = row
            if (before or "inactive") != state.get(fingerprint, "inactive"):
                found.append(row)
            state[fingerprint] = "inactive" if after == "resolved" else after
    return found


def differences(wanted: Exports, told: Exports, *, without: Sequence[str] = ()) -> list[str]:
    """Where the tables differ, a few rows of each; empty when they do not."""
    found = []
    for name in EXPORTS.keys() - set(without):
        if wanted[name] != told[name]:
            missing, more = _beyond(wanted[name], told[name]), _beyond(told[name], wanted[name])
            found.append(f"{name}: {len(wanted[name])} rows wanted, {len(told[name])} told")
            found += [f"  one of {len(missing)} that are missing: {row}" for row in missing[:3]]
            found += [f"  one of {len(more)} too many: {row}" for row in more[:3]]
    return found


def _beyond(rows: Sequence[tuple[Any, ...]], others: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows that the others do not have, or not so often."""
    left: dict[str, int] = {}
    for row in others:
        left[repr(row)] = left.get(repr(row), 0) + 1
    found = []
    for row in rows:
        left[repr(row)] = left.get(repr(row), 0) - 1
        if left[repr(row)] < 0:
            found.append(row)
    return found
