"""Short ways for tests to look at what the oracle says."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from tests.builders import ZONE, log, tick
from tests.oracle.evaluation import evaluate
from tests.oracle.history import Outcome, replay
from tests.oracle.project import Project
from tests.oracle.rows import Row
from tests.oracle.statements import Statement, read_record, winners


def replayed(values: Iterable[bytes]) -> Outcome:
    """What the oracle makes of one partition; every value must be accepted."""
    outcome = replay(log(values), ZONE)
    assert outcome.rejected == []
    return outcome


def project_of(values: Iterable[bytes]) -> Project:
    """The only project of some statements."""
    said = [read_record(record, ZONE) for record in log(values)]
    statements = [s for s in said if isinstance(s, Statement)]
    assert len(statements) == len(said)
    return Project(statements[0].project_id, winners(statements))


def rows_on(values: Iterable[bytes], on: date) -> dict[str, Row]:
    """Rows of the only project at the end of a day, by `kpi` or `kpi scope`."""
    return {f"{kpi} {scope}".strip(): row for (kpi, scope), row in evaluate(project_of(values), on).items()}


def says(values: Iterable[bytes], on: date, *names: str) -> dict[str, Any]:
    """Value, or reason where there is none, of the named rows; a date for a forecast."""
    rows = rows_on(values, on)
    return {name: _short(rows[name]) for name in names or rows}


def _short(row: Row) -> Any:
    if row["reason"] is not None:
        return row["reason"]
    return row["value"] if row["value_date"] is None else row["value_date"]


def finding_names(values: Iterable[bytes]) -> list[tuple[str, str]]:
    """Findings of all projects as (name, scope), sorted."""
    found = replayed([*values, tick(3000)]).findings
    return sorted((finding.finding, finding.scope) for project in found.values() for finding in project)
