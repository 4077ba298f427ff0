"""What the indicators of ISO 22400 read: the reports of the period that ends on the day."""

from streams.core.explain.inputs import (
    Case,
    Declaration,
    Statements,
    Worked,
    baseline_of,
    fraction_input,
    together,
)
from streams.core.explain.production import counting, lines_in, units_from
from streams.core.kpis.lines import Line

__all__ = ["DECLARED"]

_HOURS = "h"


def _reports(case: Case) -> Statements:
    """Reports of the periods that end on the day, what gives their lines units, and the baseline."""
    lines = lines_in(case)
    ending = (_ending_on(line, case.day) for line in counting(lines))
    return together(baseline_of(case.project, case.plan), units_from(lines), *ending)


def _ending_on(line: Line, day: int) -> Statements:
    periods = [period for period in line.reports.taken(line.unit) if period[1] == day]
    return together(*(line.reports.counting(period, line.unit) for period in periods))


def _ratio(above: str, below: str) -> Declaration:
    """A ratio of times, in hours."""
    return lambda case: _worked(case, above, below, _HOURS, _HOURS)


def _worked(case: Case, above: str, below: str, unit: str, unit_below: str) -> Worked:
    reports = _reports(case)
    top = fraction_input(above, case.value.numerator, unit, reports)
    bottom = fraction_input(below, case.value.denominator, unit_below, reports)
    return Worked((top, bottom), f"{above} / {below}")


def _quality(case: Case) -> Worked:
    """Good of made; of several lines in hours of planned run time."""
    telling = [line for line in counting(lines_in(case)) if _tells_quality(line, case.day)]
    if len(telling) > 1:
        return _worked(case, "Σ PRI × GQ", "Σ PRI × PQ", _HOURS, _HOURS)
    return _worked(case, "GQ", "PQ", _unit(case), _unit(case))


def _tells_quality(line: Line, day: int) -> bool:
    told = line.reports.elements_on(day, line.unit)
    return told is not None and told.made is not None and told.good is not None


def _throughput(case: Case) -> Worked:
    return _worked(case, "PQ", "AOET", _unit(case), _HOURS)


def _unit(case: Case) -> str:
    rate = case.other("throughput_rate")
    return rate.unit.removesuffix("/h") if rate else "1"


DECLARED: dict[str, Declaration] = {
    "availability": _ratio("APT", "PBT"),
    "effectiveness": _ratio("PRI × PQ", "APT"),
    "quality_ratio": _quality,
    "oee": _ratio("PRI × GQ", "PBT"),
    "nee": _ratio("AUPT × PRI × GQ / APT", "PBT"),
    "allocation_efficiency": _ratio("AUBT", "PBT"),
    "utilization_efficiency": _ratio("APT", "AUBT"),
    "throughput_rate": _throughput,
}
"""By KPI."""
