"""Earned schedule by published examples and by hand-worked figures, in days on the dated baseline."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from tests.builders import baseline, cost, day, milestone, status, tally, value, work
from tests.folding import Values, values_on

WEEK = 7
FORECASTS = ("forecast_duration", "forecast_duration_pf1", "forecast_duration_sci_t")


def curve(*points: tuple[int, float]) -> list[dict[str, Any]]:
    return [{"date": day(on), "value": planned} for on, planned in points]


def planned(
    *points: tuple[int, float], number: int = 1, start: int = 0, budget: float = 0, **sections: Any
) -> bytes:
    """A baseline with a curve in CNY whose budget is its end, unless another is given."""
    whole = {"value": budget or points[-1][1], "unit": "CNY"}
    given = {
        "budget_at_completion": whole,
        "planned_value": curve(*points),
        "progress_by": "value",
        **sections,
    }
    return baseline(number, start=start, sections=given)


def replanned(*points: tuple[int, float], approved: int, number: int = 2, **more: Any) -> bytes:
    return planned(*points, number=number, approved_on=day(approved), **more)


# -- published examples --------------------------------------------------------------------------------------------

PV_BY_WEEK = (5, 10, 25, 55, 85, 120, 130, 140, 150)
EV_BY_WEEK = (3.33, 6.67, 10, 22.5, 70, 82.5, 90, 120, 130, 140, 150)


def nine_weeks(through: int) -> list[bytes]:
    plan = planned(*((WEEK * n, amount) for n, amount in enumerate(PV_BY_WEEK, 1)))
    return [plan, *(value(WEEK * n, ev) for n, ev in enumerate(EV_BY_WEEK[:through], 1))]


@pytest.mark.parametrize(("week", "printed"), list(enumerate((0.67, 1.33, 2.00, 2.83, 4.50, 4.92), 1)))
def test_the_nine_week_project_of_the_pm_knowledge_center(week: int, printed: float) -> None:
    """M. Vanhoucke, PM Knowledge Center, "Earned Value Management: Forecasting time", table of PV, EV and ES by week."""
    values = values_on(nine_weeks(week), WEEK * week)
    assert round(values.number("earned_schedule") / WEEK, 2) == printed
    assert values.number("actual_time") == WEEK * week
    assert values.number("planned_duration") == WEEK * len(PV_BY_WEEK)


def test_a_project_two_weeks_late_reads_nine_elevenths_in_time_and_one_in_money_at_its_end() -> None:
    """The same project: SPI returns to 1 at completion, SPI(t) is PD over the actual duration (Lipke 2003)."""
    values = values_on(nine_weeks(11), WEEK * 11)
    assert values.number("spi") == 1
    assert values.number("schedule_variance") == 0
    assert values.number("spi_t") == 9 / 11
    assert values.number("schedule_variance_time") == -2 * WEEK


def test_the_toy_project_of_the_r_package_pra() -> None:
    """P. Govan, PRA, vignette on earned value: BAC 100 000, plan 10, 20, 40, 70, 100 %, 35 % done in period 3: SPI 0.875.

    Lipke's C + I on it: two whole periods and 15 000 of the 20 000 of the third.
    """
    plan = planned((10, 10_000), (20, 20_000), (30, 40_000), (40, 70_000), (50, 100_000))
    values = values_on([plan, value(30, 35_000), cost(30, 36_000)], 30)
    assert values.number("spi") == 0.875
    assert round(values.number("eac"), 2) == 102_857.14
    assert values.number("earned_schedule") == 27.5
    assert values.parts("spi_t") == (27.5, 30)
    assert values.number("forecast_duration") == pytest.approx(50 * 30 / 27.5, abs=1e-12)


def test_earned_to_a_part_of_june_by_the_end_of_july() -> None:
    """W. Lipke, "Earned Schedule Concept": all of January to May and a part of June are earned, AT is seven months."""
    plan = planned((30, 4), (60, 10), (90, 18), (120, 28), (150, 40), (180, 55), (210, 68), (330, 100))
    values = values_on([plan, value(210, 46)], 210)
    assert values.number("earned_schedule") / 30 == 5 + (46 - 40) / (55 - 40)
    assert values.number("actual_time") / 30 == 7


@pytest.mark.parametrize("week", range(1, 11))
def test_the_forecast_is_the_time_gone_and_the_rest_at_the_pace_so_far(week: int) -> None:
    """Lipke's identity: PD / SPI(t) = AT + (PD − ES) / SPI(t)."""
    values = values_on(nine_weeks(week), WEEK * week)
    at, pd, es, index = (
        values.number(kpi) for kpi in ("actual_time", "planned_duration", "earned_schedule", "spi_t")
    )
    assert values.number("forecast_duration") == pytest.approx(at + (pd - es) / index, abs=1e-9)
    assert values.number("forecast_duration_pf1") == pytest.approx(at + pd - es, abs=1e-9)


