"""Production: output of lines by day, rolling rates, plan and capacity (semantics 2 "Periods", 6; kpi-definitions 4.3)."""

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import converted, factor, fits, quantity
from tests.oracle.project import Plan, Project
from tests.oracle.rows import ONE_DAY, Null, Row, Value, add, known, quotient, ratio_row, row, subtract, times
from tests.oracle.statements import PRODUCTION, Statement

NO_DATA = Null("no_data")
NO_BASELINE = Null("no_baseline")
NOT_PLANNED = Null("not_planned")
COVERAGE = {7: 5, 30: 20}
PER_DAY = {"P1D": Fraction(1), "P1M": Fraction(12, 365), "P1Y": Fraction(1, 365), "PT1H": Fraction(24)}


@dataclass
class Line:
    """What a line made on each reported day, and what was planned for each period, in its unit."""

    id: str
    unit: str
    output: dict[date, Fraction] = field(default_factory=dict)
    plan: list[tuple[date, date, Fraction]] = field(default_factory=list)
    per_day: Fraction | None = None


def period_of(text: str) -> tuple[date, date]:
    """First and last day of `YYYY`, `YYYY-MM`, `YYYY-MM-DD` or `from/to`."""
    numbers = [[int(number) for number in part.split("-")] for part in text.split("/")]
    first, last = numbers[0], numbers[-1]
    start = date(first[0], *(first[1:2] or [1]), *(first[2:3] or [1]))
    end_month = last[1] if len(last) > 1 else 12
    end = date(last[0], end_month, last[2] if len(last) > 2 else monthrange(last[0], end_month)[1])
    return start, end


def days_between(start: date, end: date) -> list[date]:
    """Inclusive."""
    return [start + n * ONE_DAY for n in range((end - start).days + 1)]


def _span(report: Statement) -> tuple[date, date]:
    return (report.data["period_start"], report.data["period_end"])


def line_unit(planned: dict[str, Any] | None, reports: list[Statement]) -> str:
    """That of the capacity, else of the earliest winning report; '' while there is neither."""
    if planned is not None and planned.get("capacity"):
        return str(planned["capacity"]["unit"])
    earliest = min(reports, key=earliness, default=None)
    return "" if earliest is None else str(earliest.data["unit"])


def earliness(report: Statement) -> tuple[date, date, str]:
    """Order of reports of a line."""
    return (report.data["period_end"], report.data["period_start"], report.data.get("shift") or "")


def chosen_periods(reports: list[Statement]) -> tuple[list[Statement], list[Statement]]:
    """Reports that count, and those of periods that overlap one that counts. All are in a unit that fits."""
    by_span: dict[tuple[date, date], list[Statement]] = {}
    for report in reports:
        by_span.setdefault(_span(report), []).append(report)
    taken: list[tuple[date, date]] = []
    left_out = []
    for span in sorted(by_span, key=lambda s: (-(s[1] - s[0]).days, s[0])):
        if any(span[0] <= other[1] and other[0] <= span[1] for other in taken):
            left_out += by_span[span]
        else:
            taken.append(span)
    counting = []
    for span in taken:
        whole = [report for report in by_span[span] if report.data.get("shift") is None]
        counting += whole or by_span[span]
    return counting, left_out


def fitting_reports(project: Project, line_id: str, planned: dict[str, Any] | None) -> list[Statement]:
    """Reports of a line in a unit that fits the line's."""
    reports = project.of(PRODUCTION, line_id)
    unit = line_unit(planned, reports)
    return [report for report in reports if fits(report.data["unit"], unit)]


def _line(project: Project, line_id: str, planned: dict[str, Any] | None) -> Line:
    line = Line(line_id, line_unit(planned, project.of(PRODUCTION, line_id)))
    output: Counter[date] = Counter()
    for report in chosen_periods(fitting_reports(project, line_id, planned))[0]:
        days = days_between(*_span(report))
        made = converted(report.data["quantity"], report.data["unit"], line.unit)
        for day in days:
            output[day] += made / len(days)  # type: ignore[assignment]  # a Counter of fractions
    line.output = dict(output)  # type: ignore[arg-type]
    if planned is not None:
        _add_plan(line, planned)
    return line


def _add_plan(line: Line, planned: dict[str, Any]) -> None:
    if capacity := planned.get("capacity"):
        line.per_day = quantity(capacity["value"]) * PER_DAY[capacity["per"]]
    for target in planned.get("plan") or ():
        line.plan.append((*period_of(target["period"]), quantity(target["value"])))


def planned_between(line: Line, first: date, last: date) -> Fraction:
    """Planned amount of the days in [first, last]; even by days inside a period."""
    total = Fraction(0)
    for begin, end, amount in line.plan:
        common = (min(end, last) - max(begin, first)).days + 1
        total += amount * max(0, common) / ((end - begin).days + 1)
    return total


def lines_on(project: Project, plan: Plan | None, day: date) -> list[Line]:
    """Lines of the baseline; without one, those that have made something by the day, the earliest first."""
    if plan is not None:
        return project.memo(("lines", plan.number), lambda: _planned_lines(project, plan))
    started = {s.data["line"] for s in project.of(PRODUCTION) if s.data["period_start"] <= day}
    ordered = sorted(started, key=lambda part: (min(map(earliness, project.of(PRODUCTION, part))), part))
    return [_line(project, part, None) for part in ordered]


