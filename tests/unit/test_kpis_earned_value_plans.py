"""Earned value on plans of parts and curves: fallbacks, units, the finish, what is null and why; by hand-worked figures."""

import math
from typing import Any

import pytest

from schemas.catalog import KPIS
from streams.core.evaluation import evaluate
from streams.core.finish import view_of
from tests.builders import baseline, cost, day, milestone, status, value, work
from tests.folding import folded, values_on

REPORTING = {name for name, definition in KPIS.items() if definition.family == "reporting"}


def budgeted(value_: float = 1000, unit: str = "CNY", **sections: Any) -> bytes:
    return baseline(sections={"budget_at_completion": {"value": value_, "unit": unit}, **sections})


def curve(*points: tuple[int, float]) -> list[dict[str, Any]]:
    return [{"date": day(on), "value": planned_} for on, planned_ in points]


def test_the_textbook_fence_of_four_sides() -> None:
    """Common PMP exercise: a side a day at 1000; after day 3 two and a half sides stand for 2800."""
    sides = [
        {"id": f"side-{n}", "quantity": 1, "unit": "side", "start": day(n), "finish": day(n + 1)}
        for n in range(4)
    ]
    events = [
        budgeted(4000, "USD", work_items=sides),
        work("side-0", 1, 1, "side"),
        work("side-1", 2, 1, "side"),
    ]
    events += [
        work("side-2", 3, 0.5, "side"),
        cost(1, 1000, "USD"),
        cost(2, 2200, "USD"),
        cost(3, 2800, "USD"),
    ]
    values = values_on(events, 3)
    amounts = ("planned_value", "earned_value", "actual_cost", "cost_variance", "schedule_variance")
    assert [values.number(kpi) for kpi in amounts] == [3000, 2500, 2800, -300, -500]
    assert [round(values.number(kpi), 3) for kpi in ("cpi", "spi")] == [0.893, 0.833]
    assert [round(values.number(kpi)) for kpi in ("eac", "etc", "vac")] == [4480, 1680, -480]
    assert values.number("tcpi_eac") == pytest.approx(values.number("cpi"), abs=1e-12)


@pytest.mark.parametrize(
    ("sections", "budget", "unit"),
    [
        ({"budget_at_completion": {"value": 7, "unit": "亿元"}, "planned_value": curve((5, 3))}, 7, "亿元"),
        ({"planned_value": curve((5, 30), (9, 250))}, 250, "%"),
        ({"milestones": [{"id": "a"}]}, 100, "%"),
        ({"progress_by": "value"}, 100, "%"),
    ],
)
def test_the_budget_is_that_of_the_plan_else_the_end_of_its_curve_else_100_percent(
    sections: dict[str, Any], budget: float, unit: str
) -> None:
    values = values_on([baseline(sections=sections)], 3)
    assert values.number("budget_at_completion") == budget
    assert values.row("budget_at_completion").unit == unit


def test_planned_value_is_linear_between_points_from_nothing_at_the_start() -> None:
    plan = budgeted(planned_value=curve((4, 100), (6, 100), (10, 900)))
    numbers = [values_on([plan], on).number("planned_value") for on in (-3, 0, 1, 4, 5, 6, 8, 10, 99)]
    assert numbers == [0, 0, 25, 100, 100, 100, 500, 900, 900]
    # The curve ends below the budget: nine tenths are all that is scheduled.
    assert values_on([plan], 99).number("percent_scheduled") == 90


def test_where_nothing_is_planned_yet_the_schedule_index_has_not_started() -> None:
    values = values_on([budgeted(planned_value=curve((5, 0), (10, 1000))), value(3, 20), cost(3, 10)], 3)
    assert values.reason("spi") == "not_started"
    assert values.parts("spi") == (20, 0)
    for kpi in ("sci", "eac_sci"):
        assert values.reason(kpi) == "not_started"
    assert values.number("cpi") == 2
    assert values.number("schedule_variance") == 20
    assert values.number("percent_scheduled") == 0


def test_milestones_run_from_their_start_else_from_the_finish_before_in_order_of_finish() -> None:
    parts = [
        {"id": "last", "finish": day(20)},
        {"id": "first", "finish": day(4)},
        {"id": "own", "start": day(2), "finish": day(10)},
    ]
    plan = budgeted(300, milestones=parts)
    # first: 0 to 4, own: 2 to 10, last: 10 to 20.
    numbers = [values_on([plan], on).number("planned_value") for on in (0, 1, 2, 4, 6, 10, 15, 20)]
    assert numbers == [0, 25, 50, 125, 150, 200, 250, 300]


