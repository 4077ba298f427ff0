"""Earned value by hand-worked figures; formulas of ANSI/EIA-748 and the PMI Practice Standard, 2nd edition."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.core.evaluation import evaluate
from streams.core.project import Project
from streams.core.statements import statement_of
from streams.core.values import Value

ZONE = ZoneInfo("Asia/Shanghai")


class Folded:
    """A project folded from payloads."""

    def __init__(self) -> None:
        self.project = Project("p", ZONE)
        self.count = 0

    def add(self, kind: str, /, **data: Any) -> "Folded":
        self.count += 1
        event = {
            "id": str(self.count),
            "source": "s",
            "type": f"milepost.{kind}.v1",
            "time": datetime(2024, 6, 1, tzinfo=UTC),
            "data": data,
        }
        self.project.fold(statement_of(event, b'{"data":{"n":%d}}' % self.count, self.count))
        return self

    def on(self, day: date) -> dict[tuple[str, str], Value]:
        return {(value.kpi, value.scope): value for value in evaluate(self.project, day.toordinal())[1]}


def planned(**more: Any) -> Folded:
    plan = {
        "baseline": 1,
        "name": "P",
        "start": date(2024, 1, 1),
        "finish": date(2024, 1, 11),
        "budget_at_completion": {"value": 1000.0, "unit": "CNY"},
        "planned_value": [{"date": date(2024, 1, 11), "value": 1000.0}],
        "progress_by": "value",
    }
    return Folded().add("project.baselined", **{**plan, **more})


def number(values: dict[tuple[str, str], Value], kpi: str, scope: str = "") -> float | None:
    return values[kpi, scope].value


def reason(values: dict[tuple[str, str], Value], kpi: str, scope: str = "") -> str | None:
    return values[kpi, scope].reason


def test_variances_indices_and_forecasts_of_a_late_and_dear_project() -> None:
    project = planned().add("value.reported", as_of=date(2024, 1, 6), earned_value=400.0)
    project.add("cost.reported", as_of=date(2024, 1, 6), actual_cost=500.0, unit="CNY")
    values = project.on(date(2024, 1, 6))
    expected = {
        "budget_at_completion": 1000,
        "planned_value": 500,
        "earned_value": 400,
        "actual_cost": 500,
        "schedule_variance": -100,
        "cost_variance": -100,
        "spi": 0.8,
        "cpi": 0.8,
        "sci": 0.64,
        "percent_complete": 40,
        "percent_scheduled": 50,
        "percent_spent": 50,
        "eac": 1250,
        "eac_budget": 1100,
        "eac_sci": 500 + 600 / 0.64,
        "etc": 750,
        "vac": -250,
        "tcpi": 1.2,
        "tcpi_eac": 0.8,
    }
    for kpi, wanted in expected.items():
        assert number(values, kpi) == pytest.approx(wanted, abs=1e-12), kpi
    assert values["spi", ""].numerator == 400 * 10**12
    assert values["spi", ""].denominator == 500 * 10**12
    assert values["eac", ""].unit == "CNY"


def test_before_the_start_indices_have_not_started_and_amounts_are_zero() -> None:
    values = planned().on(date(2024, 1, 1))
    assert number(values, "planned_value") == 0
    assert number(values, "earned_value") == 0
    for kpi in ("spi", "cpi", "sci", "tcpi", "tcpi_eac", "eac"):
        assert reason(values, kpi) == "not_started", kpi


def test_without_a_report_after_the_start_there_is_no_earned_value() -> None:
    values = planned().on(date(2024, 1, 6))
    assert number(values, "planned_value") == 500
    for kpi in ("earned_value", "spi", "cpi", "percent_complete", "actual_cost", "schedule_variance"):
        assert reason(values, kpi) == "no_data", kpi
    assert values["spi", ""].denominator == 500 * 10**12


def test_a_cost_of_zero_leaves_the_cost_index_without_denominator() -> None:
    project = planned().add("value.reported", as_of=date(2024, 1, 6), earned_value=400.0)
    values = project.add("cost.reported", as_of=date(2024, 1, 6), actual_cost=0.0, unit="CNY").on(
        date(2024, 1, 6)
    )
    assert reason(values, "cpi") == "zero_denominator"
    assert reason(values, "eac") == "zero_denominator"
    assert number(values, "cost_variance") == 400


def test_nothing_earned_for_some_cost_is_a_true_zero() -> None:
    project = planned().add("value.reported", as_of=date(2024, 1, 6), earned_value=0.0)
    values = project.add("cost.reported", as_of=date(2024, 1, 6), actual_cost=10.0, unit="CNY").on(
        date(2024, 1, 6)
    )
    assert number(values, "cpi") == 0
    assert reason(values, "eac") == "zero_denominator"


def test_the_rest_cannot_be_done_when_the_budget_is_spent() -> None:
    project = planned().add("value.reported", as_of=date(2024, 1, 6), earned_value=400.0)
    values = project.add("cost.reported", as_of=date(2024, 1, 6), actual_cost=0.1, unit="万元").on(
        date(2024, 1, 6)
    )
    assert number(values, "actual_cost") == 1000
    assert reason(values, "tcpi") == "budget_exhausted"


def test_a_complete_project_needs_no_index_for_the_rest() -> None:
    project = planned().add("value.reported", as_of=date(2024, 1, 6), earned_value=1500.0)
    values = project.add("cost.reported", as_of=date(2024, 1, 6), actual_cost=900.0, unit="CNY").on(
        date(2024, 1, 8)
    )
    assert number(values, "earned_value") == 1000
    assert number(values, "percent_complete") == 100
    for kpi in ("tcpi", "tcpi_eac", "target_days_late", "report_overdue"):
        assert reason(values, kpi) == "complete", kpi


def test_weighted_milestones_earn_and_plan_linearly() -> None:
    milestones = [
        {"id": "a", "weight": 3.0, "finish": date(2024, 1, 5)},
        {"id": "b", "weight": 1.0, "finish": date(2024, 1, 9)},
    ]
    project = Folded().add(
        "project.baselined",
        baseline=1,
        name="P",
        start=date(2024, 1, 1),
        finish=date(2024, 1, 9),
        milestones=milestones,
    )
    project.add("milestone.reported", milestone="a", as_of=date(2024, 1, 3), percent_complete=50.0)
    values = project.on(date(2024, 1, 7))
    assert number(values, "earned_value") == 37.5
    assert number(values, "planned_value") == 87.5
    assert values["earned_value", ""].unit == "%"
    assert number(values, "milestone_slip", "a") == 2
    assert reason(values, "milestone_slip", "b") == "no_data"
    assert number(values, "milestones_overdue") == 1


def test_a_forecast_alone_does_not_erase_the_percent_and_null_clears_it() -> None:
    project = Folded().add(
        "project.baselined",
        baseline=1,
        name="P",
        start=date(2024, 1, 1),
        milestones=[{"id": "a", "finish": date(2024, 1, 5)}],
    )
    project.add("milestone.reported", milestone="a", as_of=date(2024, 1, 2), percent_complete=40.0)
    project.add("milestone.reported", milestone="a", as_of=date(2024, 1, 3), forecast_finish=date(2024, 1, 8))
    values = project.on(date(2024, 1, 3))
    assert number(values, "percent_complete") == 40
    assert number(values, "milestone_slip", "a") == 3
    project.add("milestone.reported", milestone="a", as_of=date(2024, 1, 4), forecast_finish=None)
    assert reason(project.on(date(2024, 1, 4)), "milestone_slip", "a") == "no_data"


def test_a_milestone_is_achieved_on_the_first_day_of_the_unbroken_run_of_100() -> None:
    project = Folded().add(
        "project.baselined",
        baseline=1,
        name="P",
        start=date(2024, 1, 1),
        milestones=[{"id": "a", "finish": date(2024, 1, 3)}],
    )
    for day, percent in ((2, 100.0), (3, 90.0), (4, 100.0), (5, 100.0)):
        project.add("milestone.reported", milestone="a", as_of=date(2024, 1, day), percent_complete=percent)
    values = project.on(date(2024, 1, 6))
    assert number(values, "milestone_slip", "a") == 1
    assert number(values, "milestone_hit_rate") == 0
    assert number(values, "milestone_bei") == 1
    assert number(project.on(date(2024, 1, 2)), "milestone_slip", "a") == -1


def test_work_above_its_quantity_counts_as_all_of_it_and_other_dimensions_not_at_all() -> None:
    items = [{"id": "w", "quantity": 2.0, "unit": "km"}, {"id": "x", "quantity": 10.0, "unit": "m3"}]
    project = Folded().add(
        "project.baselined",
        baseline=1,
        name="P",
        start=date(2024, 1, 1),
        finish=date(2024, 1, 11),
        work_items=items,
    )
    project.add("work.reported", item="w", as_of=date(2024, 1, 2), quantity=2500.0, unit="m")
    project.add("work.reported", item="x", as_of=date(2024, 1, 2), quantity=5.0, unit="t")
    assert number(project.on(date(2024, 1, 2)), "percent_complete") == 50


def test_a_new_baseline_leaves_earlier_days_alone_and_shows_its_shift() -> None:
    milestones = [{"id": "a", "finish": date(2024, 1, 5)}]
    project = Folded().add(
        "project.baselined", baseline=1, name="P", start=date(2024, 1, 1), milestones=milestones
    )
    later = [{"id": "a", "finish": date(2024, 1, 9)}]
    project.add(
        "project.baselined",
        baseline=2,
        name="P",
        start=date(2024, 1, 1),
        approved_on=date(2024, 1, 7),
        milestones=later,
    )
    assert number(project.on(date(2024, 1, 6)), "milestone_slip", "a") == 1
    values = project.on(date(2024, 1, 7))
    assert reason(values, "milestone_slip", "a") == "no_data"
    assert number(values, "baseline_shift", "a") == 4


def test_without_a_baseline_there_is_only_what_needs_no_plan() -> None:
    project = Folded().add("milestone.reported", milestone="a", as_of=date(2024, 1, 2), percent_complete=40.0)
    values = project.on(date(2024, 1, 4))
    assert number(values, "report_age") == 2
    assert {value.reason for value in values.values() if value.kpi != "report_age"} == {"no_baseline"}
