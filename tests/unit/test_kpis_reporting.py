"""Reporting discipline and due dates by hand-worked figures."""

from typing import Any

import pytest

from tests.builders import (
    baseline,
    day,
    instant,
    milestone,
    production,
    reading,
    retraction,
    status,
    survey,
    tally,
    work,
)
from tests.folding import values_on

RESTART = {"population": 100, "target_rate": 80}


def planned(start: int = 0, **sections: Any) -> bytes:
    return baseline(start=start, sections=sections)


def iso(number: int) -> str:
    return day(number).isoformat()


# -- age, overdue, coverage ----------------------------------------------------------------------------------------


def test_the_age_counts_days_since_the_newest_statement_of_any_kind() -> None:
    events = [planned(), work("w", 3, 1), status(5)]
    assert [values_on(events, n).number("report_age") for n in (3, 4, 5, 9)] == [0, 1, 0, 4]


def test_what_cannot_be_placed_and_what_has_only_a_forecast_are_reports() -> None:
    for report in (
        work("nobody knows it", 4, 1),
        milestone("nor that", 4, forecast=30),
        reading("x", instant(4, hour=23), 1),
        production("L", 2, 5, end=4),
    ):
        assert values_on([planned(), report], 6).number("report_age") == 2


def test_a_retracted_report_is_none() -> None:
    gone = retraction("work.reported", {"item": "w", "as_of": iso(5)}, time=instant(6))
    events = [planned(), work("w", 3, 1), work("w", 5, 2), gone]
    assert values_on(events, 7).number("report_age") == 4
    assert values_on(events, 7).parts("reporting_coverage_7d") == (1, 7)


def test_nothing_reported_has_no_age() -> None:
    assert values_on([planned()], 1).reason("report_age") == "no_data"
    assert values_on([planned()], 1).reason("report_overdue") == "no_data"
    assert values_on([planned()], 0).reason("report_age") == "not_started"
    assert values_on([planned(), work("w", 4, 1)], 3).reason("report_age") == "no_data"


@pytest.mark.parametrize(
    ("every", "overdue"),
    [(None, 3), ("P1D", 3), ("PT12H", 4), ("P2D", 1), ("P1W", -9), ("P1M", 5 - 2 * 365 / 12), ("P1DT12H", 2)],
)
def test_a_report_is_overdue_by_its_age_less_twice_the_rhythm(every: str | None, overdue: float) -> None:
    values = values_on([planned(report_every=every), work("w", 2, 1)], 7)
    assert values.number("report_overdue") == pytest.approx(overdue, abs=1e-12)
    assert values.row("report_overdue").unit == "d"


def test_coverage_is_days_with_a_statement_of_the_last_seven() -> None:
    events = [planned(), *(work("w", n, 1) for n in (1, 2, 4, 8)), status(4)]
    assert values_on(events, 8).parts("reporting_coverage_7d") == (3, 7)
    assert values_on(events, 8).number("reporting_coverage_7d") == 100 * 3 / 7
    assert values_on(events, 20).number("reporting_coverage_7d") == 0


@pytest.mark.parametrize(
    ("every", "reported", "slots"),
    [("P2D", (3, 4, 5, 8), (3, 3)), ("P2D", (2, 6), (1, 3)), ("P1W", (2,), (1, 1)), ("P1W", (1,), (0, 1)),
     ("PT8H", (7, 8), (2, 7)), ("P1M", (-20,), (1, 1)), ("P1M", (-23,), (0, 1))],
)  # fmt: skip
def test_coverage_is_slots_of_the_rhythm(
    every: str, reported: tuple[int, ...], slots: tuple[int, int]
) -> None:
    events = [planned(start=-60, report_every=every), *(work("w", n, 1) for n in reported)]
    assert values_on(events, 8).parts("reporting_coverage_7d") == slots


def test_a_finished_project_owes_no_report() -> None:
    events = [planned(finish=iso(10)), status(3, "completed")]
    values = values_on(events, 9)
    assert values.number("report_age") == 6
    for kpi in ("report_overdue", "target_days_late", "target_margin"):
        assert values.reason(kpi) == ("not_planned" if kpi == "target_margin" else "complete"), kpi


def test_without_a_baseline_only_the_age_is_known() -> None:
    values = values_on([work("w", 3, 1)], 5)
    assert values.number("report_age") == 2
    for kpi in ("report_overdue", "reporting_coverage_7d", "target_days_late", "target_margin"):
        assert values.reason(kpi) == "no_baseline"


# -- due -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sections", "due"),
    [
        ({"finish": iso(50)}, 50),
        ({"finish": iso(50), "series": [{"id": "a", "due": iso(30)}, {"id": "b", "due": iso(40)}, {"id": "c"}]}, 40),
        ({"finish": iso(50), "series": [{"id": "a"}]}, 50),
        ({"finish": iso(50), "series": [{"id": "a", "due": iso(60)}], "restart": {**RESTART, "due": iso(20)}}, 20),
        ({"finish": iso(50), "campaign": {"total": 9, "due": iso(25)}}, 25),
        ({"finish": iso(50), "campaign": {"total": 9}, "restart": {**RESTART, "due": iso(20)}}, 20),
    ],
)  # fmt: skip
def test_the_due_day_is_that_of_the_goal_else_of_the_plan(sections: dict[str, Any], due: int) -> None:
    late = [values_on([planned(**sections)], on).number("target_days_late") for on in (1, due, due + 7)]
    assert late == [1 - due, 0, 7]


def test_without_any_due_day_nothing_is_late() -> None:
    values = values_on([planned(milestones=[{"id": "a"}])], 5)
    assert values.reason("target_days_late") == "not_planned"
    assert values.reason("target_margin") == "not_planned"


def test_the_margin_is_what_lies_between_the_projected_finish_and_the_due_day() -> None:
    # 60 of 100 on day 8, 4 a day: the 40 left take 10 days, to day 18.
    events = [planned(campaign={"total": 100, "due": iso(20)}), tally(1, 32), tally(8, 60)]
    assert values_on(events, 8).date("projected_finish") == day(18)
    assert values_on(events, 8).number("target_margin") == 2
    faster = [*events, tally(9, 66)]
    # 34 left at (66 − 32)/7 a day take exactly 7 days, to day 16.
    assert values_on(faster, 9).number("target_margin") == 4


def test_the_margin_is_not_rounded_to_days() -> None:
    events = [planned(restart={**RESTART, "due": iso(20)}), survey(2, 20), survey(4, 50)]
    # 30 points left at 15 points a day: two days; then 29.5 points at 15.25.
    assert values_on(events, 4).number("target_margin") == 14
    half = [planned(restart={**RESTART, "due": iso(5)}), survey(2, 20), survey(4, 45)]
    # 35 points left at 12.5 a day take 2.8 days, to within day 7.
    assert values_on(half, 4).date("projected_finish") == day(7)
    assert values_on(half, 4).number("target_margin") == pytest.approx(-1.8, abs=1e-12)


def test_the_margin_has_the_reason_of_the_projected_finish() -> None:
    stands = [planned(campaign={"total": 100, "due": iso(20)}), tally(1, 32), tally(12, 32)]
    assert values_on(stands, 12).reason("target_margin") == "no_pace"
    falls = [*stands, tally(13, 30)]
    assert values_on(falls, 13).reason("target_margin") == "unreachable"
    silent = [planned(campaign={"total": 100, "due": iso(20)})]
    assert values_on(silent, 5).reason("target_margin") == "no_data"
    reached = [planned(campaign={"total": 100, "due": iso(20)}), tally(3, 100)]
    assert values_on(reached, 5).reason("target_margin") == "complete"
