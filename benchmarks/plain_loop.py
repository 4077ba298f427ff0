"""What the work costs without a product around it: read the log, parse JSON, keep the latest report per cell, sum 7 days.

`python -m benchmarks.plain_loop LOG OUT` writes the sums as one JSON object. No validation, no exactness, no storage.
"""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.feed import WINDOW_DAYS
from eventlog.embedded import EmbeddedLog

TOPIC = "milepost.events"
PAGE_RECORDS = 5000


def main(path: Path, out: Path) -> None:
    cells: dict[tuple[str, str, str], tuple[int, float]] = {}
    log = EmbeddedLog.open_existing(path)
    for partition in range(log.partitions(TOPIC)):
        at = 0
        while records := log.read(TOPIC, partition, at, PAGE_RECORDS):
            at = records[-1].offset + 1
            for record in records:
                _take(record.value or b"", cells)
    out.write_text(json.dumps(_sums(cells)))


def _take(raw: bytes, cells: dict[tuple[str, str, str], tuple[int, float]]) -> None:
    try:
        event: dict[str, Any] = json.loads(raw)
        data = event["data"]
        report = (data["revision"], float(data["quantity"]))
    except (ValueError, KeyError, TypeError):
        return
    cell = (event["subject"], data["line"], data["period_end"])
    if report > cells.get(cell, (-1, 0.0)):
        cells[cell] = report


def _sums(cells: dict[tuple[str, str, str], tuple[int, float]]) -> dict[str, float]:
    newest: dict[str, int] = {}
    for project, _, day in cells:
        newest[project] = max(newest.get(project, 0), date.fromisoformat(day).toordinal())
    sums = dict.fromkeys(newest, 0.0)
    for (project, _, day), (_, quantity) in cells.items():
        if newest[project] - WINDOW_DAYS < date.fromisoformat(day).toordinal() <= newest[project]:
            sums[project] += quantity
    return sums


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