def test_work_without_planned_days_takes_those_of_the_project() -> None:
    items = [
        {"id": "a", "quantity": 5, "unit": "t"},
        {"id": "b", "quantity": 9, "unit": "t", "start": day(5)},
    ]
    assert values_on([budgeted(finish=day(10), work_items=items)], 6).number("planned_value") == 400
    values = values_on([budgeted(work_items=items), work("a", 6, 5)], 6)
    assert values.reason("planned_value") == "not_planned"
    assert values.reason("spi") == "not_planned"
    assert values.number("percent_complete") == 50


def test_progress_comes_from_where_the_plan_says_else_from_work_then_milestones_then_value() -> None:
    everything = {
        "milestones": [{"id": "m", "finish": day(9)}],
        "work_items": [{"id": "w", "quantity": 10, "unit": "t"}],
    }
    reports = [milestone("m", 2, percent=10), work("w", 2, 2), value(2, 300)]

    def percent(**sections: Any) -> float:
        return values_on([budgeted(**sections), *reports], 2).number("percent_complete")

    assert percent(**everything) == 20
    assert percent(**everything, progress_by="milestones") == 10
    assert percent(**everything, progress_by="value") == 30
    assert percent(milestones=everything["milestones"]) == 10
    assert percent() == 30
    values = values_on([budgeted(progress_by="work"), *reports], 2)
    assert values.reason("earned_value") == "not_planned"


def test_parts_count_from_their_reports_and_the_others_as_nothing_once_one_has_reported() -> None:
    parts = [{"id": "a", "weight": 1}, {"id": "b", "weight": 3}, {"id": "c"}]
    events = [budgeted(500, milestones=parts), milestone("b", 4, percent=50), milestone("a", 6, percent=100)]
    assert values_on(events, 0).number("earned_value") == 0
    assert values_on(events, 3).reason("earned_value") == "no_data"
    assert values_on(events, 4).number("earned_value") == 150
    assert values_on(events, 6).number("earned_value") == 250


def test_what_is_reported_before_the_start_counts_and_indices_wait() -> None:
    values = values_on([budgeted(planned_value=curve((10, 1000))), value(-2, 50), cost(-1, 40)], 0)
    assert values.number("earned_value") == 50
    assert values.number("cost_variance") == 10
    assert values.number("percent_complete") == 5
    assert values.number("eac_budget") == 990
    for kpi in ("spi", "cpi", "sci", "eac", "eac_sci", "etc", "vac", "tcpi", "tcpi_eac"):
        assert values.reason(kpi) == "not_started", kpi
    assert values.parts("cpi") == (50, 40)


def test_cost_is_converted_and_cost_of_another_dimension_takes_no_part() -> None:
    events = [
        budgeted(2, "亿元", progress_by="value"),
        cost(1, 5000, "万元"),
        cost(2, 9, "t"),
        cost(3, 1, "USD"),
    ]
    assert values_on(events, 3).number("actual_cost") == 0.5
    assert values_on(events, 3).number("percent_spent") == 25
    assert values_on([budgeted(), cost(3, 1, "USD")], 3).reason("actual_cost") == "no_data"


def test_progress_in_percent_has_no_cost() -> None:
    values = values_on(
        [baseline(sections={"milestones": [{"id": "a"}]}), milestone("a", 2, percent=5), cost(2, 9)], 2
    )
    assert values.number("earned_value") == 5
    for kpi in ("actual_cost", "cpi", "eac", "eac_budget", "percent_spent", "tcpi"):
        assert values.reason(kpi) == "no_data", kpi


@pytest.mark.parametrize(
    ("earned", "spent", "reason"),
    [
        (400, 1000, "budget_exhausted"),
        (400, 1200, "budget_exhausted"),
        (1000, 1200, "complete"),
        (1000, 10, "complete"),
    ],
)
def test_the_index_for_the_rest_is_complete_before_it_is_without_money(
    earned: float, spent: float, reason: str
) -> None:
    values = values_on([budgeted(), value(3, earned), cost(3, spent)], 3)
    assert values.reason("tcpi") == reason
    assert values.parts("tcpi") == (1000 - earned, 1000 - spent)
    assert values.number("percent_spent") == spent / 10


def test_after_the_finish_cost_and_plan_go_on() -> None:
    plan = budgeted(planned_value=curve((10, 1000)))
    events = [plan, value(4, 1000), cost(4, 800), cost(8, 1250)]
    values = values_on(events, 8)
    assert view_of(folded(events), day(8).toordinal()).finish == day(4).toordinal()
    assert values.number("spi") == 1.25
    assert values.number("cpi") == 0.8
    assert values.number("eac") == 1250
    assert values.number("etc") == 0
    assert values.number("eac_sci") == 1250


