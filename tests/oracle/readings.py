"""Index readings: latest, means, year on year, targets (semantics 6; kpi-definitions 7)."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import RATE_DIGITS, converted, fits, rate
from tests.oracle.project import Plan, Project
from tests.oracle.rows import ONE_DAY, Null, Row, Value, known, ratio_row, row, subtract
from tests.oracle.statements import READING, Statement

NO_DATA = Null("no_data")
COVERAGE = {7: 5, 30: 20}


def series_unit(planned: dict[str, Any] | None, readings: list[Statement]) -> str:
    """As planned, else that of the earliest of some readings."""
    if planned is not None and planned.get("unit"):
        return str(planned["unit"])
    earliest = min(readings, key=lambda reading: reading.data["at"], default=None)
    return "1" if earliest is None else str(earliest.data["unit"])


def reading_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The family, at the end of a day, for each series."""
    if plan is not None:
        return [r for part in plan.parts("series") for r in _series_rows(project, part["id"], part, day)]
    told = sorted({s.data["series"] for s in project.of(READING) if s.day and s.day <= day})
    return [r for series in told for r in _series_rows(project, series, None, day)]


class _Series:
    def __init__(self, project: Project, series: str, planned: dict[str, Any] | None, day: date) -> None:
        told = [s for s in project.of(READING, series) if s.day is not None and s.day <= day]
        self.unit = series_unit(planned, told)
        self.readings = [s for s in project.of(READING, series) if fits(s.data["unit"], self.unit)]

    def value(self, reading: Statement) -> Fraction:
        return converted(reading.data["value"], reading.data["unit"], self.unit, RATE_DIGITS)

    def between(self, first: date, last: date) -> list[Statement]:
        return [s for s in self.readings if s.day is not None and first <= s.day <= last]

    def latest(self, first: date, last: date) -> Statement | None:
        return max(self.between(first, last), key=lambda reading: reading.data["at"], default=None)


def _series_rows(project: Project, name: str, planned: dict[str, Any] | None, day: date) -> list[Row]:
    series = _Series(project, name, planned, day)
    newest = series.latest(date.min, day)
    now: Value = NO_DATA if newest is None else series.value(newest)
    return [
        row("reading_latest", name, series.unit, now),
        _mean_row(series, name, day, 7),
        _mean_row(series, name, day, 30),
        _yoy_row(series, name, day),
        *_target_rows(name, planned, now),
    ]


def _mean_row(series: _Series, name: str, day: date, days: int) -> Row:
    window = series.between(day - (days - 1) * ONE_DAY, day)
    enough = None if len({s.day for s in window}) >= COVERAGE[days] else "no_data"
    total = sum((series.value(s) for s in window), Fraction(0))
    # A mean of readings in % is in %; it is no share that would be told in hundredths.
    both = ratio_row(f"reading_mean_{days}d", name, "1", total, Fraction(len(window)), enough)
    return both | {"unit": series.unit}


def _yoy_row(series: _Series, name: str, day: date) -> Row:
    year_ago = _year_before(day)
    today, then = series.latest(day, day), series.latest(year_ago, year_ago)
    now: Value = NO_DATA if today is None else series.value(today)
    base: Value = NO_DATA if then is None else series.value(then)
    change = subtract(now, base)
    if series.unit == "%":
        return row("reading_yoy", name, "pp", change)
    number = known(base)
    below = "zero_denominator" if number is not None and number <= 0 else None
    return ratio_row("reading_yoy", name, "%", change, base, below)


def _year_before(day: date) -> date:
    return (
        day.replace(year=day.year - 1, day=28)
        if (day.month, day.day) == (2, 29)
        else day.replace(year=day.year - 1)
    )


def _target_rows(name: str, planned: dict[str, Any] | None, now: Value) -> list[Row]:
    target, base = _planned_number(planned, "target"), _planned_number(planned, "base_value")
    if planned is None:
        now = Null("no_baseline")
    return [
        ratio_row("target_distance", name, "%", subtract(now, target), target),
        ratio_row("target_attainment", name, "%", subtract(base, now), subtract(base, target)),
    ]


def _planned_number(planned: dict[str, Any] | None, field: str) -> Value:
    if planned is None:
        return Null("no_baseline")
    return Null("not_planned") if planned.get(field) is None else rate(planned[field])
