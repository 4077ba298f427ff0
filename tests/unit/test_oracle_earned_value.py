"""The oracle's earned value and milestones against published examples and figures worked by hand."""

from datetime import timedelta

import pytest

from tests.builders import baseline, cost, day, instant, milestone, retraction, status, value, work
from tests.oracle.looking import rows_on, says

TOLERANCE = 1e-12


def test_the_example_of_the_pra_package_comes_out() -> None:
    """CRAN package PRA, vignette "Earned Value Management": BAC 100 000, planned 40 %, earned 35 %, spent 36 000."""
    curve = [
        {"date": day(n), "value": v}
        for n, v in ((10, 10_000), (20, 20_000), (30, 40_000), (40, 70_000), (50, 100_000))
    ]
    plan = baseline(
        sections={"planned_value": curve, "budget_at_completion": {"value": 100_000, "unit": "USD"}}
    )
    said = says([plan, value(30, 35_000), cost(30, 36_000, "USD")], day(30))
    assert said["planned_value"] == 40_000
    assert said["cost_variance"] == -1000
    assert said["schedule_variance"] == -5000
    assert said["cpi"] == pytest.approx(0.9722222, abs=1e-7)
    assert said["spi"] == 0.875
    assert said["eac"] == pytest.approx(102_857.1, abs=0.05)


def test_the_example_of_the_pmev_package_comes_out() -> None:
    """CRAN package pmev, README: value 150 000, PV 25 144.5, EV 13 878.46, AC 10 000."""
    curve = [{"date": day(10), "value": 25_144.5}, {"date": day(20), "value": 150_000}]
    plan = baseline(
        sections={"planned_value": curve, "budget_at_completion": {"value": 150_000, "unit": "AUD"}}
    )
    said = says([plan, value(10, 13_878.46), cost(10, 10_000, "AUD")], day(10))
    assert said["schedule_variance"] == -11_266.04
    assert said["cost_variance"] == 3878.46
    assert round(said["cpi"], 2) == 1.39
    assert round(said["eac"], 1) == 108_081.2
    assert round(said["etc"], 1) == 98_081.2
    assert round(said["tcpi"], 2) == 0.97


def test_to_complete_index_of_a_textbook_example() -> None:
    """BAC 100, planned 70, earned 50, spent 70: SPI = CPI = 0.714, TCPI = 1.667 (a common PMP exercise)."""
    plan = baseline(
        sections={
            "planned_value": [{"date": day(7), "value": 70}, {"date": day(10), "value": 100}],
            "budget_at_completion": {"value": 100, "unit": "CNY"},
        }
    )
    rows = rows_on([plan, value(7, 50), cost(7, 70)], day(7))
    assert [round(rows[kpi]["value"], 3) for kpi in ("spi", "cpi", "tcpi")] == [0.714, 0.714, 1.667]
    assert rows["tcpi_eac"]["value"] == pytest.approx(rows["cpi"]["value"], abs=TOLERANCE)
    assert rows["sci"]["value"] == pytest.approx(25 / 49, abs=TOLERANCE)
    assert rows["eac_sci"]["value"] == pytest.approx(70 + 50 * 49 / 25, abs=TOLERANCE)
    assert (rows["tcpi"]["numerator"], rows["tcpi"]["denominator"]) == (50, 30)


WORK = baseline(
    sections={
        "finish": day(20),
        "work_items": [
            {"id": "a", "quantity": 100, "unit": "t", "weight": 3},
            {"id": "b", "quantity": 10, "unit": "km", "start": day(10)},
        ],
    }
)


def test_work_items_earn_by_weight_and_plan_linearly() -> None:
    said = says(
        [WORK, work("a", 5, 50)], day(5), "planned_value", "earned_value", "percent_complete", "actual_cost"
    )
    assert said == {
        "planned_value": 18.75,
        "earned_value": 37.5,
        "percent_complete": 37.5,
        "actual_cost": "no_data",
    }
    assert says([WORK, work("a", 5, 50)], day(15), "planned_value") == {
        "planned_value": 100 * (3 * 0.75 + 0.5) / 4
    }


def test_units_are_converted_and_another_dimension_does_not_count() -> None:
    reports = [work("a", 5, 50_000, "kg"), work("a", 6, 60, "km"), work("b", 6, 2500, "m")]
    assert says([WORK, *reports], day(6), "earned_value") == {"earned_value": 100 * (3 * 0.5 + 0.25) / 4}


def test_more_than_the_quantity_is_all_of_it() -> None:
    said = says([WORK, work("a", 5, 120), work("b", 5, 10, "km")], day(5))
    assert said["earned_value"] == 100
    assert said["tcpi"] == "no_data"
    assert said["report_overdue"] == said["target_days_late"] == "complete"


def test_before_the_start_indices_are_not_started() -> None:
    said = says([WORK], day(0))
    assert (
        said["earned_value"] == said["planned_value"] == said["actual_cost"] == said["percent_complete"] == 0
    )
    assert {
        said[kpi] for kpi in ("spi", "cpi", "sci", "tcpi", "eac", "etc", "vac", "tcpi_eac", "eac_sci")
    } == {"not_started"}
    assert said["eac_budget"] == 100


def test_nothing_reported_after_the_start_is_no_data() -> None:
    said = says([WORK], day(1))
    assert {said[kpi] for kpi in ("earned_value", "spi", "cpi", "eac", "eac_budget", "tcpi")} == {"no_data"}
    assert said["planned_value"] == 3.75


