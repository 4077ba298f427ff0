"""`python -m benchmarks.evaluation`: what evaluating projects costs in the core alone, in seconds of CPU of one process.

Three questions: a day closed for many projects; a day of one project when it has run for a year and when it has run for
five; a correction 300 days back. No log, no store, no event loop: the time is that of `Partition.fold`.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from streams.core.constants import Constants
from streams.core.partition import Output, Partition
from streams.core.rules import RuleSet

ZONE = ZoneInfo("Asia/Shanghai")
START = date(2020, 1, 1)
RECORDED_AT_US = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
YEAR_DAYS = 365
BACK_DAYS = 300
DAYS_MEASURED = 10


@dataclass(frozen=True, slots=True)
class Record:
    """What the core needs of a stored record."""

    offset: int
    value: bytes
    topic: str = "milepost.events"
    recorded_at_us: int = RECORDED_AT_US
    headers: tuple[tuple[str, bytes], ...] = ()


class Bench:
    """One partition, fed with events."""

    def __init__(self) -> None:
        self._partition = Partition(0, place=lambda _: 0, zone=ZONE, constants=Constants(), rules=RuleSet(()))
        self._offset = 0

    def fold(self, values: Iterable[bytes]) -> tuple[float, Output]:
        """CPU seconds of folding these events, and what came of them."""
        records = [Record(self._offset + place, value) for place, value in enumerate(values)]
        self._offset += len(records)
        began = time.process_time()
        output = self._partition.fold(records)
        return time.process_time() - began, output


# -- events --------------------------------------------------------------------------------------------------------


def _event(kind: str, project: str, on: date, data: dict[str, Any]) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"{kind}/{project}/{on}/{data.get('revision', 0)}/{data.get('line', '')}{data.get('item', '')}",
        "source": "urn:milepost:bench",
        "type": f"milepost.{kind}.v1",
        "subject": project,
        "time": f"{on}T18:00:00+08:00",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()


def tick(closes: date) -> bytes:
    """A tick that closes a day."""
    at = f"{closes}T23:59:59+08:00"
    return _event(
        "clock.ticked", "clock", closes, {"at": at, "closes": closes.isoformat(), "clock": "simulated"}
    )


def baseline(project: str, days: int) -> bytes:
    """Work items, milestones, a plan curve by quarters and two lines over so many days."""
    finish = START + timedelta(days=days)
    steps = range(1, 21)
    data = {
        "baseline": 1, "name": project, "start": START.isoformat(), "finish": finish.isoformat(),
        "progress_by": "work", "budget_at_completion": {"value": 1000, "unit": "万元"},
        "work_items": [{"id": f"w{n}", "name": f"w{n}", "quantity": 1000, "unit": "m3"} for n in range(3)],
        "milestones": [{"id": f"m{n}", "name": f"m{n}", "finish": _step(n, days)} for n in steps[::4]],
        "planned_value": [{"date": _step(n, days), "value": 50 * n} for n in steps],
        "lines": [{"id": f"l{n}", "name": f"l{n}", "capacity": {"value": 10, "unit": "t", "per": "P1D"}} for n in range(2)],
    }  # fmt: skip
    return _event("project.baselined", project, START, data)


def _step(number: int, days: int) -> str:
    return (START + timedelta(days=days * number // 20)).isoformat()


def reports(project: str, on: date, share: float, revision: int = 0) -> list[bytes]:
    """What a site says at the end of a day: work by item, cost, output by line."""
    day = on.isoformat()
    said = [
        _event("work.reported", project, on,
               {"item": f"w{n}", "as_of": day, "quantity": round(1000 * share, 3), "unit": "m3", "revision": revision})
        for n in range(3)
    ]  # fmt: skip
    said.append(
        _event("cost.reported", project, on,
               {"as_of": day, "actual_cost": round(1000 * share, 3), "unit": "万元", "revision": revision})
    )  # fmt: skip
    said += [
        _event("production.reported", project, on,
               {"line": f"l{n}", "period_start": day, "period_end": day, "quantity": 7.5 + revision, "unit": "t", "revision": revision})
        for n in range(2)
    ]  # fmt: skip
    return said


# -- questions -----------------------------------------------------------------------------------------------------


def many_projects(projects: int) -> Iterator[str]:
    """Closes days for many projects: silent ones, and all of them with reports."""
    bench = Bench()
    names = [f"project-{number:05d}" for number in range(projects)]
    bench.fold(baseline(name, 2 * YEAR_DAYS) for name in names)
    bench.fold([tick(START + timedelta(days=1))])
    for day, reporting in ((2, False), (3, True), (4, True)):
        on = START + timedelta(days=day)
        if reporting:
            bench.fold(value for name in names for value in reports(name, on, day / 1000))
        spent, output = bench.fold([tick(on)])
        said = f"reports of the day {'in all' if reporting else 'in none'}{', their first ones' if day == 3 else ''}"
        values = sum(len(record["data"]["values"]) for record in output.kpis)
        yield f"{projects} projects, {said}: {spent:.2f} s for the tick, {values} values"


def long_project() -> Iterator[str]:
    """Days of one project in its first year and in its fifth, and a correction far back."""
    days = 5 * YEAR_DAYS
    bench = Bench()
    bench.fold([baseline("long", days)])
    spent: dict[int, float] = {}
    for day in range(1, days):
        on = START + timedelta(days=day)
        spent[day], _ = bench.fold([*reports("long", on, day / days), tick(on)])
    for year in (1, 3, 5):
        measured = sorted(spent[day] for day in range(year * YEAR_DAYS - DAYS_MEASURED, year * YEAR_DAYS))
        yield f"one project, a day with 6 reports and its tick at the end of year {year}: {1000 * measured[len(measured) // 2]:.1f} ms"
    back = START + timedelta(days=days - 1 - BACK_DAYS)
    correction = reports("long", back, 0.5, revision=1)
    for what, values in (("cost", correction[3:4]), ("output", correction[4:5]), ("all six", correction)):
        seconds, output = bench.fold([*values, tick(START + timedelta(days=days))])
        rows = _rows_of(output)
        yield f"a correction of {what} {BACK_DAYS} days back and the tick after it: {1000 * seconds:.0f} ms, {rows} rows restated"


def _rows_of(output: Output) -> int:
    days: Sequence[Any] = [row for record in output.kpis for row in record["data"].get("history", ())]
    return sum(len(row["values"] or ()) for row in days)


def main() -> None:
    """Print the answers."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation", description=__doc__)
    parser.add_argument("--projects", type=int, default=10_000, help="projects whose day is closed")
    for line in (*many_projects(parser.parse_args().projects), *long_project()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
