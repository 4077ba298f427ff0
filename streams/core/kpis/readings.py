"""Index readings per series: newest, rolling means, year on year, distance to the target.

A mean is over the readings of a window of days and needs coverage; a missing reading neither adds nor resets.
Sources: HJ 633-2012, HJ 663-2013; reduction targets of key-project dispatch.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from schemas.kpi import NullReason
from schemas.quantities import PICO, convert_to_pico, convertible
from streams.core.day_view import DayView
from streams.core.kpis.pace import why_null
from streams.core.plan import SeriesPlan
from streams.core.statements import Statement
from streams.core.timeline import Timeline
from streams.core.values import Value, amount, null, ratio

__all__ = ["evaluate"]

TAKEN = "milepost.reading.taken.v1"
_WEEK, _WEEK_COVERED = 7, 5
_MONTH, _MONTH_COVERED = 30, 20


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "readings" not in view.sections:
        return
    for series in _series(view):
        yield from _Readings(view, series).values()


def _series(view: DayView) -> Iterable[SeriesPlan]:
    """Series of the baseline in force; before a baseline, those with a reading."""
    if view.plan is not None:
        return view.plan.series
    project = view.project
    read = (
        series for series in project.objects(TAKEN) if project.timeline(TAKEN, series).count_until(view.day)
    )
    return [SeriesPlan(series, None, None, None, None, None) for series in read]


class _Readings:
    """Readings of one series as of a day, in 10⁻¹² of its unit; those of another dimension take no part."""

    def __init__(self, view: DayView, series: SeriesPlan) -> None:
        self._view = view
        self._series = series
        self._timeline: Timeline = view.project.timeline(TAKEN, series.id)
        self._unit = series.unit or self._earliest_unit()
        self._latest = self._newest(view.day)

    def values(self) -> Iterator[Value]:
        """All KPIs of the series."""
        yield self._reading_latest()
        yield self._mean("reading_mean_7d", _WEEK, _WEEK_COVERED)
        yield self._mean("reading_mean_30d", _MONTH, _MONTH_COVERED)
        yield self._year_on_year()
        yield self._target_distance()
        yield self._target_attainment()

    def _earliest_unit(self) -> str:
        """Unit of a series whose plan names none."""
        if not self._timeline.count_until(self._view.day):
            return "1"
        return str(self._timeline.nth(0).data["unit"])

    def _number(self, statement: Statement) -> int | None:
        said = statement.data
        if not convertible(said["unit"], self._unit):
            return None
        return convert_to_pico(said["value"], said["unit"], self._unit)

    def _newest(self, day: int) -> tuple[int, int] | None:
        """Day and number of the newest reading not after `day`."""
        for taken_on, statement in self._timeline.backwards(day):
            number = self._number(statement)
            if number is not None:
                return taken_on, number
        return None

    def _reading_latest(self) -> Value:
        """x(D): the newest reading by its instant, whenever it arrived."""
        if self._latest is None:
            return self._null("reading_latest", self._unit, "no_data")
        return amount("reading_latest", self._series.id, self._latest[1], self._unit, PICO)

    def _mean(self, kpi: str, days: int, covered: int) -> Value:
        """Σ readings / their count over the last `days` days; null when fewer than `covered` days have one."""
        total, count, on = 0, 0, set()
        for day, statement in self._timeline.between(self._view.day - days, self._view.day):
            number = self._number(statement)
            if number is not None:
                total, count = total + number, count + 1
                on.add(day)
        if len(on) < covered:
            return self._null(kpi, self._unit, "no_data", numerator=total, denominator=count * PICO)
        return ratio(kpi, self._series.id, total, count, self._unit, scale=PICO, denominator_scale=1)

    def _year_on_year(self) -> Value:
        """(x − x of the same date a year before) / that; a series in % as a difference in percentage points."""
        day, unit = self._view.day, "pp" if self._unit == "%" else "%"
        now, before = self._on(day), self._on(year_before(day))
        change = None if now is None or before is None else now - before
        if unit == "pp":
            if change is None:
                return self._null("reading_yoy", unit, "no_data")
            return amount("reading_yoy", self._series.id, change, "pp", PICO)
        if change is None or before is None:
            return self._null("reading_yoy", unit, "no_data", denominator=before)
        if before <= 0:
            # A change against nothing, or less, is no percentage; the difference is told.
            return self._null("reading_yoy", unit, "zero_denominator", numerator=change, denominator=before)
        return ratio("reading_yoy", self._series.id, change, before, unit, scale=PICO, times=100)

    def _on(self, day: int) -> int | None:
        """Newest reading of a day."""
        newest = self._newest(day)
        return newest[1] if newest is not None and newest[0] == day else None

    def _target_distance(self) -> Value:
        """(x − target) / target, sign kept."""
        latest, target = self._x(), self._series.target
        over = None if target is None or isinstance(latest, str) else latest - target
        return self._against_target("target_distance", latest, over, target)

    def _target_attainment(self) -> Value:
        """(base − x) / (base − target): 0 % where the reduction began, 100 % at the target."""
        latest, base, target = self._x(), self._series.base_value, self._series.target
        whole = None if base is None or target is None else base - target
        done = None if base is None or isinstance(latest, str) else base - latest
        return self._against_target("target_attainment", latest, done, whole)

    def _x(self) -> int | NullReason:
        return "no_data" if self._latest is None else self._latest[1]

    def _against_target(
        self, kpi: str, latest: int | NullReason, part: int | None, whole: int | None
    ) -> Value:
        reason = why_null(
            self._view,
            self._view.plan_gap(planned=whole is not None),
            latest,
            "zero_denominator" if whole == 0 else None,
        )
        if reason is not None or part is None or whole is None:
            return self._null(kpi, "%", reason or "no_data", numerator=part, denominator=whole)
        return ratio(kpi, self._series.id, part, whole, "%", scale=PICO, times=100)

    def _null(
        self,
        kpi: str,
        unit: str,
        reason: NullReason,
        *,
        numerator: int | None = None,
        denominator: int | None = None,
    ) -> Value:
        stands = why_null(self._view, reason) or "no_data"
        return null(
            kpi, self._series.id, unit, stands, numerator=numerator, denominator=denominator, scale=PICO
        )


def year_before(day: int) -> int:
    """The same date a year before; of 29 February, the 28th."""
    today = date.fromordinal(day)
    leap_day = today.month == 2 and today.day == 29
    return today.replace(year=today.year - 1, day=28 if leap_day else today.day).toordinal()