def test_the_finish_is_the_first_day_of_the_unbroken_run() -> None:
    events = [
        budgeted(),
        value(2, 1000),
        value(4, 900),
        status(6, "completed"),
        value(8, 1000),
        status(9, "resumed"),
    ]

    def finish(on: int) -> int | None:
        found = view_of(folded(events), day(on).toordinal()).finish
        return None if found is None else found - day(0).toordinal()

    assert [finish(on) for on in (1, 2, 3, 4, 5, 6, 8, 10)] == [None, 2, 2, None, None, 6, 6, 6]
    events.append(value(8, 999, revision=1))
    assert [finish(on) for on in (8, 9)] == [6, None]


def test_a_project_said_to_be_completed_needs_no_index_for_the_rest() -> None:
    events = [
        budgeted(planned_value=curve((9, 1000))),
        value(3, 900),
        cost(3, 900),
        status(4, "commissioned"),
    ]
    values = values_on(events, 4)
    assert values.reason("tcpi") == "complete"
    assert values.number("cpi") == 1
    assert values_on(events, 3).number("tcpi") == 1


def test_a_budget_of_nothing_gives_reasons_and_no_infinity() -> None:
    values = values_on([budgeted(0, planned_value=curve((9, 0))), value(3, 5), cost(3, 8)], 3)
    assert [values.reason(f"percent_{part}") for part in ("complete", "scheduled", "spent")] == [
        "zero_denominator"
    ] * 3
    assert values.number("earned_value") == 0
    assert values.reason("eac") == "zero_denominator"
    assert all(row.value is None or math.isfinite(row.value) for row in values.all)


def test_a_project_of_one_day_is_planned_by_the_end_of_the_next() -> None:
    plan = budgeted(finish=day(0), milestones=[{"id": "a", "finish": day(0)}])
    assert values_on([plan], 0).number("planned_value") == 0
    assert values_on([plan], 1).number("planned_value") == 1000
    assert values_on([plan, milestone("a", 1, percent=100)], 1).number("spi") == 1


def test_large_amounts_over_forty_years_stay_exact() -> None:
    plan = budgeted(4e15, planned_value=curve((14610, 4e15)))
    values = values_on([plan, value(7305, 2e15), cost(7305, 1e15 + 0.5)], 7305)
    assert values.parts("spi") == (2e15, 2e15)
    assert values.row("actual_cost").value == 1e15 + 0.5
    assert values.row("cpi").denominator == 1_000_000_000_000_000_500_000_000_000
    assert values.number("eac") == pytest.approx(2e15 + 1, rel=1e-15)


def test_thirds_do_not_drift() -> None:
    parts = [{"id": str(n), "weight": 0.1} for n in range(3)]
    events = [budgeted(100, milestones=parts), *(milestone(str(n), 2, percent=100) for n in range(2))]
    assert values_on(events, 2).number("percent_complete") == 200 / 3
    assert values_on([*events, milestone("2", 2, percent=100)], 2).number("earned_value") == 100


def test_a_new_budget_holds_from_its_approval() -> None:
    events = [budgeted(), value(3, 500)]
    events.append(
        baseline(2, sections={"budget_at_completion": {"value": 2000, "unit": "CNY"}, "approved_on": day(5)})
    )
    assert values_on(events, 4).number("percent_complete") == 50
    assert values_on(events, 5).number("percent_complete") == 25


def test_a_plan_without_budget_curve_or_parts_has_no_earned_value() -> None:
    values = values_on([baseline(), value(2, 5), cost(2, 5)], 2)
    assert {row.kpi for row in values.all} == REPORTING


@pytest.mark.parametrize(
    ("report", "families"),
    [
        (value(1, 5), {"earned_value", "earned_schedule", "reporting"}),
        (cost(1, 5), {"earned_value", "earned_schedule", "reporting"}),
        (work("w", 1, 5), {"earned_value", "earned_schedule", "reporting"}),
        (milestone("m", 1, percent=5), {"earned_value", "earned_schedule", "milestones", "reporting"}),
        (status(1), {"reporting"}),
    ],
)
def test_before_a_baseline_the_families_are_those_of_what_was_stated(
    report: bytes, families: set[str]
) -> None:
    project = folded([report])
    baseline_in_force, values = evaluate(project, day(1).toordinal())
    assert baseline_in_force == 0
    assert {KPIS[value_.kpi].family for value_ in values} == families
    assert {value_.reason for value_ in values if value_.kpi != "report_age"} == {"no_baseline"}
    assert {value_.kpi for value_ in evaluate(project, day(0).toordinal())[1]} == REPORTING
