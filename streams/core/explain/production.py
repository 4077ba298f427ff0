"""What production reads: plan and capacity, and every report of the days that a sum or window covers."""

from collections.abc import Callable, Iterator
from fractions import Fraction

from schemas.quantities import MICRO, conversion, convertible
from streams.core.explain.inputs import (
    Case,
    Declaration,
    Input,
    Statements,
    Worked,
    baseline_of,
    fraction_input,
    plain,
    together,
    value_input,
)
from streams.core.kpis.lines import Line, lines_of, unit_of

__all__ = ["DECLARED", "counting", "lines_in", "units_from"]

_EVER = -1
_WEEK, _MONTH = 7, 30


def lines_in(case: Case) -> list[Line]:
    """The line of the scope, or all lines of the project."""
    return [line for line in lines_of(case.view) if case.scope in ("", line.plan.id)]


def counting(lines: list[Line]) -> list[Line]:
    """Lines that can be told in the unit of the first."""
    unit = unit_of(lines)
    return [line for line in lines if not line.unit or convertible(line.unit, unit)]


# -- statements ----------------------------------------------------------------------------------------------------


def _reports(case: Case, after: int, counts: Callable[[Line], bool] = lambda _: True) -> Statements:
    """Reports with a day in (after, D], what gives a line its unit, and the baseline."""
    lines = lines_in(case)
    within = (_within(line, after, case.day) for line in counting(lines) if counts(line))
    return together(baseline_of(case.project, case.plan), units_from(lines), *within)


def units_from(lines: list[Line]) -> Statements:
    """What gives lines their units, where the plan names none."""
    return together(*(_unit_from(line) for line in lines if line.plan.unit is None))


def _within(line: Line, after: int, until: int) -> Statements:
    periods = line.reports.taken(line.unit)
    return together(
        *(
            line.reports.counting(period, line.unit)
            for period in periods
            if period[0] <= until and period[1] > after
        )
    )


def _unit_from(line: Line) -> Statements:
    """The earliest report, which names the unit; where it is displaced, also those that displace it."""
    earliest = line.reports.earliest()
    if earliest is None:
        return ()
    last, first, shift = earliest
    naming = line.reports.periods[first, last][shift or None]
    if (first, last) in line.reports.taken(line.unit):
        return (naming,)
    return together((naming,), _within(line, first - 1, last))


# -- inputs --------------------------------------------------------------------------------------------------------


def _cumulative(case: Case) -> Worked:
    return Worked((value_input("Σ quantity", case.value, _reports(case, _EVER)),))


def _rolling(days: int) -> Declaration:
    def declare(case: Case) -> Worked:
        reports = _reports(case, case.day - days)
        unit = case.value.unit.removesuffix("/d")
        return Worked(
            (
                fraction_input(f"Σ last {days} days", case.value.numerator, unit, reports),
                fraction_input("days reported", case.value.denominator, "d", reports),
            )
        )

    return declare


def _attainment(case: Case) -> Worked:
    since = case.plan.start - 1 if case.plan else _EVER
    return _ratio(case, "output", "plan to date", _reports(case, since))


def _utilization(case: Case) -> Worked:
    def has_capacity(line: Line) -> bool:
        return line.plan.capacity is not None

    reports = _reports(case, case.day - _MONTH, has_capacity)
    return _ratio(case, "output of 30 days", "capacity of the days reported", reports)


def _ratio(case: Case, above: str, below: str, reports: Statements) -> Worked:
    unit = _unit(case)
    top = fraction_input(above, case.value.numerator, unit, reports)
    return Worked((top, fraction_input(below, case.value.denominator, unit, _plan(case))))


def _required(case: Case) -> Worked:
    """(Whole plan − output) / days left; nothing is left where more was made than planned."""
    output, planned = _output(case), Input("plan", _whole_plan(case), _unit(case), _plan(case))
    days = fraction_input("days left", case.value.denominator, "d", _plan(case))
    met = case.value.numerator == 0 and output.value != planned.value
    return Worked((planned, output, days), "max(0, plan − output) / days left" if met else None)


def _projected(case: Case) -> Worked:
    week = case.other("output_rolling_7d")
    rate = value_input("7-day rate", week, _reports(case, case.day - _WEEK))
    return Worked((_output(case), rate, Input("days left", _days_left(case), "d", _plan(case))))


def _output(case: Case) -> Input:
    return value_input("output", case.other("output_cumulative"), _reports(case, _EVER))


def _plan(case: Case) -> Statements:
    return baseline_of(case.project, case.plan)


def _unit(case: Case) -> str:
    output = case.other("output_cumulative")
    return output.unit if output else "1"


def _whole_plan(case: Case) -> int | float | None:
    plans = list(_plans_in(_unit(case), counting(lines_in(case))))
    return plain(sum(plans, Fraction(0))) if plans else None


def _plans_in(unit: str, lines: list[Line]) -> Iterator[Fraction]:
    for line in lines:
        if line.plan.plan:
            whole = Fraction(sum(value for _, _, value in line.plan.plan), MICRO)
            yield whole * (conversion(line.unit, unit) if line.unit else 1)


def _days_left(case: Case) -> int | None:
    ends = [last for line in counting(lines_in(case)) for _, last, _ in line.plan.plan]
    return max(0, max(ends) - case.day) if ends else None


DECLARED: dict[str, Declaration] = {
    "output_cumulative": _cumulative,
    "output_rolling_7d": _rolling(_WEEK),
    "output_rolling_30d": _rolling(_MONTH),
    "plan_attainment": _attainment,
    "capacity_utilization": _utilization,
    "required_rate": _required,
    "projected_output": _projected,
}
"""By KPI."""
