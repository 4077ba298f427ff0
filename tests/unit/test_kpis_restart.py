"""Restart by hand-worked figures; the published one is Luoyang's of 17 February 2024: 1487 of 1949, 76.3 %."""

from datetime import date, timedelta
from typing import Any

import pytest

from streams.core.finish import view_of
from streams.core.kpis import restart
from tests.builders import baseline, event, instant, retraction, status, survey
from tests.folding import folded, values_on

HOLIDAY_END = date(2024, 2, 17)
DUE = date(2024, 2, 24)


def planned(**more: Any) -> bytes:
    section = {"population": 1949, "target_rate": 100, "due": DUE, "holiday_end": HOLIDAY_END, **more}
    return baseline(
        start=date(2024, 2, 10),
        sections={"restart": {field: said for field, said in section.items() if said is not None}},
    )


def test_the_published_restart_asks_for_3_39_points_a_day() -> None:
    values = values_on([planned(), survey(HOLIDAY_END, 1487)], HOLIDAY_END)
    assert round(values.number("resumption_rate"), 1) == 76.3
    assert values.parts("resumption_rate") == (1487, 1949)
    assert values.number("resumption_gap") == pytest.approx(100 * 1487 / 1949 - 100)
    assert round(values.number("required_pace"), 2) == 3.39
    assert values.number("required_pace") / 100 * 1949 == pytest.approx(66)
    assert values.row("required_pace").unit == "pp/d"
    assert values.parts("required_pace")[1] == 7


def test_a_single_survey_has_no_pace_and_no_projected_finish() -> None:
    values = values_on([planned(), survey(HOLIDAY_END, 1487)], HOLIDAY_END)
    assert values.reason("resumption_pace") == "no_data"
    assert values.reason("projected_finish") == "no_data"


def test_pace_is_the_slope_of_the_last_seven_surveys_and_leads_to_the_target() -> None:
    surveys = [survey(date(2024, 2, 11) + timedelta(days=n), 10 * n) for n in range(10)]
    values = values_on([planned(population=200), *surveys], date(2024, 2, 20))
    # 90 of 200 on the 20th, 30 of 200 six days before: 30 points in 6 days.
    assert values.number("resumption_pace") == 5
    assert values.parts("resumption_pace") == (30, 6)
    assert values.number("projected_finish") == 11
    assert values.date("projected_finish") == date(2024, 3, 2)


def test_a_finish_inside_a_day_is_on_that_day() -> None:
    surveys = [survey(date(2024, 2, 18), 20), survey(date(2024, 2, 20), 60)]
    values = values_on([planned(population=100, target_rate=90), *surveys], date(2024, 2, 20))
    assert values.number("projected_finish") == 1.5
    assert values.date("projected_finish") == date(2024, 2, 22)


def test_a_day_without_a_survey_keeps_the_last_rate() -> None:
    values = values_on([planned(), survey(HOLIDAY_END, 1487)], HOLIDAY_END + timedelta(days=2))
    assert values.parts("resumption_rate") == (1487, 1949)
    assert values.parts("required_pace")[1] == 5


@pytest.mark.parametrize(("second", "reason"), [(40, "no_pace"), (30, "unreachable")])
def test_a_pace_that_leads_nowhere_has_no_finish(second: int, reason: str) -> None:
    surveys = [survey(date(2024, 2, 18), 40), survey(date(2024, 2, 19), second)]
    values = values_on([planned(population=100), *surveys], date(2024, 2, 19))
    assert values.reason("projected_finish") == reason


def test_a_finish_beyond_the_calendar_is_unreachable() -> None:
    surveys = [survey(date(2024, 2, 18), 0), survey(date(2024, 2, 19), 0.00001)]
    values = values_on([planned(population=100), *surveys], date(2024, 2, 19))
    assert values.reason("projected_finish") == "unreachable"


def test_a_passed_due_day_with_work_left_has_no_required_pace() -> None:
    values = values_on([planned(), survey(HOLIDAY_END, 1487)], DUE)
    assert values.reason("required_pace") == "target_passed"
    assert values.parts("required_pace")[1] == 0