def _planned_lines(project: Project, plan: Plan) -> list[Line]:
    return [_line(project, part["id"], part) for part in plan.parts("lines")]


def sum_of(lines: list[Line]) -> Line:
    """The project as one line, in the unit of the first; lines of another dimension are left out."""
    total = Line("", next((line.unit for line in lines if line.unit), ""))
    for line in lines:
        scale = scale_to(line, total.unit)
        if scale is None:
            continue
        for day, amount in line.output.items():
            total.output[day] = total.output.get(day, Fraction(0)) + amount * scale
        total.plan += [(begin, end, amount * scale) for begin, end, amount in line.plan]
    return total


def scale_to(line: Line, unit: str) -> Fraction | None:
    """How many of a unit one of the line's is; a line whose unit nobody has told yet is taken to have it."""
    return factor(line.unit, unit) if line.unit else Fraction(1)


def production_rows(project: Project, plan: Plan | None, day: date, *, finished: bool) -> list[Row]:
    """The family, at the end of a day, for each line and the project."""
    lines = lines_on(project, plan, day)
    total = sum_of(lines)
    fitting = [line for line in lines if scale_to(line, total.unit) is not None]
    rows = [_utilization(fitting, total, plan, day)]
    rows += [_utilization([line], line, plan, day) for line in lines]
    for line in [total, *lines]:
        rows += _line_rows(line, plan, day, finished=finished)
    return rows


def _made(line: Line, since: date, day: date) -> tuple[Fraction, int]:
    """Output and number of reported days in [since, day]."""
    amounts = [amount for at, amount in line.output.items() if since <= at <= day]
    return sum(amounts, Fraction(0)), len(amounts)


def _line_rows(line: Line, plan: Plan | None, day: date, *, finished: bool) -> list[Row]:
    made, reported = _made(line, date.min, day)
    output: Value = made if reported else NO_DATA
    return [
        row("output_cumulative", line.id, _unit(line), output),
        _rolling(line, day, 7),
        _rolling(line, day, 30),
        *_plan_rows(line, plan, day, output, finished=finished),
    ]


def _unit(line: Line) -> str:
    return line.unit or "1"


def _rolling(line: Line, day: date, days: int) -> Row:
    made, reported = _made(line, _back(day, days - 1), day)
    enough = None if reported >= COVERAGE[days] else "no_data"
    kpi, unit = f"output_rolling_{days}d", f"{_unit(line)}/d"
    return ratio_row(kpi, line.id, unit, made, Fraction(reported), enough)


def _back(day: date, days: int) -> date:
    return max(date.min + days * ONE_DAY, day) - days * ONE_DAY


def _rolling_rate(line: Line, day: date) -> Value:
    made, reported = _made(line, _back(day, 6), day)
    return quotient(made, Fraction(reported), None if reported >= COVERAGE[7] else "no_data")


def _plan_rows(line: Line, plan: Plan | None, day: date, output: Value, *, finished: bool) -> list[Row]:
    unplanned = NO_BASELINE if plan is None else None if line.plan else NOT_PLANNED
    whole: Value = unplanned or sum((amount for _, _, amount in line.plan), Fraction(0))
    left: Value = unplanned or Fraction((max(end for _, end, _ in line.plan) - day).days)
    ahead = times(_rolling_rate(line, day), max(known(left) or Fraction(0), Fraction(0)))
    projected = unplanned or add(output, ahead)
    return [
        _attainment(line, plan, day, unplanned),
        _required_rate(line, subtract(whole, output), left, finished=finished),
        row("projected_output", line.id, _unit(line), projected),
    ]


def _attainment(line: Line, plan: Plan | None, day: date, unplanned: Null | None) -> Row:
    """Output since the start over the plan since the start, to date."""
    made: Value = NO_BASELINE
    planned: Value = NO_BASELINE
    if plan is not None:
        amount, reported = _made(line, plan.start, day)
        made = amount if reported else NO_DATA
        planned = unplanned or planned_between(line, plan.start, day)
    return ratio_row("plan_attainment", line.id, "%", made, planned)


def _required_rate(line: Line, rest: Value, left: Value, *, finished: bool) -> Row:
    """What is left of the plan over the days left; 0 of at least a day once the plan is met."""
    if isinstance(rest, Fraction):
        rest = max(rest, Fraction(0))
    if rest == 0 and isinstance(left, Fraction) and not finished:
        left = max(left, Fraction(1))
    passed = "target_passed" if isinstance(left, Fraction) and left <= 0 and rest != 0 else None
    complete = "complete" if finished else None
    return ratio_row("required_rate", line.id, f"{_unit(line)}/d", rest, left, complete, passed)


def _utilization(lines: list[Line], scope: Line, plan: Plan | None, day: date) -> Row:
    kpi = "capacity_utilization"
    if plan is None:
        return ratio_row(kpi, scope.id, "%", NO_BASELINE, NO_BASELINE)
    rated = [line for line in lines if line.per_day is not None]
    if not rated:
        return ratio_row(kpi, scope.id, "%", NOT_PLANNED, NOT_PLANNED)
    made, capacity, reported = Fraction(0), Fraction(0), 0
    for line in rated:
        scale = scale_to(line, scope.unit) or Fraction(1)
        amount, days = _made(line, _back(day, 29), day)
        made, reported = made + amount * scale, reported + days
        capacity += (line.per_day or 0) * days * scale
    return ratio_row(kpi, scope.id, "%", made, capacity, None if reported else "no_data")
