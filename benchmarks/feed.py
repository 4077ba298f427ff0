"""The same-work feed: every tool gets the same events and must give the same answers.

1,000 projects with 4 lines each over 30 days; each cell (project, line, day) is reported several times, the report with
the greatest revision counts; 5 % of the reports come days late; optionally 1 % are damaged and 5 % doubled. An event
has about 320 bytes. The work: the latest report per cell, and the sum of the last 7 days per project.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

START = datetime(2024, 3, 1, tzinfo=UTC)
DAYS = 30
LINES = 4
WINDOW_DAYS = 7


@dataclass
class Feed:
    """Parameters of a feed and, after it was drawn, what must come out of it."""

    events: int
    projects: int = 1000
    seed: int = 7
    late: float = 0.05
    damaged: float = 0.0
    doubled: float = 0.0
    cells: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict)
    damaged_count: int = 0

    def lines(self) -> Iterator[bytes]:
        """Events in order of publication, one JSON text each."""
        chance = random.Random(self.seed)
        cells = self.projects * LINES * DAYS
        for number in range(self.events):
            slot = number % cells
            day = slot // (self.projects * LINES)
            if chance.random() < self.late:
                day = max(0, day - chance.randint(1, 5))
            project, line = slot % self.projects, (slot // self.projects) % LINES
            raw = self._report(number, project, line, day, chance.randint(0, 9999))
            if chance.random() < self.damaged:
                self.damaged_count += 1
                yield raw.replace(b'"quantity":', b'"quantity":"', 1)
            yield raw
            if chance.random() < self.doubled:
                yield raw

    def _report(self, number: int, project: int, line: int, day: int, quantity: int) -> bytes:
        self.cells[project, line, day] = (number, quantity)
        stated = START + timedelta(days=min(day + 6, DAYS + 5), seconds=number % 3600)
        reported = (START + timedelta(days=day)).date().isoformat()
        event = {
            "specversion": "1.0",
            "id": f"report-{number:012d}",
            "source": "urn:milepost:bench",
            "type": "milepost.production.reported.v1",
            "subject": f"project-{project:05d}",
            "time": stated.isoformat(),
            "datacontenttype": "application/json",
            "data": {
                "line": f"L{line}",
                "period_start": reported,
                "period_end": reported,
                "quantity": quantity,
                "unit": "t",
                "revision": number,
            },
        }
        return json.dumps(event, separators=(",", ":")).encode()

    def sums(self) -> dict[str, int]:
        """Sum of the last seven days up to each project's newest day, of the latest report per cell."""
        newest: dict[int, int] = {}
        for project, _, day in self.cells:
            newest[project] = max(newest.get(project, 0), day)
        totals = dict.fromkeys(newest, 0)
        for (project, _, day), (_, quantity) in self.cells.items():
            if newest[project] - WINDOW_DAYS < day <= newest[project]:
                totals[project] += quantity
        return {f"project-{project:05d}": total for project, total in totals.items()}
