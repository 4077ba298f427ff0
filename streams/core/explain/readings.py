"""What readings read: the newest reading, those of a window, that of a year before, and the target of the plan."""

from collections.abc import Iterator

from schemas.quantities import PICO, convert_to_pico, convertible
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    fraction_input,
    number_of,
    together,
)
from streams.core.kpis.readings import TAKEN, year_before
from streams.core.plan import SeriesPlan
from streams.core.statements import Statement

__all__ = ["DECLARED"]

_WEEK, _MONTH = 7, 30


class _Series:
    """One series as its formulas see it; readings of another dimension take no part."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self.planned: SeriesPlan | None = case.plan.series_by_id[case.scope] if case.plan else None
        self._timeline = case.project.timeline(TAKEN, case.scope)
        self.plan = baseline_of(case.project, case.plan)
        self._naming = self._unit_from()
        named = self.planned.unit if self.planned else None
        self.unit: str = named or (self._naming[0].data["unit"] if self._naming else "1")

    def _unit_from(self) -> Statements:
        """The earliest reading, where the plan names no unit."""
        if (self.planned and self.planned.unit) or not self._timeline.count_until(self._case.day):
            return ()
        return (self._timeline.nth(0),)

    def newest(self, day: int) -> tuple[int, Statement] | None:
        """Day and statement of the newest reading not after a day."""
        return next(((on, said) for on, said in self._timeline.backwards(day) if self._counts(said)), None)

    def input(self, name: str, found: tuple[int, Statement] | None) -> Input:
        """A reading as an input."""
        said = found[1] if found else None
        number = None if said is None else convert_to_pico(said.data["value"], said.data["unit"], self.unit)
        return Input(name, number_of(number, PICO), self.unit, self.resting_on((said,) if said else ()))

    def within(self, after: int) -> Iterator[Statement]:
        """Readings in (after, D]."""
        return (said for _, said in self._timeline.between(after, self._case.day) if self._counts(said))

    def resting_on(self, readings: Statements) -> Statements:
        """Readings with what gives them their unit."""
        return together(self.plan, self._naming, readings)

    def planned_input(self, name: str, number: int | None) -> Input:
        """A number of the plan as an input."""
        return Input(name, number_of(number, PICO), self.unit, self.plan)

    def _counts(self, said: Statement) -> bool:
        return convertible(said.data["unit"], self.unit)


def _latest(case: Case) -> Worked:
    series = _Series(case)
    return Worked((series.input("x(D)", series.newest(case.day)),))


def _mean(days: int) -> Declaration:
    def declare(case: Case) -> Worked:
        series = _Series(case)
        said = series.resting_on(tuple(series.within(case.day - days)))
        total = fraction_input("Σ readings", case.value.numerator, series.unit, said)
        count = fraction_input("count of readings", case.value.denominator, "1", said)
        return Worked((total, count), "Σ readings / count of readings")

    return declare


def _year_on_year(case: Case) -> Worked:
    series = _Series(case)
    now = series.input("x", _on(series, case.day))
    before = series.input("x of a year before", _on(series, year_before(case.day)))
    difference = "x − x of a year before"
    return Worked(
        (now, before), difference if case.value.unit == "pp" else f"({difference}) / x of a year before"
    )


def _on(series: _Series, day: int) -> tuple[int, Statement] | None:
    """The newest reading of a day; an older one does not count."""
    found = series.newest(day)
    return found if found and found[0] == day else None


def _distance(case: Case) -> Worked:
    series = _Series(case)
    target = series.planned.target if series.planned else None
    return Worked((series.input("x", series.newest(case.day)), series.planned_input("target", target)))


def _attainment(case: Case) -> Worked:
    series, planned = _Series(case), case.plan.series_by_id[case.scope] if case.plan else None
    base = series.planned_input("base", planned.base_value if planned else None)
    target = series.planned_input("target", planned.target if planned else None)
    return Worked((base, series.input("x", series.newest(case.day)), target))


DECLARED: dict[str, Declaration] = {
    "reading_latest": _latest,
    "reading_mean_7d": _mean(_WEEK),
    "reading_mean_30d": _mean(_MONTH),
    "reading_yoy": _year_on_year,
    "target_distance": _distance,
    "target_attainment": _attainment,
}
"""By KPI."""