def test_at_the_target_the_restart_is_finished() -> None:
    events = [planned(target_rate=90, population=100), survey(date(2024, 2, 18), 90)]
    values = values_on(events, date(2024, 2, 19))
    assert values.reason("required_pace") == "complete"
    assert values.reason("projected_finish") == "complete"
    assert values.number("resumption_gap") == 0
    view = view_of(folded(events), date(2024, 2, 19).toordinal())
    assert restart.target_reached(view)
    assert view.finish == date(2024, 2, 18).toordinal()


def test_without_a_target_rate_there_is_no_gap_and_all_must_resume_to_finish() -> None:
    events = [planned(target_rate=None, population=100), survey(date(2024, 2, 18), 99)]
    values = values_on(events, date(2024, 2, 18))
    assert values.reason("resumption_gap") == "not_planned"
    assert values.reason("required_pace") == "not_planned"
    assert values.reason("projected_finish") == "not_planned"
    assert not restart.target_reached(view_of(folded(events), date(2024, 2, 18).toordinal()))
    events.append(survey(date(2024, 2, 19), 100))
    assert restart.target_reached(view_of(folded(events), date(2024, 2, 19).toordinal()))


def test_population_is_carried_and_null_goes_back_to_the_plan() -> None:
    events = [
        planned(population=200),
        survey(date(2024, 2, 18), 50, population=100),
        survey(date(2024, 2, 19), 60),
        survey(date(2024, 2, 20), 70, population=None),
        survey(date(2024, 2, 21), 80),
    ]
    rates = [values_on(events, date(2024, 2, n)).number("resumption_rate") for n in (18, 19, 20, 21)]
    assert rates == [50, 60, 35, 40]


def test_a_population_of_nobody_has_no_rate_and_no_population_was_not_planned() -> None:
    values = values_on([planned(population=0), survey(date(2024, 2, 18), 0)], date(2024, 2, 18))
    assert values.reason("resumption_rate") == "zero_denominator"
    assert values.reason("resumption_gap") == "zero_denominator"
    assert values.reason("required_pace") == "zero_denominator"
    values = values_on([planned(population=None), survey(date(2024, 2, 18), 5)], date(2024, 2, 18))
    assert values.reason("resumption_rate") == "not_planned"
    assert values.parts("resumption_rate") == (5, None)


def test_a_restart_that_plans_nothing_takes_its_population_from_the_survey() -> None:
    values = values_on([baseline(sections={"restart": {}}), survey(2, 30, population=60)], 2)
    assert values.number("resumption_rate") == 50
    assert values.reason("resumption_gap") == "not_planned"


def test_more_than_the_population_is_more_than_100_percent() -> None:
    values = values_on([planned(population=50), survey(date(2024, 2, 18), 60)], date(2024, 2, 18))
    assert values.number("resumption_rate") == 120


def test_year_on_year_aligns_by_days_since_the_holiday() -> None:
    before = {"holiday_end": date(2023, 1, 27), "rates": [{"day": 0, "rate": 40}, {"day": 2, "rate": 55.5}]}
    events = [planned(population=100, previous=before), survey(HOLIDAY_END, 60)]
    assert values_on(events, HOLIDAY_END).number("resumption_rate_yoy") == 20
    assert values_on(events, HOLIDAY_END + timedelta(days=1)).reason("resumption_rate_yoy") == "no_data"
    assert values_on(events, HOLIDAY_END + timedelta(days=2)).number("resumption_rate_yoy") == 4.5
    assert (
        values_on([planned(), survey(HOLIDAY_END, 9)], HOLIDAY_END).reason("resumption_rate_yoy")
        == "not_planned"
    )


def test_before_the_first_survey_there_is_no_data_and_before_the_start_nothing_started() -> None:
    kpis = ("resumption_rate", "resumption_gap", "resumption_pace", "required_pace", "projected_finish")
    for kpi in kpis:
        assert values_on([planned()], date(2024, 2, 11)).reason(kpi) == "no_data"
        assert values_on([planned()], date(2024, 2, 10)).reason(kpi) == "not_started"