def test_spent_budget_and_free_work_have_reasons() -> None:
    plan = baseline(sections={"budget_at_completion": {"value": 100, "unit": "CNY"}, "progress_by": "value"})
    said = says([plan, value(5, 50), cost(5, 100)], day(5))
    assert said["tcpi"] == "budget_exhausted"
    assert said["planned_value"] == "not_planned"
    assert said["spi"] == said["sci"] == said["eac_sci"] == "not_planned"
    free = says([plan, value(5, 50), cost(5, 0)], day(5))
    assert free["cpi"] == free["eac"] == free["vac"] == "zero_denominator"
    idle = says([plan, value(5, 0), cost(5, 10)], day(5))
    assert (idle["cpi"], idle["eac"], idle["eac_budget"]) == (0, "zero_denominator", 110)


MILESTONES = baseline(
    sections={
        "milestones": [
            {"id": "late", "finish": day(10), "weight": 1},
            {"id": "same day", "finish": day(10), "weight": 1},
            {"id": "last", "finish": day(20), "weight": 2},
        ]
    }
)


def test_milestones_without_start_run_from_the_previous_finish() -> None:
    assert says([MILESTONES], day(5), "planned_value") == {"planned_value": 25}
    assert says([MILESTONES], day(15), "planned_value") == {"planned_value": 75}


def test_milestone_figures_to_date() -> None:
    reports = [
        milestone("late", 8, percent=60),
        milestone("late", 12, percent=100),
        milestone("same day", 9, actual=9),
        milestone("last", 11, forecast=25),
    ]
    at_ten = says([MILESTONES, *reports], day(10))
    assert at_ten["milestone_slip late"] == 0
    assert at_ten["milestone_slip same day"] == -1
    assert at_ten["milestone_slip last"] == "no_data"
    assert at_ten["milestones_overdue"] == 0
    assert (at_ten["milestone_hit_rate"], at_ten["milestone_bei"]) == (50, 0.5)
    assert at_ten["earned_value"] == 40
    at_twelve = says([MILESTONES, *reports], day(12))
    assert (at_twelve["milestone_slip late"], at_twelve["milestone_slip last"]) == (2, 5)
    assert (at_twelve["milestone_on_time_rate"], at_twelve["milestone_bei"]) == (50, 1)
    assert says([MILESTONES, *reports], day(11), "milestones_overdue") == {"milestones_overdue": 1}


def test_a_field_left_out_keeps_its_value_and_null_clears_it() -> None:
    kept = [milestone("last", 5, percent=50), milestone("last", 6, forecast=22)]
    assert says([MILESTONES, *kept], day(6), "earned_value", "milestone_slip last") == {
        "earned_value": 25, "milestone_slip last": 2,
    }  # fmt: skip
    cleared = [*kept, milestone("last", 7, percent=None)]
    assert says([MILESTONES, *cleared], day(7), "earned_value") == {"earned_value": "no_data"}


def test_achieved_is_the_first_day_of_the_unbroken_run_of_100() -> None:
    reports = [milestone("late", n, percent=p) for n, p in ((5, 100), (6, 90), (7, 100), (9, 100))]
    assert says([MILESTONES, *reports], day(20), "milestone_slip late") == {"milestone_slip late": -3}


def test_a_later_baseline_holds_from_its_approval() -> None:
    later = baseline(2, sections={"approved_on": day(15), "milestones": [{"id": "last", "finish": day(30)}]})
    assert says([MILESTONES, later], day(14), "milestone_slip last", "baseline_shift last") == {
        "milestone_slip last": "no_data", "baseline_shift last": 0,
    }  # fmt: skip
    rows = rows_on([MILESTONES, later], day(15))
    assert rows["baseline_shift last"]["value"] == 10
    assert rows["baseline_shift last"]["baseline"] == 2
    assert "milestone_slip late" not in rows


def test_without_a_baseline_there_is_no_plan() -> None:
    said = says([work("a", 5, 50), cost(5, 3)], day(5))
    assert said["earned_value"] == said["actual_cost"] == said["report_overdue"] == "no_baseline"
    assert said["report_age"] == 0


def test_a_status_finishes_a_project() -> None:
    plan = baseline(sections={"finish": day(10), "budget_at_completion": {"value": 10, "unit": "CNY"}})
    values = [plan, value(5, 8), cost(5, 9), status(12, "completed"), status(14, "resumed")]
    assert says(values, day(11), "tcpi", "target_days_late") == {"tcpi": 2, "target_days_late": 1}
    assert says(values, day(13), "tcpi", "target_days_late") == {
        "tcpi": "complete",
        "target_days_late": "complete",
    }
    assert says(values, day(14), "target_days_late") == {"target_days_late": 4}


def test_a_retraction_takes_a_statement_back() -> None:
    late = instant(9) + timedelta(hours=1)
    gone = retraction("work.reported", {"item": "a", "as_of": day(6)}, time=late)
    assert says([WORK, work("a", 5, 10), work("a", 6, 60), gone], day(6), "earned_value") == {
        "earned_value": 7.5
    }


def test_a_higher_revision_wins_over_a_later_time() -> None:
    revised = work("a", 5, 20, revision=1)
    later = work("a", 5, 80, time=instant(9))
    assert says([WORK, later, revised], day(5), "earned_value") == {"earned_value": 15}
