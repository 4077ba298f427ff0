"""Campaigns by hand-worked figures: tallies, districts, tasks, lead or lag, pace and projected finish."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from streams.core.finish import view_of
from streams.core.kpis import campaign
from streams.core.kpis.time_progress import time_progress
from tests.builders import assigned, baseline, day, instant, retraction, status, tally, task
from tests.folding import folded, values_on

LAST_OF_YEAR = date(2024, 12, 31)


def planned(*districts: dict[str, Any], start: int = 0, **section: Any) -> bytes:
    fields = {"total": 100, "unit": "t", "due": day(30), "districts": list(districts) or None, **section}
    given = {name: said for name, said in fields.items() if said is not None}
    return baseline(start=start, sections={"campaign": given})


def test_a_tally_against_total_due_day_and_last_week() -> None:
    events = [planned(), tally(3, 10), tally(10, 45)]
    values = values_on(events, 10)
    assert values.number("quantity_done") == 45
    assert values.row("quantity_done").unit == "t"
    assert values.number("completion_rate") == 45
    assert values.parts("completion_rate") == (45, 100)
    assert values.number("lead_lag") == pytest.approx(45 - 100 / 3)
    assert values.number("required_pace") == 2.75
    assert values.parts("required_pace") == (55, 20)
    assert values.row("required_pace").unit == "t/d"
    # 35 in 7 days: 55 more take 11 days.
    assert values.number("projected_finish") == 11
    assert values.date("projected_finish") == day(21)


def test_a_finish_inside_a_day_is_on_that_day() -> None:
    values = values_on([planned(), tally(3, 10), tally(10, 46)], 10)
    assert values.number("projected_finish") == 10.5
    assert values.date("projected_finish") == day(21)


def test_a_young_campaign_has_its_pace_since_the_start() -> None:
    values = values_on([planned(), tally(4, 20)], 4)
    assert values.number("projected_finish") == 16
    values = values_on([planned(), tally(0, 4), tally(4, 20)], 4)
    assert values.number("projected_finish") == 20


def test_what_nobody_told_by_the_week_before_is_no_pace() -> None:
    assert values_on([planned(), tally(10, 20)], 10).reason("projected_finish") == "no_data"
    assert values_on([planned(), tally(7, 20)], 7).number("projected_finish") == 28


@pytest.mark.parametrize(("newest", "reason"), [(10, "no_pace"), (9, "unreachable")])
def test_a_pace_that_leads_nowhere_has_no_finish(newest: int, reason: str) -> None:
    values = values_on([planned(), tally(3, 10), tally(10, newest)], 10)
    assert values.reason("projected_finish") == reason


def test_a_passed_due_day_with_work_left_requires_what_cannot_be() -> None:
    values = values_on([planned(), tally(25, 40)], 30)
    assert values.reason("required_pace") == "target_passed"
    assert values.parts("required_pace") == (60, 0)
    assert values.number("lead_lag") == -60


def test_at_its_total_the_campaign_is_complete_and_may_go_beyond() -> None:
    events = [planned(), tally(3, 50), tally(9, 120)]
    values = values_on(events, 10)
    assert values.number("completion_rate") == 120
    assert values.reason("required_pace") == "complete"
    assert values.reason("projected_finish") == "complete"
    view = view_of(folded(events), day(10).toordinal())
    assert campaign.target_reached(view)
    assert view.finish == day(9).toordinal()
    assert not campaign.target_reached(view_of(folded(events), day(8).toordinal()))


def test_the_whole_is_the_sum_of_the_districts() -> None:
    events = [planned({"id": "N", "total": 40}, {"id": "S", "total": 80}), tally(3, 10, district="N"),
              tally(5, 20, district="S")]  # fmt: skip
    values = values_on(events, 5)
    assert values.number("quantity_done") == 30
    assert values.parts("completion_rate") == (30, 120)
    assert values.number("completion_rate", "N") == 25
    assert values.number("completion_rate", "S") == 25
    assert values.scopes("completion_rate") == ["", "N", "S"]


def test_the_total_of_the_whole_is_the_plan_unless_every_district_has_one() -> None:
    events = [planned({"id": "N", "total": 40}, {"id": "S"}), tally(3, 10, district="N")]
    assert values_on(events, 3).parts("completion_rate") == (10, 100)
    assert values_on(events, 3).reason("completion_rate", "S") == "not_planned"
    events.append(tally(3, 5, total=25, district="S"))
    assert values_on(events, 3).parts("completion_rate") == (15, 65)


def test_a_tally_without_district_overrides_the_sum() -> None:
    districts = ({"id": "N", "total": 40}, {"id": "S", "total": 80})
    events = [planned(*districts), tally(3, 10, district="N"), tally(2, 33)]
    assert values_on(events, 3).parts("completion_rate") == (33, 100)
    assert values_on([*events, tally(3, 34, total=50)], 3).parts("completion_rate") == (34, 50)
    assert values_on(events, 3).number("quantity_done", "N") == 10


def test_a_told_total_is_carried_until_it_is_cleared() -> None:
    events = [planned(), tally(1, 10, total=50), tally(2, 20), tally(3, 30, total=None), tally(4, 40)]
    totals = [values_on(events, n).parts("completion_rate")[1] for n in (1, 2, 3, 4)]
    assert totals == [50, 50, 100, 100]


def test_a_district_at_its_total_before_its_campaign_needs_no_pace() -> None:
    events = [planned({"id": "N", "total": 40}, {"id": "S", "total": 80}), tally(3, 40, district="N")]
    values = values_on(events, 3)
    assert values.number("required_pace", "N") == 0
    assert values.parts("required_pace", "N") == (0, 27)
    assert values.reason("projected_finish", "N") == "complete"
    assert values.number("required_pace") == pytest.approx(80 / 27)
    # Also after its due day.
    assert values_on(events, 31).number("required_pace", "N") == 0


def test_a_district_has_its_own_due_day_or_that_of_the_campaign() -> None:
    districts = ({"id": "N", "total": 40, "due": day(10)}, {"id": "S", "total": 80})
    events = [planned(*districts), tally(5, 20, district="N"), tally(5, 20, district="S")]
    values = values_on(events, 5)
    assert values.parts("required_pace", "N") == (20, 5)
    assert values.parts("required_pace", "S") == (60, 25)
    assert values.number("lead_lag", "N") == 0


def test_units_are_converted_and_another_dimension_or_district_takes_no_part() -> None:
    events = [planned({"id": "N"}), tally(1, 5000, total=20000, unit="kg", district="N"), tally(2, 9, unit="km"),
              tally(3, 9, district="X"), tally(4, 9, unit="km", total=7, district="N")]  # fmt: skip
    values = values_on(events, 4)
    assert values.number("quantity_done") == 5
    assert values.parts("completion_rate", "N") == (5, 20)
    assert values.scopes("quantity_done") == ["", "N"]


def test_without_a_planned_unit_the_earliest_tally_names_it() -> None:
    events = [planned(unit=None), tally(1, 5), tally(2, 6, unit="km"), tally(3, 7000, unit="m")]
    assert values_on(events, 1).row("quantity_done").unit == "1"
    assert values_on(events, 3).row("quantity_done").unit == "km"
    assert values_on(events, 3).number("quantity_done") == 7


def test_tasks_done_over_those_not_withdrawn() -> None:
    events = [
        planned(total=None, unit=None),
        *(assigned(f"T{n}", 0, due=3) for n in range(5)),
        assigned("late", 6),
    ]
    events += [task("T0", 2), task("T1", 2), task("T1", 4, "reopened"), task("T2", 3, "withdrawn")]
    values = values_on(events, 4)
    assert values.parts("completion_rate") == (1, 4)
    assert values.number("completion_rate") == 25
    assert values.number("quantity_done") == 1
    assert values.row("quantity_done").unit == "1"
    assert values.number("tasks_overdue") == 3
    assert values_on(events, 3).number("tasks_overdue") == 0
    assert values_on(events, 3).parts("completion_rate") == (2, 4)
    # A task counts from the day on which it was assigned.
    assert values_on(events, 6).parts("completion_rate") == (1, 5)


def test_the_planned_total_counts_when_larger_than_the_tasks_known() -> None:
    tasks = [assigned(f"T{n}", 0) for n in range(4)]
    assert values_on([planned(total=10), *tasks, task("T0", 1)], 1).parts("completion_rate") == (1, 10)
    assert values_on([planned(total=2), *tasks, task("T0", 1)], 1).parts("completion_rate") == (1, 4)


def test_a_withdrawn_task_leaves_the_scope_also_of_a_planned_total() -> None:
    tasks = [assigned(f"T{n}", 0) for n in range(5)]
    gone = [task("T4", 1, "withdrawn"), task("T0", 1)]
    assert values_on([planned(total=5), *tasks, *gone], 1).parts("completion_rate") == (1, 4)
    assert values_on([planned(total=9), *tasks, *gone], 1).parts("completion_rate") == (1, 8)
    done = [task(f"T{n}", 2) for n in range(4)]
    values = values_on([planned(total=5), *tasks, *gone, *done], 2)
    assert values.number("completion_rate") == 100
    assert values.reason("projected_finish") == "complete"


def test_tasks_of_districts_that_all_have_a_total_count_against_the_sum_of_theirs() -> None:
    districts = ({"id": "N", "total": 40}, {"id": "S", "total": 1})
    events = [
        planned(*districts, total=None),
        *(assigned(f"N{n}", 0, district="N") for n in range(4)),
        task("N0", 1),
    ]
    events += [assigned("S0", 0, district="S"), assigned("S1", 0, district="S"), task("S1", 1, "withdrawn")]
    values = values_on(events, 1)
    assert values.parts("completion_rate", "N") == (1, 40)
    assert values.parts("completion_rate", "S") == (0, 1)
    assert values.parts("completion_rate") == (1, 41)
    # A task of no district belongs to the campaign alone.
    values = values_on(
        [*events, assigned("x", 0), assigned("y", 0), task("x", 1), task("y", 1, "withdrawn")], 1
    )
    assert values.parts("completion_rate") == (2, 42)


def test_a_campaign_that_plans_nothing_but_itself_counts_its_tasks() -> None:
    bare = baseline(sections={"campaign": {}})
    values = values_on([bare, assigned("a", 0, due=1), assigned("b", 0), task("b", 1)], 2)
    assert values.parts("completion_rate") == (1, 2)
    assert values.number("tasks_overdue") == 1
    assert values.reason("required_pace") == "not_planned"


def test_tasks_have_rows_by_district() -> None:
    districts = ({"id": "N", "total": 3}, {"id": "S"})
    events = [planned(*districts, total=None), assigned("a", 0, district="N"), assigned("b", 0, district="S", due=1),
              assigned("c", 0), assigned("d", 0, district="X"), task("a", 1), task("c", 1)]  # fmt: skip
    values = values_on(events, 2)
    assert values.parts("completion_rate") == (2, 3)
    assert values.parts("completion_rate", "N") == (1, 3)
    assert values.parts("completion_rate", "S") == (0, 1)
    assert values.number("tasks_overdue", "S") == 1
    assert values.number("tasks_overdue", "N") == 0


def test_a_district_of_a_task_is_a_label_where_the_plan_names_none() -> None:
    values = values_on([planned(total=None), assigned("a", 0, district="X"), task("a", 1)], 1)
    assert values.parts("completion_rate") == (1, 1)


def test_a_tally_stands_above_tasks() -> None:
    events = [planned(), assigned("a", 0, due=0), tally(1, 30)]
    values = values_on(events, 1)
    assert values.parts("completion_rate") == (30, 100)
    assert values.number("tasks_overdue") == 1


def test_the_pace_of_tasks_counts_what_was_done_a_week_before() -> None:
    tasks = [assigned(f"T{n}", 0 if n < 5 else 5) for n in range(10)]
    events = [planned(total=None), *tasks, task("T0", 2), *(task(f"T{n}", 8) for n in range(1, 8))]
    # One of ten by day 3, eight by day 10: two more take two days.
    assert values_on(events, 10).number("projected_finish") == 2
    late = [planned(total=None), assigned("a", 8), assigned("b", 8), task("a", 9)]
    assert values_on(late, 10).number("projected_finish") == 7


def test_a_report_of_a_task_that_nobody_assigned_takes_no_part() -> None:
    values = values_on([planned(total=None), task("ghost", 1)], 1)
    assert values.reason("quantity_done") == "no_data"
    assert values.reason("tasks_overdue") == "no_data"


def test_a_campaign_of_withdrawn_tasks_has_no_rate() -> None:
    values = values_on([planned(total=None), assigned("a", 0), task("a", 1, "withdrawn")], 1)
    assert values.reason("completion_rate") == "zero_denominator"
    assert values.reason("lead_lag") == "zero_denominator"
    assert values.number("required_pace") == 0
    assert values.reason("projected_finish") == "complete"


def test_without_a_baseline_only_the_quantity_is_computed() -> None:
    values = values_on(
        [tally(1, 5, total=9, unit="km", district="N"), tally(2, 6, unit="km", district="S")], 2
    )
    assert values.number("quantity_done") == 11
    assert values.number("quantity_done", "N") == 5
    for kpi in ("completion_rate", "tasks_overdue", "lead_lag", "required_pace", "projected_finish"):
        assert values.reason(kpi) == "no_baseline"
    assert values.parts("completion_rate", "N") == (5, 9)


def test_before_any_tally_there_is_no_data_and_up_to_the_start_nothing_started() -> None:
    for kpi in (
        "completion_rate",
        "tasks_overdue",
        "quantity_done",
        "lead_lag",
        "required_pace",
        "projected_finish",
    ):
        assert values_on([planned()], 1).reason(kpi) == "no_data"
        assert values_on([planned()], 0).reason(kpi) == "not_started"
    assert values_on([planned()], 1).parts("completion_rate") == (None, 100)


def test_without_a_due_day_there_is_no_lead_and_no_required_pace() -> None:
    values = values_on([planned(due=None), tally(1, 5)], 1)
    assert values.reason("lead_lag") == "not_planned"
    assert values.reason("required_pace") == "not_planned"
    assert values.number("completion_rate") == 5


def test_the_margin_is_the_due_day_of_the_campaign_less_the_instant_of_the_finish() -> None:
    values = values_on([planned(), tally(3, 10), tally(10, 46)], 10)
    assert values.number("target_margin") == 30 - 20.5
    assert values.number("target_days_late") == -20
    # Without a due day of its own, that of the project.
    undated = baseline(sections={"campaign": {"total": 100}, "finish": day(25)})
    values = values_on([undated, tally(3, 10), tally(10, 46)], 10)
    assert values.number("target_margin") == 25 - 20.5
    assert values.reason("required_pace") == "not_planned"


def test_an_assignment_that_is_stated_again_replaces_the_one_before() -> None:
    events = [
        planned(total=None),
        assigned("a", 0, due=2),
        task("a", 1, "withdrawn"),
        task("a", 4, "reopened"),
    ]
    assert values_on(events, 3).number("tasks_overdue") == 0
    assert values_on(events, 4).number("tasks_overdue") == 1
    events.append(assigned("a", 3, due=9, time=instant(5)))
    assert values_on(events, 4).number("tasks_overdue") == 0
    # It counts from the day that now stands.
    assert values_on(events, 2).reason("quantity_done") == "no_data"


def test_a_task_that_was_done_before_its_assignment_is_done_from_then_on() -> None:
    events = [planned(total=None), assigned("a", 3), task("a", 1)]
    assert values_on(events, 2).reason("quantity_done") == "no_data"
    assert values_on(events, 3).parts("completion_rate") == (1, 1)


def test_an_older_tally_of_the_whole_stands_above_newer_ones_of_districts() -> None:
    districts = ({"id": "N", "total": 40}, {"id": "S", "total": 80})
    events = [planned(*districts, total=None), tally(1, 33), tally(5, 40, district="N")]
    values = values_on(events, 6)
    assert values.number("quantity_done") == 33
    # A tally of the whole takes its own total or that of the campaign, and there is none.
    assert values.reason("completion_rate") == "not_planned"


def test_a_district_that_has_not_been_tallied_adds_nothing_to_the_whole() -> None:
    events = [planned({"id": "N", "total": 40}, {"id": "S", "total": 80}), tally(3, 10, district="N")]
    values = values_on(events, 3)
    assert values.parts("completion_rate") == (10, 120)
    assert values.reason("completion_rate", "S") == "no_data"
    assert values.parts("completion_rate", "S") == (None, 80)


def test_a_finished_project_needs_no_pace() -> None:
    values = values_on(
        [planned({"id": "N", "total": 9}), tally(1, 5), tally(1, 3, district="N"), status(2, "completed")], 2
    )
    for scope in ("", "N"):
        assert values.reason("required_pace", scope) == "complete"
        assert values.reason("projected_finish", scope) == "complete"


def test_a_retracted_tally_gives_the_sum_of_the_districts_back() -> None:
    key = {"as_of": day(3)}
    events = [planned({"id": "N", "total": 40}), tally(2, 10, district="N"), tally(3, 99)]
    taken_back = retraction("tally.reported", key, time=instant(5))
    assert values_on([*events, taken_back], 3).number("quantity_done") == 10


@pytest.mark.parametrize(
    ("on", "share"),
    [
        (date(2024, 1, 31), Fraction(1, 12)),
        (date(2024, 2, 29), Fraction(2, 12)),
        (date(2024, 6, 15), Fraction(11, 24)),
        (date(2024, 1, 1), Fraction(1, 372)),
        (date(2023, 12, 31), Fraction(0)),
        (LAST_OF_YEAR, Fraction(1)),
        (date(2025, 3, 1), Fraction(1)),
    ],
)
@pytest.mark.parametrize("start", [date(2023, 12, 31), date(2024, 1, 1)])
def test_a_campaign_of_a_whole_year_counts_months(start: date, on: date, share: Fraction) -> None:
    assert time_progress(start.toordinal(), LAST_OF_YEAR.toordinal(), on.toordinal()) == share


def test_other_campaigns_count_days_within_their_time() -> None:
    start, due = day(0).toordinal(), day(40).toordinal()
    shares = [time_progress(start, due, start + n) for n in (-5, 0, 10, 40, 50)]
    assert shares == [0, 0, Fraction(1, 4), 1, 1]
    three_years = (date(2022, 1, 1).toordinal(), LAST_OF_YEAR.toordinal())
    assert time_progress(*three_years, date(2023, 7, 2).toordinal()) == Fraction(547, 1095)
    assert time_progress(start, start, start) == 1


def test_the_bulletin_figure_of_lead_and_lag_comes_out_by_months() -> None:
    events = [planned(due=LAST_OF_YEAR), tally(date(2024, 4, 30), 40)]
    assert values_on(events, date(2024, 4, 30)).number("lead_lag") == pytest.approx(40 - 100 / 3)
    assert day(0) + timedelta(days=365) == LAST_OF_YEAR
