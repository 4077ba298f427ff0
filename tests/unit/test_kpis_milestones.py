"""Milestones by hand-worked figures: slip, shift, overdue, hit rate, on-time rate and execution index to date."""

from datetime import date
from typing import Any

import pytest

from tests.builders import baseline, day, instant, milestone, retraction
from tests.folding import values_on

COUNTS = ("milestones_overdue", "milestone_hit_rate", "milestone_on_time_rate", "milestone_bei")


def planned(
    number: int = 1, start: int = 0, sections: dict[str, Any] | None = None, **finishes: Any
) -> bytes:
    """A baseline of milestones by name, each with the number of its planned day."""
    parts = [
        {"id": name, "finish": None if finish is None else day(finish)} for name, finish in finishes.items()
    ]
    return baseline(number, start=start, sections={"milestones": parts, **(sections or {})})


def test_slip_is_actual_else_forecast_else_the_day_itself_minus_the_plan() -> None:
    events = [planned(early=10, late=10, forecast=10, silent=10), milestone("early", 8, actual=7)]
    events += [milestone("late", 14, actual=13), milestone("forecast", 9, percent=20, forecast=18)]
    values = values_on(events, 14)
    assert values.scopes("milestone_slip") == ["early", "late", "forecast", "silent"]
    slips = [values.number("milestone_slip", name) for name in values.scopes("milestone_slip")]
    assert slips == [-3, 3, 8, 4]
    assert values.row("milestone_slip", "early").unit == "d"


def test_what_is_achieved_takes_precedence_over_its_forecast() -> None:
    events = [planned(a=10), milestone("a", 5, forecast=15), milestone("a", 9, percent=100)]
    assert values_on(events, 8).number("milestone_slip", "a") == 5
    assert values_on(events, 9).number("milestone_slip", "a") == -1


def test_without_a_forecast_there_is_no_slip_before_the_planned_day_and_none_on_it() -> None:
    events = [planned(a=5)]
    assert values_on(events, 0).reason("milestone_slip", "a") == "not_started"
    assert values_on(events, 4).reason("milestone_slip", "a") == "no_data"
    assert values_on(events, 5).number("milestone_slip", "a") == 0
    assert values_on(events, 6).number("milestone_slip", "a") == 1


def test_due_today_is_due_but_not_overdue() -> None:
    events = [planned(a=5)]
    assert values_on(events, 5).number("milestones_overdue") == 0
    assert values_on(events, 5).parts("milestone_hit_rate") == (0, 1)
    assert values_on(events, 6).number("milestones_overdue") == 1


def test_what_is_achieved_on_its_planned_day_is_on_time() -> None:
    values = values_on([planned(a=5), milestone("a", 5, percent=100)], 5)
    assert values.number("milestone_hit_rate") == 100
    assert values.number("milestone_on_time_rate") == 100
    assert values.number("milestones_overdue") == 0


def test_rates_to_date_of_a_list_with_early_late_missed_and_future_milestones() -> None:
    """On day 20: a hit, b late, c missed, d early and not due, e open and not due."""
    events = [
        planned(a=5, b=10, c=15, d=30, e=40),
        milestone("a", 5, actual=4),
        milestone("b", 12, actual=12),
    ]
    events += [milestone("c", 19, percent=99.9), milestone("d", 20, actual=18)]
    values = values_on(events, 20)
    assert values.parts("milestone_hit_rate") == (1, 3)
    assert values.number("milestone_hit_rate") == pytest.approx(100 / 3)
    assert values.parts("milestone_on_time_rate") == (2, 3)
    assert values.number("milestone_on_time_rate") == pytest.approx(200 / 3)
    # The early one makes up for the missed one.
    assert values.parts("milestone_bei") == (3, 3)
    assert values.number("milestone_bei") == 1
    assert values.number("milestones_overdue") == 1
    assert {kpi: values.row(kpi).unit for kpi in COUNTS} == dict(
        zip(COUNTS, ("1", "%", "%", "1"), strict=True)
    )


