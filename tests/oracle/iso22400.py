"""ISO 22400 indicators of lines and of the project, from the reports that end on the day (semantics 6; kpi-definitions 4)."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracle.exact import RATE_DIGITS, converted, exact, factor, rate, rounded
from tests.oracle.production import Line, chosen_periods, fitting_reports, lines_on, scale_to, sum_of
from tests.oracle.project import Plan, Project
from tests.oracle.rows import Null, Row, Value, known, quotient, ratio_row, times
from tests.oracle.statements import Statement

NO_DATA = Null("no_data")
TIMES = {
    "PBT": "planned_busy_time", "AUBT": "unit_busy_time", "AUPT": "unit_processing_time", "APT": "production_time",
    "AUST": "setup_time", "ADET": "delay_time", "AOET": "order_execution_time",
}  # fmt: skip
SIMPLE = {
    "availability": ("APT", "PBT"),
    "effectiveness": ("PRI×PQ", "APT"),
    "oee": ("PRI×GQ", "PBT"),
    "allocation_efficiency": ("AUBT", "PBT"),
    "utilization_efficiency": ("APT", "AUBT"),
}
Told = dict[str, Fraction]
"""Figures by symbol; what is not told is not there."""


def run_time_per_item(report: Statement, unit: str) -> Fraction | None:
    """PRI in hours per `unit`."""
    hours = report.data.get("planned_run_time_per_item")
    scale = factor(unit, report.data["unit"])
    assert scale is not None
    return None if hours is None else rounded(exact(hours) * scale, RATE_DIGITS)


def figures(report: Statement, unit: str) -> Told:
    """What one report tells, quantities in `unit`."""
    data = report.data
    told = {symbol: rate(data[name]) for symbol, name in TIMES.items() if data.get(name) is not None}
    if "AUPT" not in told and {"APT", "AUST"} <= told.keys():
        told["AUPT"] = told["APT"] + told["AUST"]
    if "AUBT" not in told and {"AUPT", "ADET"} <= told.keys():
        told["AUBT"] = told["AUPT"] + told["ADET"]
    told |= _quantities(data, unit)
    per_item = run_time_per_item(report, unit)
    for quantity in {"PQ", "GQ"} & told.keys():
        if told[quantity] == 0:
            told[f"PRI×{quantity}"] = Fraction(0)
        elif per_item is not None:
            told[f"PRI×{quantity}"] = per_item * told[quantity]
    return told


def _quantities(data: dict[str, Any], unit: str) -> Told:
    made = converted(data["quantity"], data["unit"], unit)
    if data.get("good") is not None:
        return {"PQ": made, "GQ": converted(data["good"], data["unit"], unit)}
    bad = [
        converted(data[name], data["unit"], unit)
        for name in ("scrap", "rework")
        if data.get(name) is not None
    ]
    if bad or made == 0:
        return {"PQ": made, "GQ": max(made - sum(bad), Fraction(0))}
    return {"PQ": made}


def _added(parts: list[Told]) -> Told:
    """Sums of what all of them tell."""
    symbols = set.intersection(*(set(part) for part in parts)) if parts else set[str]()
    return {symbol: sum((part[symbol] for part in parts), Fraction(0)) for symbol in symbols}


def _of_line(project: Project, plan: Plan | None, line: Line, day: date) -> Told:
    planned = None if plan is None else plan.part("lines", line.id)
    key = ("counting", line.id, None if plan is None else plan.number)
    counting = project.memo(key, lambda: chosen_periods(fitting_reports(project, line.id, planned))[0])
    return _added([figures(report, line.unit) for report in counting if report.data["period_end"] == day])


def iso_rows(project: Project, plan: Plan | None, day: date) -> list[Row]:
    """The indicators of each line and of the project."""
    lines = lines_on(project, plan, day)
    total = sum_of(lines)
    rows, fitting = [], []
    for line in lines:
        told = _of_line(project, plan, line, day)
        rows += _rows(line.id, line.unit, [told] if told else [], plan)
        scale = scale_to(line, total.unit)
        if told and scale is not None:
            fitting.append({s: n * scale if s in {"PQ", "GQ"} else n for s, n in told.items()})
    return rows + _rows("", total.unit, fitting, plan)


def _sums(parts: list[Told], *symbols: str) -> list[Value]:
    """Sums over the parts that tell all the symbols; where none does, of each what is told of it, marked as no ratio."""
    whole = [part for part in parts if part.keys() >= set(symbols)]
    return [_sum_of(whole or parts, symbol) for symbol in symbols]


def _sum_of(parts: list[Told], symbol: str) -> Value:
    told = [part[symbol] for part in parts if symbol in part]
    return sum(told, Fraction(0)) if told else NO_DATA


def _rows(scope: str, unit: str, parts: list[Told], plan: Plan | None) -> list[Row]:
    unplanned = "no_baseline" if plan is None else None
    rows = [_row(kpi, scope, "%", parts, pair, unplanned) for kpi, pair in SIMPLE.items()]
    several = len([part for part in parts if {"PQ", "GQ"} <= part.keys()]) > 1
    quality = ("PRI×GQ", "PRI×PQ") if several else ("GQ", "PQ")
    rows.append(_row("quality_ratio", scope, "%", parts, quality, unplanned))
    rows.append(_row("throughput_rate", scope, f"{unit or '1'}/h", parts, ("PQ", "AOET"), unplanned))
    rows.append(_net_row(scope, parts, unplanned))
    return rows


def _row(
    kpi: str, scope: str, unit: str, parts: list[Told], pair: tuple[str, str], unplanned: str | None
) -> Row:
    apart = None if any(part.keys() >= set(pair) for part in parts) else "no_data"
    above, below = _sums(parts, *pair)
    return ratio_row(kpi, scope, unit, above, below, unplanned, apart)


def _net_row(scope: str, parts: list[Told], unplanned: str | None) -> Row:
    """(AUPT / PBT) × (PRI × PQ / APT) × (GQ / PQ), over PBT."""
    needed = ("AUPT", "PRI×GQ", "PRI×PQ", "APT")
    whole = [part for part in parts if part.keys() >= {*needed, "PBT"}]
    work = whole or [part for part in parts if part.keys() >= set(needed)]
    processing, good, _, production = (_sum_of(work, symbol) for symbol in needed)
    # Nothing made: no quality, so no product with it.
    made = None if known(_sum_of(work, "PQ")) != 0 else "zero_denominator"
    earned = times(processing, quotient(good, production, made))
    planned = _sum_of(whole or parts, "PBT")
    return ratio_row("nee", scope, "%", earned, planned, unplanned, None if whole else "no_data")


def effectiveness_over_100(report: Statement, counting: list[Statement], unit: str) -> bool:
    """The reports that count of a period are planned to take longer than they took, and this one of them does."""
    if report not in counting:
        return False
    own, all_of_them = figures(report, unit), _added([figures(each, unit) for each in counting])
    return _above(all_of_them) and own["PRI×PQ"] > own["APT"]


def _above(told: Told) -> bool:
    return told.get("APT", Fraction(0)) > 0 and told.get("PRI×PQ", Fraction(0)) > told["APT"]