# -- the curve read backwards --------------------------------------------------------------------------------------

STEPS = ((2, 10.0), (4, 10.0), (10, 40.0))


@pytest.mark.parametrize(
    ("earned", "days"),
    [(0, 0), (5, 1), (9.99, 1.998), (10, 4), (25, 7), (39.999999, 9.9999998), (40, 10), (60, 10)],
)
def test_earned_schedule_is_the_last_instant_at_which_no_more_was_planned(earned: float, days: float) -> None:
    values = values_on([planned(*STEPS), value(5, earned)], 5)
    assert values.number("earned_schedule") == pytest.approx(days, abs=1e-12)
    assert values.row("earned_schedule").unit == "d"


@pytest.mark.parametrize(("earned", "days"), [(0, 0), (0.000001, 5 + 5e-7), (5, 7.5)])
def test_nothing_earned_is_no_time_even_where_nothing_was_planned(earned: float, days: float) -> None:
    values = values_on([planned((5, 0), (10, 10)), value(3, earned)], 3)
    assert values.number("earned_schedule") == pytest.approx(days, abs=1e-12)
    assert values.number("spi_t") == pytest.approx(days / 3, abs=1e-12)


def test_points_after_the_last_rise_are_no_part_of_the_duration() -> None:
    values = values_on([planned((4, 20), (10, 40), (30, 40)), value(12, 39)], 12)
    assert values.number("planned_duration") == 10
    assert values.number("earned_schedule") == pytest.approx(9.7, abs=1e-12)


def test_the_end_of_a_curve_below_the_budget_is_all_that_is_planned() -> None:
    values = values_on([planned((4, 20), (10, 40), budget=100), value(5, 60)], 5)
    assert values.number("earned_schedule") == 10
    assert values.number("tspi") == 0


@pytest.mark.parametrize(
    ("earned", "days"), [(0, 0), (12.5, 1), (25, 2), (37.5, 3.5), (50, 5), (75, 8), (87.5, 8.5), (100, 9)]
)
def test_parts_are_planned_evenly_over_their_spans_and_one_without_time_over_its_day(
    earned: float, days: float
) -> None:
    items: list[dict[str, Any]] = [
        {"id": "a", "quantity": 1, "start": day(0), "finish": day(2)},
        {"id": "b", "quantity": 1, "start": day(2), "finish": day(5)},
        {"id": "c", "quantity": 1, "start": day(5), "finish": day(8)},
        {"id": "d", "quantity": 1, "start": day(9), "finish": day(9)},
    ]
    done = [min(1.0, max(0.0, earned / 25 - number)) for number in range(4)]
    reports = [work(item["id"], 6, share) for item, share in zip(items, done, strict=True)]
    values = values_on([baseline(sections={"work_items": items}), *reports], 6)
    assert values.number("percent_complete") == pytest.approx(earned, abs=1e-9)
    assert values.number("earned_schedule") == pytest.approx(days, abs=1e-9)
    assert values.number("planned_duration") == 9


@pytest.mark.parametrize("begun", [-30, -1, 0])
def test_what_was_planned_before_the_start_is_planned_on_the_day_after_it(begun: int) -> None:
    items = [{"id": "a", "quantity": 10, "start": day(begun), "finish": day(0)},
             {"id": "b", "quantity": 10, "start": day(begun), "finish": day(2)}]  # fmt: skip
    values = values_on([baseline(sections={"work_items": items}), work("a", 1, 2)], 1)
    first_day = 1 + (1 - begun) / (2 - begun)
    assert values.number("planned_value") == pytest.approx(50 * first_day, abs=1e-6)
    assert values.number("earned_schedule") == pytest.approx(0.2 / first_day, abs=1e-9)
    assert values.number("planned_duration") == 2


def test_a_project_of_one_day_is_planned_for_one_day() -> None:
    items = [{"id": "w", "quantity": 10, "start": day(0), "finish": day(0)}]
    events = [baseline(sections={"finish": day(0), "work_items": items}), work("w", 1, 4)]
    values = values_on(events, 1)
    assert values.number("planned_duration") == 1
    assert values.number("earned_schedule") == pytest.approx(0.4, abs=1e-12)
    assert values.reason("tspi") == "target_passed"
    done = values_on([*events, work("w", 2, 10)], 2)
    assert [done.number(kpi) for kpi in ("earned_schedule", "actual_time", "spi_t")] == [1, 2, 0.5]


