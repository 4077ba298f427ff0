"""Annual investment by hand-worked figures: completion of the year's plan, lead or lag by months, the turn of the year."""

from datetime import date
from typing import Any, Final

import pytest

from tests.builders import baseline, investment, retraction
from tests.builders import instant as at
from tests.folding import values_on

PLAN: Final = [{"year": 2024, "investment": 120}, {"year": 2025, "investment": 60}]
BUDGET: Final = {"value": 300, "unit": "亿元"}


def planned(plan: Any = None, *, start: int = -400, **sections: Any) -> bytes:
    return baseline(start=start, sections={"annual_plan": PLAN if plan is None else plan,
                                           "budget_at_completion": BUDGET, **sections})  # fmt: skip


def on(month: int, day: int, year: int = 2024) -> date:
    return date(year, month, day)


def test_completion_is_that_of_the_year_and_leads_the_months() -> None:
    values = values_on([planned(), investment(on(6, 30), 2024, 72)], on(6, 30))
    assert values.number("investment_completion") == 60
    assert values.parts("investment_completion") == (72, 120)
    assert values.number("investment_lead_lag") == 10
    assert [values.row(f"investment_{kpi}").unit for kpi in ("completion", "lead_lag")] == ["%", "pp"]


@pytest.mark.parametrize(
    ("day", "elapsed"),
    [
        (on(1, 31), 100 / 12),
        (on(2, 29), 100 * 2 / 12),
        (on(2, 28), 100 * (1 + 28 / 29) / 12),
        (on(2, 15, 2025), 100 * (1 + 15 / 28) / 12),
        (on(12, 31), 100),
        (on(1, 1), 100 / 31 / 12),
    ],
)
def test_time_passes_by_months_and_evenly_inside_one(day: date, elapsed: float) -> None:
    events = [planned(), *(investment(on(1, 1, year), year, 0) for year in (2024, 2025))]
    assert values_on(events, day).number("investment_lead_lag") == pytest.approx(-elapsed)


def test_a_new_year_begins_without_data_and_late_figures_of_the_old_one_change_nothing() -> None:
    events = [planned(), investment(on(12, 31), 2024, 130), investment(on(1, 10, 2025), 2024, 140)]
    assert values_on(events, on(12, 31)).number("investment_completion") == pytest.approx(100 * 130 / 120)
    for day in (on(1, 1, 2025), on(1, 10, 2025)):
        values = values_on(events, day)
        assert values.reason("investment_completion") == "no_data"
        assert values.parts("investment_completion") == (None, 60)
        assert values.reason("investment_lead_lag") == "no_data"
    later = [*events, investment(on(1, 20, 2025), 2025, 6)]
    assert values_on(later, on(1, 31, 2025)).number("investment_completion") == 10


def test_a_year_that_is_not_in_the_plan_is_not_planned() -> None:
    values = values_on([planned(), investment(on(1, 20, 2026), 2026, 6)], on(1, 20, 2026))
    assert values.reason("investment_completion") == values.reason("investment_lead_lag") == "not_planned"
    assert values.parts("investment_completion") == (6, None)


def test_a_year_planned_with_nothing_has_no_ratio() -> None:
    values = values_on([planned([{"year": 2024, "investment": 0}]), investment(on(3, 1), 2024, 5)], on(3, 1))
    assert (
        values.reason("investment_completion") == values.reason("investment_lead_lag") == "zero_denominator"
    )
    assert values.parts("investment_completion") == (5, 0)


def test_figures_are_told_in_the_unit_of_the_budget_and_others_take_no_part() -> None:
    events = [
        planned(),
        investment(on(1, 20), 2024, 240_000, "万元"),
        investment(on(2, 1), 2024, 9, "t"),
    ]
    assert values_on(events, on(2, 1)).parts("investment_completion") == (24, 120)


def test_without_a_budget_the_earliest_report_gives_the_unit() -> None:
    plan = baseline(start=-400, sections={"annual_plan": PLAN})
    reports = [
        investment(on(2, 1), 2024, 6, "亿元"),
        investment(on(12, 1, 2023), 2023, 9, "万元"),
        investment(on(3, 1), 2024, 7, "t"),
    ]
    assert values_on([plan, *reports], on(3, 1)).parts("investment_completion") == (60_000, 120)


def test_without_a_baseline_the_figure_is_told_and_not_rated() -> None:
    values = values_on([investment(on(2, 1), 2024, 6)], on(2, 1))
    assert values.reason("investment_completion") == values.reason("investment_lead_lag") == "no_baseline"
    assert values.parts("investment_completion") == (6, None)


def test_the_family_follows_the_annual_plan() -> None:
    values = values_on([planned([]), investment(on(2, 1), 2024, 6)], on(2, 1))
    assert values.scopes("investment_completion") == []


def test_a_correction_and_a_retraction_change_the_year() -> None:
    events = [planned(), investment(on(2, 1), 2024, 6), investment(on(2, 1), 2024, 12, revision=1)]
    assert values_on(events, on(2, 1)).number("investment_completion") == 10
    key = {"year": 2024, "as_of": on(2, 1)}
    taken_back = retraction("investment.reported", key, time=at(60), revision=2)
    assert values_on([*events, taken_back], on(2, 1)).reason("investment_completion") == "no_data"


def test_up_to_the_start_what_is_missing_has_not_started() -> None:
    events = [planned(start=0)]
    assert values_on(events, on(1, 1)).reason("investment_completion") == "not_started"
    assert values_on(events, on(1, 2)).reason("investment_completion") == "no_data"