def test_without_a_baseline_the_counts_are_told_beside_the_reason() -> None:
    values = values_on([survey(0, 50, population=100)], 0)
    assert values.reason("resumption_rate") == "no_baseline"
    assert values.parts("resumption_rate") == (50, 100)
    assert values.reason("resumption_gap") == "no_baseline"
    assert values.reason("projected_finish") == "no_baseline"


def test_surveys_at_odd_distances_give_the_slope_between_the_outermost_two() -> None:
    surveys = [survey(date(2024, 2, 11), 10), survey(date(2024, 2, 12), 50), survey(date(2024, 2, 19), 30)]
    values = values_on([planned(population=100, target_rate=90), *surveys], date(2024, 2, 23))
    assert values.parts("resumption_pace") == (20, 8)
    assert values.number("resumption_pace") == 2.5
    # The rate of the 19th is that of today; 60 points at 2.5 a day from now.
    assert values.number("projected_finish") == 24
    assert values.date("projected_finish") == date(2024, 3, 18)
    assert values.number("target_margin") == -23
    assert values.number("target_days_late") == -1


def test_a_rate_that_falls_below_the_target_opens_the_restart_again() -> None:
    surveys = [survey(date(2024, 2, 18), 95), survey(date(2024, 2, 19), 80), survey(date(2024, 2, 21), 92)]
    events = [planned(population=100, target_rate=90), *surveys]
    reasons = [values_on(events, date(2024, 2, n)).reason("required_pace") for n in (18, 19, 20, 21)]
    assert reasons == ["complete", None, None, "complete"]
    finishes = [view_of(folded(events), date(2024, 2, n).toordinal()).finish for n in (18, 20, 22)]
    assert finishes == [date(2024, 2, 18).toordinal(), None, date(2024, 2, 21).toordinal()]
    assert values_on(events, date(2024, 2, 19)).parts("required_pace") == (10, 5)


def test_days_after_the_holiday_count_the_leap_day() -> None:
    before = {"holiday_end": date(2023, 1, 27), "rates": [{"day": 13, "rate": 80}, {"day": -2, "rate": 1}]}
    events = [planned(population=100, previous=before), survey(date(2024, 2, 15), 3), survey(HOLIDAY_END, 60)]
    assert values_on(events, date(2024, 3, 1)).number("resumption_rate_yoy") == -20
    assert values_on(events, date(2024, 2, 15)).number("resumption_rate_yoy") == 2


def test_a_project_said_to_be_completed_needs_no_pace() -> None:
    events = [planned(), survey(HOLIDAY_END, 1487), status(date(2024, 2, 18), "completed")]
    values = values_on(events, date(2024, 2, 18))
    assert values.reason("required_pace") == "complete"
    assert values.reason("projected_finish") == "complete"


def test_a_retracted_survey_takes_part_no_more() -> None:
    taken_back = retraction(
        "restart.surveyed", {"as_of": date(2024, 2, 19)}, time=instant(date(2024, 2, 20), hour=9)
    )
    events = [
        planned(population=100),
        survey(date(2024, 2, 18), 40),
        survey(date(2024, 2, 19), 80),
        taken_back,
    ]
    assert values_on(events, date(2024, 2, 20)).number("resumption_rate") == 40


def test_beside_a_campaign_pace_and_finish_are_those_of_the_campaign() -> None:
    both = {
        "restart": {"population": 100, "target_rate": 90, "due": date(2024, 3, 1)},
        "campaign": {"total": 10, "unit": "t", "due": date(2024, 3, 1)},
    }
    values = values_on(
        [event("project.baselined", {"baseline": 1, "name": "P", "start": date(2024, 1, 1), **both})], 3
    )
    assert values.scopes("required_pace") == [""]
    assert values.row("required_pace").unit == "t/d"