# -- null and why --------------------------------------------------------------------------------------------------


def reasons(values: Values, kpis: Sequence[str]) -> set[str | None]:
    return {values.reason(kpi) for kpi in kpis}


def test_up_to_the_start_no_time_has_gone_and_the_indices_have_not_started() -> None:
    for on in (-3, 0):
        values = values_on([planned(*STEPS), value(-4, 5)], on)
        assert [values.number(kpi) for kpi in ("actual_time", "earned_schedule", "planned_duration")] == [
            0,
            1,
            10,
        ]
        assert values.number("forecast_duration_pf1") == 9
        assert reasons(
            values, ("spi_t", "sci_t", "tspi", "forecast_duration", "forecast_finish", "eac_sci_t")
        ) == {"not_started"}


def test_without_a_report_there_is_a_plan_and_time_but_no_performance() -> None:
    values = values_on([planned(*STEPS)], 4)
    assert values.number("actual_time") == 4
    assert values.number("planned_duration") == 10
    kpis = (
        "earned_schedule",
        "schedule_variance_time",
        "spi_t",
        "sci_t",
        "tspi",
        *FORECASTS,
        "forecast_finish",
    )
    assert reasons(values, kpis) == {"no_data"}
    assert values.parts("spi_t") == (None, 4)
    assert values.parts("tspi") == (None, 6)


def test_without_a_curve_there_is_time_alone() -> None:
    values = values_on([baseline(sections={"progress_by": "value"}), value(4, 40)], 4)
    assert values.number("actual_time") == 4
    kpis = ("earned_schedule", "planned_duration", "schedule_variance_time", "spi_t", "tspi", *FORECASTS)
    assert reasons(values, kpis) == {"not_planned"}
    assert values_on([baseline(sections={"progress_by": "value"})], 0).reason("spi_t") == "not_planned"


def test_what_has_earned_nothing_leads_nowhere_but_the_plan_still_does() -> None:
    values = values_on([planned(*STEPS), value(4, 0), cost(4, 5)], 4)
    assert values.number("spi_t") == 0
    assert values.parts("spi_t") == (0, 4)
    nowhere = ("forecast_duration", "forecast_duration_sci_t", "forecast_finish", "eac_sci_t")
    assert reasons(values, nowhere) == {"zero_denominator"}
    assert values.number("forecast_duration_pf1") == 14


def test_a_budget_of_nothing_is_planned_at_once_and_never_earned() -> None:
    values = values_on([planned((5, 0)), value(3, 0)], 3)
    assert [values.number(kpi) for kpi in ("planned_duration", "earned_schedule", "spi_t")] == [0, 0, 0]
    assert values.reason("tspi") == "complete"
    assert values.reason("forecast_duration") == "zero_denominator"


def test_cost_and_schedule_together() -> None:
    values = values_on([planned((10, 100)), value(5, 40), cost(5, 50)], 5)
    assert values.number("sci_t") == pytest.approx(0.8 * 0.8, abs=1e-12)
    assert values.number("eac_sci_t") == pytest.approx(50 + 60 / 0.64, abs=1e-9)
    assert values.number("forecast_duration_sci_t") == pytest.approx(5 + 6 / 0.64, abs=1e-9)


@pytest.mark.parametrize(
    ("on", "earned", "said"), [(5, 40, 6 / 5), (9, 40, 6.0), (10, 40, "target_passed"), (12, 99, "target_passed"),
                               (4, 100, "complete"), (12, 100, "complete")]
)  # fmt: skip
def test_the_pace_that_the_rest_needs(on: int, earned: float, said: float | str) -> None:
    row = values_on([planned((10, 100)), value(on, earned)], on).row("tspi")
    assert (row.reason or row.value) == said


# -- the forecast as a date ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "earned", "days", "finish"),
    [(10, 40, 25.0, 25), (10, 39, 10 / 0.39, 26), (5, 25, 20.0, 20), (9, 90, 10.0, 10), (9, 80, 11.25, 12)],
)
def test_the_forecast_finish_is_the_day_that_contains_the_instant(
    on: int, earned: float, days: float, finish: int
) -> None:
    values = values_on([planned((10, 100)), value(on, earned)], on)
    assert values.number("forecast_duration") == pytest.approx(days, abs=1e-12)
    assert values.date("forecast_finish") == day(finish)
    assert values.number("forecast_finish") == pytest.approx(days - on, abs=1e-12)


