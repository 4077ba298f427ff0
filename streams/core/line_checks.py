"""What can be wrong with the production reports of one period of a line, whatever its other periods are."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from schemas.quantities import MICRO, PICO, convert_to_micro, convertible
from streams.core.finding_checks import Said, placed, plain_text, unit_mismatch, unknown_part
from streams.core.line_output import LineReports, Period
from streams.core.plan import LinePlan, Plan
from streams.core.project import Project
from streams.core.statements import Statement
from streams.core.time_elements import Elements, elements_of, total_of

__all__ = ["check_period", "line_unit"]

_DAYS_PER_CAPACITY = {
    "P1D": Fraction(1),
    "P1M": Fraction(365, 12),
    "P1Y": Fraction(365),
    "PT1H": Fraction(1, 24),
}


def line_unit(project: Project, plan: Plan | None, line: str) -> str | None:
    """Unit of a line: that of its capacity, else of its earliest report."""
    planned = plan.lines_by_id.get(line) if plan else None
    return (planned.unit if planned else None) or project.line(line).unit()


def check_period(
    project: Project, in_force: Plan | None, line: str, reports: LineReports, period: Period
) -> Iterator[tuple[Statement, Said]]:
    """What is wrong with each report of a period."""
    shifts = list(reports.periods.get(period, {}).values())
    plan, known = placed(project, in_force, ("line", line), period[1])
    if not known:
        for report in shifts:
            yield report, ("unknown_line", unknown_part("line", line))
        return
    unit, planned = line_unit(project, plan, line), plan.lines_by_id.get(line) if plan else None
    for report in shifts:
        if unit is not None and not convertible(report.data["unit"], unit):
            yield report, ("unit_mismatch", unit_mismatch(report.data["unit"], unit))
        elif planned is not None and planned.capacity is not None and planned.unit is not None:
            yield from _above_capacity(planned, planned.capacity, planned.unit, report, period)
    if unit is not None:
        yield from _too_effective(
            [(each, elements_of(each, unit)) for each in reports.counting(period, unit)]
        )


def _above_capacity(
    line: LinePlan, capacity: int, unit: str, report: Statement, period: Period
) -> Iterator[tuple[Statement, Said]]:
    """Output per day of the period above the capacity per day."""
    days = period[1] - period[0] + 1
    made = convert_to_micro(report.data["quantity"], report.data["unit"], unit)
    possible = capacity * days / _DAYS_PER_CAPACITY[line.per or "P1D"]
    if made > possible:
        detail = (
            f"{plain_text(made)} {unit} in {days} d is above the capacity of {plain_text(round(possible))} {unit}; "
            "check quantity, unit and period, or the capacity in the baseline"
        )
        yield report, ("capacity_exceeded", detail)


def _too_effective(told: Iterable[tuple[Statement, Elements]]) -> Iterator[tuple[Statement, Said]]:
    """Reports that made the effectiveness of their period more than 100 %: by more than their own production time."""
    told = list(told)
    if not told or not _above_production_time(total_of(elements for _, elements in told)):
        return
    for report, elements in told:
        run, production = elements.run_made or 0, elements.production or 0
        if run > production * MICRO:
            detail = (
                f"{report.data['quantity']} {report.data['unit']} are planned to run {plain_text(run // PICO)} h and took "
                f"{plain_text(production // MICRO)} h; check planned_run_time_per_item, or production_time and quantity"
            )
            yield report, ("effectiveness_over_100", detail)


def _above_production_time(told: Elements) -> bool:
    return (
        bool(told.production) and told.run_made is not None and told.run_made > (told.production or 0) * MICRO
    )