def test_before_anything_is_due_there_are_no_rates() -> None:
    values = values_on([planned(a=5)], 1)
    for kpi in COUNTS[1:]:
        assert values.reason(kpi) == "zero_denominator"
        assert values.parts(kpi) == (0, 0)
        assert values_on([planned(a=5)], 0).reason(kpi) == "not_started"
    assert values.number("milestones_overdue") == 0


def test_an_actual_finish_counts_from_the_report_that_tells_it() -> None:
    events = [planned(a=5), milestone("a", 9, actual=4)]
    assert values_on(events, 8).number("milestones_overdue") == 1
    assert values_on(events, 8).parts("milestone_hit_rate") == (0, 1)
    values = values_on(events, 9)
    assert values.number("milestone_slip", "a") == -1
    assert values.number("percent_complete") == 100
    assert values.parts("milestone_hit_rate") == (1, 1)


def test_an_actual_finish_is_kept_until_null_clears_it() -> None:
    events = [
        planned(a=5),
        milestone("a", 4, actual=4),
        milestone("a", 7, percent=90),
        milestone("a", 9, actual=None),
    ]
    assert values_on(events, 8).number("percent_complete") == 100
    assert values_on(events, 8).number("milestone_slip", "a") == -1
    assert values_on(events, 9).number("percent_complete") == 90
    assert values_on(events, 9).number("milestones_overdue") == 1


def test_days_on_which_a_cleared_finish_held_stand_in_the_run_of_100() -> None:
    kept = [planned(a=5), milestone("a", 2, actual=2), milestone("a", 4, percent=90)]
    # Day 4 counts as 100 by the finish that day 2 told; the run goes on.
    assert (
        values_on([*kept, milestone("a", 6, percent=100, actual=None)], 7).number("milestone_slip", "a") == -3
    )
    # Day 4 takes it all back; the run begins anew.
    broken = [
        planned(a=5),
        milestone("a", 2, actual=2),
        milestone("a", 4, actual=None),
        milestone("a", 6, percent=100),
    ]
    assert values_on(broken, 7).number("milestone_slip", "a") == 1


def test_a_report_without_a_percent_does_not_break_the_run_of_100() -> None:
    events = [
        planned(a=5),
        milestone("a", 3, percent=100),
        milestone("a", 6, forecast=9),
        milestone("a", 8, percent=100),
    ]
    assert values_on(events, 8).number("milestone_slip", "a") == -2
    cleared = [
        planned(a=5),
        milestone("a", 3, percent=100),
        milestone("a", 6, percent=None),
        milestone("a", 8, percent=100),
    ]
    assert values_on(cleared, 8).number("milestone_slip", "a") == 3


def test_progress_that_falls_back_reopens_a_milestone() -> None:
    events = [planned(a=5), milestone("a", 4, percent=100), milestone("a", 6, percent=80)]
    assert values_on(events, 5).number("milestones_overdue") == 0
    values = values_on(events, 6)
    assert values.number("milestones_overdue") == 1
    assert values.parts("milestone_on_time_rate") == (0, 0)


def test_a_revision_replaces_its_whole_statement() -> None:
    events = [
        planned(a=5),
        milestone("a", 4, percent=100, forecast=4),
        milestone("a", 4, forecast=9, revision=1),
    ]
    values = values_on(events, 4)
    assert values.number("milestone_slip", "a") == 4
    assert values.reason("percent_complete") == "no_data"


def test_a_retracted_report_gives_back_what_stood_before() -> None:
    events = [planned(a=5), milestone("a", 3, percent=40, forecast=6), milestone("a", 4, percent=100)]
    events.append(retraction("milestone.reported", {"milestone": "a", "as_of": day(4)}, time=instant(8)))
    values = values_on(events, 7)
    assert values.number("percent_complete") == 40
    assert values.number("milestone_slip", "a") == 1


def test_a_milestone_without_a_planned_day_takes_part_in_progress_only() -> None:
    values = values_on([planned(a=5, b=None), milestone("b", 3, percent=100)], 6)
    assert values.reason("milestone_slip", "b") == "not_planned"
    assert values.reason("baseline_shift", "b") == "not_planned"
    assert values.parts("milestone_bei") == (0, 1)
    assert values.number("percent_complete") == 50