def test_a_forecast_beyond_the_calendar_is_unreachable() -> None:
    values = values_on([planned((36500, 100)), value(36500, 0.0001)], 36500)
    assert values.reason("forecast_finish") == "unreachable"
    assert values.number("forecast_duration") > 1e9


def test_the_margin_to_the_due_day_rests_on_the_forecast_where_no_pace_projects_a_finish() -> None:
    sections: dict[str, Any] = {"finish": day(12)}
    values = values_on([planned((10, 100), **sections), value(5, 40)], 5)
    assert values.number("target_margin") == -0.5
    campaign: dict[str, Any] = {"campaign": {"total": 10, "unit": "户", "due": day(20)}}
    both = values_on([planned((10, 100), **sections, **campaign), value(5, 40), tally(5, 5)], 5)
    assert both.number("target_margin") == 10
    assert values_on([planned((10, 100)), value(5, 40)], 5).reason("target_margin") == "not_planned"
    assert (
        values_on([planned((10, 100), **sections), value(5, 0)], 5).reason("target_margin")
        == "zero_denominator"
    )


# -- the finish ----------------------------------------------------------------------------------------------------


def frozen(values: Values) -> list[float | date]:
    return [
        *(values.number(kpi) for kpi in ("actual_time", "spi_t", "earned_schedule", *FORECASTS)),
        values.date("forecast_finish"),
    ]


def test_everything_stands_still_at_the_finish_while_costs_move_on() -> None:
    events = [planned((10, 100)), value(6, 50), value(12, 100), cost(12, 110), cost(20, 130)]
    expected = [12, 10 / 12, 10, 12, 12, 12, day(12)]
    for on in (12, 13, 40):
        assert frozen(values_on(events, on)) == expected
    later = values_on(events, 20)
    assert later.number("forecast_finish") == -8
    assert later.number("sci_t") == pytest.approx(10 / 12 * 100 / 130, abs=1e-12)
    assert later.reason("tspi") == "complete"
    assert later.reason("target_margin") == "not_planned"


def test_a_project_said_to_be_completed_stops_with_what_it_had_earned() -> None:
    events = [planned((10, 100)), value(5, 80), status(6, "completed"), value(9, 90)]
    assert frozen(values_on(events, 9)) == [6, 8 / 6, 8, 6, 6, 6, day(6)]
    assert values_on(events, 9).number("percent_complete") == 90
    reopened = values_on([*events, status(8, "resumed")], 9)
    assert reopened.number("actual_time") == 9
    assert reopened.number("spi_t") == 1


def test_a_cancelled_project_is_not_finished() -> None:
    values = values_on([planned((10, 100)), value(5, 40), status(6, "cancelled")], 9)
    assert values.number("actual_time") == 9
    assert values.number("spi_t") == pytest.approx(4 / 9, abs=1e-12)


def test_a_finish_that_a_correction_takes_back_lets_time_go_on() -> None:
    events = [planned((10, 100)), value(8, 100), value(9, 90)]
    assert values_on(events, 9).number("actual_time") == 9
    assert values_on(events, 8).number("spi_t") == 10 / 8


# -- since a re-baseline -------------------------------------------------------------------------------------------

ORIGINAL = planned((20, 200))


def test_since_a_rebaseline_time_and_value_count_from_its_approval() -> None:
    """Approved on day 10 with 40 of 200 earned: 160 in the 20 days to day 30; ten days later 60 more are earned."""
    events = [ORIGINAL, value(10, 40), replanned((10, 40), (30, 200), approved=10), value(20, 100)]
    values = values_on(events, 20)
    assert values.number("earned_schedule") == 7.5
    assert values.number("actual_time") == 10
    assert values.number("planned_duration") == 30
    assert values.parts("spi_t") == (7.5, 10)
    assert values.number("forecast_duration") == pytest.approx(10 + 20 / 0.75, abs=1e-12)
    assert values.number("forecast_duration_pf1") == 10 + 10 + 12.5
    assert values.date("forecast_finish") == day(37)
    assert values.parts("tspi") == (12.5, 10)
    before = values_on(events, 9)
    assert before.number("actual_time") == 9
    assert before.number("planned_duration") == 20


