"""Cases in which the core and the oracle once disagreed, as the law decides them."""

import pytest

from streams.core.findings import findings_of
from tests.builders import assigned, baseline, cost, day, milestone, status, survey, tally, value, work
from tests.folding import folded, values_on


def test_whatever_is_null_up_to_the_start_has_not_started() -> None:
    plan = baseline(
        sections={
            "budget_at_completion": {"value": 0, "unit": "CNY"},
            "finish": day(9),
            "milestones": [{"id": "m", "finish": day(9)}],
        }
    )
    values = values_on([plan, status(0, "completed")], 0)
    assert values.reason("milestone_slip", "m") == "not_started"
    assert values.reason("percent_spent") == "not_started"
    assert values.reason("target_days_late") == "not_started"
    assert values.reason("target_margin") == "not_started"


def test_half_a_day_between_reports_is_half_a_day() -> None:
    plan = baseline(sections={"report_every": "PT12H"})
    values = values_on([plan, status(1)], 4)
    assert values.number("report_overdue") == 2
    assert values.parts("reporting_coverage_7d") == (1, 7)


def test_a_district_that_only_a_task_names_has_rows_before_a_baseline() -> None:
    values = values_on([assigned("t", 1, district="d"), tally(1, 5, district="e")], 1)
    assert values.scopes("quantity_done") == ["", "d", "e"]
    assert values.number("quantity_done", "d") == 0


def test_work_without_a_quantity_cannot_be_measured() -> None:
    plan = baseline(sections={"work_items": [{"id": "a", "quantity": 10, "unit": "t"}, {"id": "b"}]})
    values = values_on([plan, work("a", 3, 5), work("b", 3, 5)], 3)
    assert values.reason("earned_value") == "not_planned"
    assert values.reason("spi") == "not_planned"


def test_milestones_that_finish_on_one_day_run_together() -> None:
    parts = [{"id": part, "finish": day(10)} for part in "ab"]
    values = values_on([baseline(sections={"milestones": parts})], 5)
    assert values.number("planned_value") == 50


def test_of_two_points_on_one_day_the_larger_is_planned() -> None:
    curve = [{"date": day(10), "value": planned} for planned in (10, 40)]
    values = values_on([baseline(sections={"planned_value": curve})], 5)
    assert values.number("planned_value") == 20


@pytest.mark.parametrize("spent", [0, 100])
def test_complete_comes_before_want_of_money(spent: float) -> None:
    plan = baseline(sections={"budget_at_completion": {"value": 100, "unit": "CNY"}})
    values = values_on([plan, value(3, 100), cost(3, spent)], 3)
    assert values.reason("tcpi") == "complete"
    assert values.reason("tcpi_eac") == "complete"


def test_a_margin_that_no_forecast_can_have_is_not_planned_even_after_the_finish() -> None:
    plan = baseline(sections={"finish": day(9)})
    values = values_on([plan, status(3, "completed")], 4)
    assert values.reason("target_days_late") == "complete"
    assert values.reason("target_margin") == "not_planned"


def test_an_actual_finish_that_is_cleared_takes_the_achievement_with_it() -> None:
    plan = baseline(sections={"milestones": [{"id": "m", "finish": day(9)}]})
    reports = [milestone("m", 3, percent=30, actual=3), milestone("m", 5, actual=None)]
    assert values_on([plan, *reports], 4).number("milestone_slip", "m") == -6
    cleared = values_on([plan, *reports], 5)
    assert cleared.reason("milestone_slip", "m") == "no_data"
    assert cleared.number("earned_value") == 30


def test_an_actual_finish_keeps_the_run_of_100_percent_until_it_is_cleared() -> None:
    plan = baseline(sections={"milestones": [{"id": "m", "finish": day(9)}]})
    reports = [
        milestone("m", 3, actual=2),
        milestone("m", 4, percent=90),
        milestone("m", 6, percent=100, actual=None),
    ]
    assert values_on([plan, *reports], 6).number("milestone_slip", "m") == -6


def test_a_total_in_the_unit_of_another_baseline_is_no_total_of_this_one() -> None:
    district = {"districts": [{"id": "d", "total": 50}]}
    metres = baseline(1, sections={"campaign": {**district, "unit": "m"}})
    homes = baseline(2, sections={"campaign": {**district, "unit": "户"}, "approved_on": day(3)})
    neither = baseline(3, sections={"approved_on": day(8)})
    tallies = [tally(2, 0, total=0, unit="m", district="d"), tally(4, 5, unit="户", district="d"), status(9)]
    found = findings_of(folded([metres, homes, neither, *tallies]), day(9).toordinal())
    assert [finding["finding"] for finding in found] == []


def test_a_survey_with_a_population_needs_no_planned_one() -> None:
    plan = baseline(sections={"restart": {"target_rate": 90}})
    values = values_on([plan, survey(1, 50, 100), survey(3, 70)], 3)
    assert values.number("resumption_pace") == 10
    assert values.number("resumption_gap") == -20