def test_without_any_planned_day_nothing_can_be_due() -> None:
    values = values_on([planned(a=None), milestone("a", 3, percent=100)], 6)
    assert {values.reason(kpi) for kpi in COUNTS} == {"not_planned"}


def test_an_unknown_milestone_takes_no_part() -> None:
    values = values_on([planned(a=5), milestone("x", 3, percent=100)], 6)
    assert values.scopes("milestone_slip") == ["a"]
    assert values.parts("milestone_bei") == (0, 1)
    assert values.reason("percent_complete") == "no_data"


def test_shift_is_the_baseline_in_force_against_the_first_from_its_approval_on() -> None:
    events = [
        planned(1, a=5, b=20, gone=9),
        planned(2, a=8, b=15, new=30, sections={"approved_on": day(3)}),
        planned(3, a=12, b=20, sections={"approved_on": day(9)}),
    ]
    assert values_on(events, 2).number("baseline_shift", "a") == 0
    second = values_on(events, 3)
    assert second.scopes("baseline_shift") == ["a", "b", "new"]
    assert [second.number("baseline_shift", name) for name in "ab"] == [3, -5]
    assert second.reason("baseline_shift", "new") == "not_planned"
    third = values_on(events, 9)
    assert [third.number("baseline_shift", name) for name in "ab"] == [7, 0]


def test_a_second_baseline_without_approval_holds_from_the_day_on_which_it_was_stated() -> None:
    restated = planned(2, a=8)
    stated = baseline(2, sections={"milestones": [{"id": "a", "finish": day(8)}]}, time=instant(4, hour=1))
    assert values_on([planned(a=5), stated], 3).number("baseline_shift", "a") == 0
    assert values_on([planned(a=5), stated], 4).number("baseline_shift", "a") == 3
    # By itself it is the first one, and holds whatever the day.
    assert values_on([restated], 1).number("baseline_shift", "a") == 0


def test_the_greatest_of_the_approved_baselines_holds_and_before_them_the_first() -> None:
    events = [
        planned(1, a=5, sections={"approved_on": day(6)}),
        planned(2, a=9, sections={"approved_on": day(3)}),
    ]
    shifts = [values_on(events, on).number("baseline_shift", "a") for on in (2, 3, 6, 7)]
    assert shifts == [0, 4, 4, 4]


def test_a_retracted_baseline_leaves_its_days_to_the_one_before() -> None:
    events = [planned(1, a=5), planned(2, a=9, sections={"approved_on": day(3)})]
    gone = retraction("project.baselined", {"baseline": 2}, time=instant(7))
    assert values_on(events, 4).number("baseline_shift", "a") == 4
    assert values_on([*events, gone], 4).number("baseline_shift", "a") == 0
    first_gone = retraction("project.baselined", {"baseline": 1}, time=instant(7))
    assert values_on([*events, first_gone], 1).number("baseline_shift", "a") == 0
    assert values_on([*events, first_gone], 1).reason("milestone_slip", "a") == "no_data"


def test_a_corrected_first_baseline_moves_the_shift() -> None:
    corrected = planned(1, a=7, sections={"revision": 1})
    events = [planned(1, a=5), planned(2, a=9, sections={"approved_on": day(3)}), corrected]
    assert values_on(events, 4).number("baseline_shift", "a") == 2


def test_without_a_baseline_each_reported_milestone_has_its_rows() -> None:
    values = values_on(
        [milestone("b", 3, percent=10), milestone("a", 1, forecast=9), milestone("c", 5, percent=1)], 4
    )
    assert values.scopes("milestone_slip") == ["a", "b"]
    rows = [row for row in values.all if row.kpi in {*COUNTS, "milestone_slip", "baseline_shift"}]
    assert len(rows) == 8
    assert {row.reason for row in rows} == {"no_baseline"}


def test_slips_over_forty_years_and_a_leap_day_are_counted_in_days() -> None:
    events = [
        baseline(start=date(1984, 1, 1), sections={"milestones": [{"id": "a", "finish": date(1984, 2, 29)}]})
    ]
    assert values_on(events, date(2024, 2, 29)).number("milestone_slip", "a") == 14610
