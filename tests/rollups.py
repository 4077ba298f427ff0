"""Whether roll-ups, rankings and lights of a store say what the law says of a log."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from math import isclose
from typing import Any, Final

from eventlog.log import EventLog
from storage.store import Store
from tests.exports import closed_days, rows_of
from tests.oracle import Outcome, kpi_at
from tests.oracle.project import Project
from tests.oracle.rollups import Group, Key, ranks_of_projects, rollup
from tests.oracle.rows import Row

__all__ = ["ranking_differences", "rollup_differences", "status_differences"]

NEWEST: Final = datetime(9999, 12, 30, tzinfo=UTC)
_SILENT_AFTER: Final = 62


def rollup_differences(
    store: Store, log: EventLog, expected: Outcome, level: str, day: date | None, known_at: datetime | None
) -> list[str]:
    """Where `kpi_rollup` contradicts the law; without a day and a moment at the ones that it takes by itself."""
    parameters = {"level": level, "day": day, "known_at": known_at}
    told = rows_of(store, "FROM kpi_rollup($level, $day, $known_at)", parameters)
    on = day or _default_day(log, expected)
    rows = [] if on is None else kpi_at(expected.snapshots, on, known_at or NEWEST)
    what = f"kpi_rollup({level}, {day}, {known_at})"
    found = [
        f"{what}: level {row['level']}, as_of {row['as_of']}" for row in told if _head(row) != (level, on)
    ]
    return found + _group_differences(
        what, rollup(level, rows, _attributes(expected), _invested_in(expected)), told
    )


def ranking_differences(store: Store, log: EventLog, expected: Outcome) -> list[str]:
    """Where `ranking` and `region_ranking` contradict the law."""
    day = _default_day(log, expected)
    rows = [] if day is None else kpi_at(expected.snapshots, day, NEWEST)
    told = rows_of(store, "FROM ranking")
    ranks = {_key(row): row["rank"] for row in told}
    found = _differences("ranking", ranks_of_projects(rows), ranks)
    for level in ("province", "city", "district"):
        regions = rows_of(store, "FROM region_ranking WHERE level = $level", {"level": level})
        found += _group_differences(
            level, rollup(level, rows, _attributes(expected), _invested_in(expected)), regions
        )
    return found


def _head(row: Row) -> tuple[str, date]:
    return row["level"], row["as_of"]


def _key(row: Row) -> Key:
    return Key(row["member"], row["kpi"], row["unit"], row["base_unit"])


def _default_day(log: EventLog, expected: Outcome) -> date | None:
    closed = closed_days(log).values()
    dated = [row["as_of"] for row in expected.latest]
    return min(closed, default=max(dated, default=None))


def _attributes(expected: Outcome) -> dict[str, Mapping[str, Any]]:
    """What the baseline in force on its status date says of each project; nothing of one without."""
    return {project_id: {} if plan is None else plan.data for project_id, plan in _plans(expected).items()}


def _invested_in(expected: Outcome) -> dict[str, str]:
    """The unit of the budget, else that of the earliest report of a project's investment."""
    reports = [s for s in expected.statements if s.type == "milepost.investment.reported.v1"]
    reports.sort(key=lambda s: (s.day, s.data["year"]), reverse=True)
    units = {s.project_id: str(s.data["unit"]) for s in reports}
    budgets = {
        project_id: data.get("budget_at_completion") for project_id, data in _attributes(expected).items()
    }
    return units | {project_id: budget["unit"] for project_id, budget in budgets.items() if budget}


def _plans(expected: Outcome) -> dict[str, Any]:
    plans = {}
    for project_id, day in expected.status_dates.items():
        project = Project(project_id, [s for s in expected.statements if s.project_id == project_id])
        plan = project.first_plan() if day is None else project.plan_on(day)
        if plan is not None or day is not None:
            plans[project_id] = plan
    return plans


def _group_differences(what: str, wanted: Mapping[Key, Group], told: Iterable[Row]) -> list[str]:
    rows = {_key(row): row for row in told}
    found = _differences(
        what,
        {key: group.rank for key, group in wanted.items()},
        {key: row["rank"] for key, row in rows.items()},
    )
    for key in wanted.keys() & rows.keys():
        found += [f"{what} {key}: {problem}" for problem in _unlike(wanted[key], rows[key])]
    return found


def _differences(what: str, wanted: Mapping[Key, Any], told: Mapping[Key, Any]) -> list[str]:
    found = [f"{what}: {key} is missing" for key in wanted.keys() - told.keys()]
    found += [f"{what}: {key} should not be there" for key in told.keys() - wanted.keys()]
    both = wanted.keys() & told.keys()
    return found + [
        f"{what} {key}: rank {wanted[key]} expected, {told[key]} told"
        for key in both
        if wanted[key] != told[key]
    ]


def _unlike(group: Group, row: Row) -> Iterable[str]:
    for name, wanted in (
        ("numerator", group.numerator),
        ("denominator", group.denominator),
        ("count", group.count),
    ):
        sum_told = None if row[name] is None else Fraction(row[name])
        if sum_told != wanted and not (
            sum_told is None and wanted is not None and Fraction(wanted) >= 10**25
        ):
            yield f"{name} {wanted} expected, {sum_told} told"
    for name, number in (("value", group.exact), ("coverage", group.coverage)):
        said = row[name]
        if (said is None) != (number is None):
            yield f"{name} {number} expected, {said} told"
        elif number is not None and not isclose(said, float(number), rel_tol=1e-14):
            yield f"{name} {float(number)!r} expected, {said!r} told"


# -- lights --------------------------------------------------------------------------------------------------------


def status_differences(store: Store, expected: Outcome) -> list[str]:
    """Where `project_status` contradicts the law; alerts are those of the store."""
    firing = rows_of(store, "SELECT project_id, alertname, severity FROM alerts WHERE state = 'firing'")
    columns = "project_id, light, status_date, days_late, forecast_finish, last_report, owner, open_alerts"
    told = rows_of(store, f"SELECT {columns} FROM project_status")
    wanted = [_status(expected, project_id, plan, firing) for project_id, plan in _plans(expected).items()]
    found = [f"project_status: {row} is missing" for row in wanted if row not in told]
    return found + [f"project_status: {row} should not be there" for row in told if row not in wanted]


def _status(expected: Outcome, project_id: str, plan: Any, firing: Iterable[Row]) -> Row:
    day = expected.status_dates[project_id]
    days = [s.day for s in expected.statements if s.project_id == project_id and s.day is not None]
    rows = {
        row["kpi"]: row for row in expected.latest if (row["project_id"], row["scope"]) == (project_id, "")
    }
    severities = [alert["severity"] for alert in firing if alert["project_id"] == project_id]
    nothing: Row = {"value": None, "value_date": None}
    late = rows.get("target_days_late", nothing)["value"]
    finish = [rows[kpi]["value_date"] for kpi in ("forecast_finish", "projected_finish") if kpi in rows]
    return {
        "project_id": project_id,
        "light": _light(severities, plan, day, max(days, default=None)),
        "status_date": day,
        "days_late": late,
        "forecast_finish": next((date for date in finish if date is not None), None),
        "last_report": max(days, default=None),
        "owner": None if plan is None else plan.data.get("owner"),
        "open_alerts": len(severities),
    }


def _light(severities: list[str], plan: Any, day: date | None, newest: date | None) -> str:
    if "critical" in severities:
        return "red"
    if severities:
        return "yellow"
    if plan is None or newest is None or day is None or (day - newest).days > _SILENT_AFTER:
        return "grey"
    return "green"