def test_what_was_earned_and_planned_by_the_approval_is_taken_off() -> None:
    """The new plan says 60 by day 10, but 40 are earned: it takes as long as planned if 20 are earned where 20 are planned."""
    events = [ORIGINAL, value(10, 40), replanned((10, 60), (20, 80), (30, 200), approved=10), value(15, 50)]
    values = values_on(events, 15)
    assert values.number("earned_schedule") == 5
    assert values.number("spi_t") == 1
    assert values_on([*events, value(16, 66)], 16).number("earned_schedule") == pytest.approx(10.5, abs=1e-12)


def test_on_the_day_of_the_approval_no_time_has_gone() -> None:
    values = values_on([ORIGINAL, value(10, 40), replanned((30, 200), approved=10)], 10)
    assert [values.number(kpi) for kpi in ("actual_time", "earned_schedule")] == [0, 0]
    assert values.reason("spi_t") == "zero_denominator"
    assert values.parts("tspi") == (20, 20)


def test_progress_that_falls_below_what_was_earned_at_the_approval_is_none() -> None:
    events = [ORIGINAL, value(10, 40), replanned((30, 200), approved=10), value(12, 30)]
    assert values_on(events, 12).number("earned_schedule") == 0


def test_what_nobody_reported_by_the_approval_cannot_be_taken_off() -> None:
    events = [ORIGINAL, replanned((30, 200), approved=10), value(12, 30)]
    assert values_on(events, 12).reason("spi_t") == "no_data"
    late = [*events, value(8, 20)]
    assert values_on(late, 12).number("earned_schedule") == pytest.approx(1.5, abs=1e-12)


def test_of_two_rebaselines_the_one_in_force_counts() -> None:
    events = [
        ORIGINAL,
        value(10, 40),
        replanned((10, 40), (30, 200), approved=10),
        value(20, 100),
        replanned((20, 100), (40, 200), approved=20, number=3),
        value(25, 120),
    ]
    values = values_on(events, 25)
    assert values.number("earned_schedule") == 4
    assert values.number("actual_time") == 5
    assert values.number("planned_duration") == 40
    assert values.number("forecast_duration") == pytest.approx(20 + 20 / 0.8, abs=1e-12)
    assert values_on(events, 19).number("actual_time") == 9


def test_a_rebaseline_before_its_start_counts_from_the_start() -> None:
    events = [ORIGINAL, replanned((15, 100), approved=-4, start=5), value(7, 30)]
    values = values_on(events, 10)
    assert values.number("actual_time") == 5
    assert values.number("earned_schedule") == 3
    assert values.number("planned_duration") == 10
    assert values_on(events, 5).reason("spi_t") == "not_started"


def test_a_rebaseline_that_is_due_before_it_is_approved_leaves_no_time() -> None:
    events = [ORIGINAL, value(10, 40), replanned((8, 200), approved=10), value(12, 50)]
    values = values_on(events, 12)
    assert [values.number(kpi) for kpi in ("earned_schedule", "actual_time", "planned_duration")] == [0, 2, 8]
    assert values.reason("tspi") == "target_passed"


def test_a_rebaseline_keeps_counting_from_its_approval_until_its_finish() -> None:
    events = [ORIGINAL, value(10, 40), replanned((10, 40), (30, 200), approved=10), value(34, 200)]
    values = values_on(events, 50)
    assert values.number("actual_time") == 24
    assert values.parts("spi_t") == (20, 24)
    assert [values.number(kpi) for kpi in FORECASTS] == [34, 34, 34]
    assert values.date("forecast_finish") == day(34)


def test_a_baseline_approved_after_the_finish_moves_nothing() -> None:
    events = [planned((10, 100)), value(12, 100), status(12, "completed"), replanned((30, 300), approved=20)]
    values = values_on(events, 25)
    assert values.number("spi_t") == 10 / 12
    assert values.number("forecast_duration") == 12
    assert values.number("planned_duration") == 30


def test_a_first_baseline_approved_late_counts_from_its_start() -> None:
    values = values_on([planned((10, 100), approved_on=day(4)), value(5, 40)], 5)
    assert values.parts("spi_t") == (4, 5)


def test_milestones_earn_on_a_rebaseline_by_its_own_weights() -> None:
    def plan(number: int, weight: float, last: int, **more: Any) -> bytes:
        parts = [{"id": "a", "finish": day(10)}, {"id": "b", "weight": weight, "finish": day(last)}]
        return baseline(number, sections={"milestones": parts, **more})

    events = [plan(1, 1, 20), milestone("a", 10, percent=100), plan(2, 3, 40, approved_on=day(10))]
    values = values_on([*events, milestone("b", 20, percent=20)], 20)
    assert values.number("percent_complete") == 40
    assert values.number("earned_schedule") == 6
    assert values.parts("spi_t") == (6, 10)
