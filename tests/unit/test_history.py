"""Which rows a cut writes: new days, restated days, closed days, and keys that are gone."""

from typing import Any

import pytest

from tests.builders import (
    assigned,
    baseline,
    closing,
    day,
    instant,
    production,
    reading,
    retraction,
    status,
    survey,
    task,
    tick,
    work,
)
from tests.folds import new_partition, records_of

LINES: dict[str, Any] = {"lines": [{"id": "L", "plan": [{"period": "2024", "value": 366}]}]}
Key = tuple[str, str, str]
Row = dict[str, Any]


class History:
    """Folds events of one partition, and remembers the rows that each cut wrote."""

    def __init__(self) -> None:
        self._partition = new_partition(rules=())
        self._events: list[bytes] = []
        self.rows: dict[Key, Row] = {}

    def cut(self, *events: bytes) -> dict[Key, Row]:
        """Fold events, of which the last is a tick; the rows written by (day, kpi, scope)."""
        begin = len(self._events)
        self._events += events
        output = self._partition.fold(records_of(self._events)[begin:])
        assert not output.rejections
        written: dict[Key, Row] = {}
        for record in output.kpis:
            for rows in record["data"].get("history", []):
                values = record["data"]["values"] if rows["values"] is None else rows["values"]
                assert values, "a day without rows"
                for value in values:
                    key = (rows["as_of"], value["kpi"], value["scope"])
                    assert key not in written, "a row stands twice"
                    written[key] = {**value, "baseline": rows["baseline"]}
        self.rows |= written
        return written

    def standing(self, on: int, kpi: str, scope: str = "") -> float | str | None:
        """The number of the newest row of a key, else its reason."""
        row = self.rows[day(on).isoformat(), kpi, scope]
        standing: float | str | None = row["reason"] if row["value"] is None else row["value"]
        return standing


def days(written: dict[Key, Row]) -> list[int]:
    found = {key[0] for key in written}
    return [n for n in range(-700, 700) if day(n).isoformat() in found]


def names(written: dict[Key, Row], on: int) -> set[str]:
    return {kpi for as_of, kpi, _ in written if as_of == day(on).isoformat()}


def planned(start: int = 0, **sections: Any) -> bytes:
    return baseline(start=start, sections=sections)


# -- days with statements ------------------------------------------------------------------------------------------


def test_a_cut_writes_the_days_that_have_a_statement_and_no_days_between() -> None:
    history = History()
    written = history.cut(planned(**LINES), production("L", 1, 2), production("L", 4, 3), tick(4))
    assert days(written) == [1, 4]
    assert history.standing(4, "output_cumulative", "L") == 5


def test_a_day_has_rows_also_for_what_cannot_be_placed() -> None:
    history = History()
    assert days(history.cut(planned(**LINES), work("nobody knows it", 3, 1), tick(3))) == [3]


def test_a_first_row_of_a_day_brings_all_kpis_of_the_sections_in_force() -> None:
    written = History().cut(planned(**LINES, restart={"population": 9}), status(3), tick(3))
    expected = {
        "output_cumulative", "output_rolling_7d", "output_rolling_30d", "plan_attainment", "capacity_utilization",
        "required_rate", "projected_output", "availability", "effectiveness", "quality_ratio", "oee", "nee",
        "allocation_efficiency", "utilization_efficiency", "throughput_rate",
        "resumption_rate", "resumption_gap", "resumption_pace",
        "resumption_rate_yoy", "required_pace", "projected_finish", "report_age", "report_overdue",
        "reporting_coverage_7d", "target_days_late", "target_margin",
    }  # fmt: skip
    assert names(written, 3) == expected
    assert all((row["value"] is None) == (row["reason"] is not None) for row in written.values())


def test_before_a_baseline_the_sections_are_those_of_the_statements_present() -> None:
    history = History()
    written = history.cut(survey(2, 10, 40), tick(2))
    assert {"resumption_rate", "report_age"} <= names(written, 2)
    assert "output_cumulative" not in names(written, 2)
    assert history.standing(2, "resumption_rate") == "no_baseline"
    assert history.standing(2, "report_age") == 0
    more = history.cut(production("L", 3, 5), tick(3))
    assert {"resumption_rate", "output_cumulative"} <= names(more, 3)
    assert days(more) == [3]


def test_a_cut_before_which_nothing_changed_writes_nothing() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 1, 2), tick(1))
    assert history.cut(tick(2)) == {}
    assert history.cut(production("L", 1, 2), tick(3)) == {}


# -- restated days -------------------------------------------------------------------------------------------------


def test_a_late_statement_restates_the_later_days_that_it_changes_and_only_their_changed_rows() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 2, 10), production("L", 5, 20), tick(5))
    written = history.cut(production("L", 4, 1), tick(6))
    assert days(written) == [4, 5]
    assert history.standing(5, "output_cumulative", "L") == 31
    assert "target_days_late" in names(written, 4)
    assert "target_days_late" not in names(written, 5)
    assert "report_age" not in names(written, 5)


def test_a_correction_restates_without_limit_back_in_time() -> None:
    history = History()
    history.cut(planned(-600, **LINES), production("L", -500, 10), production("L", 5, 20), tick(5))
    written = history.cut(production("L", -500, 11, revision=1), tick(6))
    assert days(written) == [-500, 5]
    assert history.standing(5, "output_cumulative", "L") == 31


def test_a_correction_that_says_the_same_restates_nothing() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 2, 10), tick(2))
    assert history.cut(production("L", 2, 10, revision=1), tick(3)) == {}


def test_two_corrections_between_cuts_that_cancel_restate_nothing() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 2, 10), tick(2))
    assert history.cut(production("L", 2, 99, revision=1), production("L", 2, 10, revision=2), tick(3)) == {}


def test_a_longer_period_restates_the_days_of_the_periods_that_it_displaces() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 2, 10, end=4), status(3), production("L", 6, 1), tick(6))
    assert history.standing(3, "output_cumulative", "L") == pytest.approx(20 / 3)
    written = history.cut(production("L", 4, 60, end=9), tick(9))
    assert days(written) == [3, 4, 6, 9]
    assert history.standing(3, "output_cumulative", "L") == "no_data"
    assert history.standing(6, "output_cumulative", "L") == 30


def test_reports_in_another_dimension_do_not_hide_which_days_a_later_report_restates() -> None:
    """The line is measured in t by its capacity, whatever its first report was measured in."""
    plan = planned(lines=[{"id": "L", "capacity": {"value": 9, "unit": "t", "per": "P1D"}}])
    history = History()
    history.cut(plan, production("L", 1, 5, unit="box"), production("L", 2, 10, end=4), status(3), tick(4))
    history.cut(production("L", 0, 5, unit="roll"), tick(5))
    written = history.cut(production("L", 4, 60, end=9), tick(9))
    assert days(written) == [3, 4, 9]


def test_a_new_baseline_restates_the_days_from_its_approval_on() -> None:
    history = History()
    half = {"lines": [{"id": "L", "plan": [{"period": "2024", "value": 183}]}]}
    history.cut(planned(**LINES), production("L", 3, 4), production("L", 8, 4), tick(8))
    second = baseline(2, time=instant(9), sections={**half, "approved_on": day(5).isoformat()})
    written = history.cut(second, tick(9))
    assert days(written) == [8]
    assert {row["baseline"] for row in written.values()} == {2}
    assert history.standing(8, "plan_attainment", "L") == pytest.approx(100 * 8 / (183 * 9 / 366))
    assert history.rows[day(3).isoformat(), "plan_attainment", "L"]["baseline"] == 1


def test_the_first_baseline_restates_every_day() -> None:
    history = History()
    history.cut(production("L", 3, 4), production("L", 8, 4), tick(8))
    assert history.standing(3, "plan_attainment", "L") == "no_baseline"
    written = history.cut(planned(**LINES), tick(9))
    assert days(written) == [3, 8]
    assert names(written, 3) == names(history.rows, 3)
    assert history.standing(3, "plan_attainment", "L") == pytest.approx(100 * 4 / 4)


# -- keys that are gone --------------------------------------------------------------------------------------------


def test_a_part_that_left_the_plan_gets_a_null_row_once() -> None:
    history = History()
    history.cut(planned(series=[{"id": "a"}, {"id": "b"}]), reading("a", 2, 5), reading("b", 2, 6), tick(2))
    written = history.cut(baseline(start=0, sections={"series": [{"id": "a"}], "revision": 1}), tick(3))
    assert {row["reason"] for (_, _, scope), row in written.items() if scope == "b"} == {"not_planned"}
    assert history.standing(2, "reading_latest", "b") == "not_planned"
    assert ("reading_latest", "b") not in {key[1:] for key in history.cut(status(2), tick(4))}
    again = history.cut(
        baseline(start=0, sections={"series": [{"id": "a"}, {"id": "b"}], "revision": 2}), tick(5)
    )
    assert again[day(2).isoformat(), "reading_latest", "b"]["value"] == 6


def test_a_day_whose_only_statement_was_retracted_keeps_its_rows_without_its_values() -> None:
    history = History()
    history.cut(survey(2, 10, 40), tick(2))
    gone = retraction("restart.surveyed", {"as_of": day(2).isoformat()}, time=instant(3))
    written = history.cut(gone, tick(3))
    assert days(written) == [2]
    assert history.standing(2, "resumption_rate") == "no_baseline"
    assert history.standing(2, "report_age") == "no_data"
    assert days(history.cut(survey(2, 11, 40, revision=1), tick(4))) == [2]
    assert history.standing(2, "report_age") == 0


def test_what_needs_no_plan_is_gone_for_want_of_data() -> None:
    history = History()
    history.cut(production("L", 2, 5), tick(2))
    period = {"line": "L", "period_start": day(2).isoformat(), "period_end": day(2).isoformat()}
    history.cut(retraction("production.reported", period, time=instant(3)), tick(3))
    assert history.standing(2, "output_cumulative", "L") == "no_data"
    assert history.standing(2, "plan_attainment", "L") == "no_baseline"


# -- closed days ---------------------------------------------------------------------------------------------------


def test_a_closing_tick_gives_every_active_project_rows_of_its_day_once() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 1, 2), closing(1))
    written = history.cut(closing(3))
    assert days(written) == [3]
    assert names(written, 3) == names(history.rows, 1)
    assert history.cut(closing(3)) == {}


def test_an_earlier_day_can_be_closed_after_a_later_one() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 1, 2), closing(5))
    assert days(history.cut(tick(6, closes=3))) == [3]
    assert history.standing(3, "report_age") == 2


def test_a_day_that_a_statement_gave_rows_gets_no_second_ones_when_it_is_closed() -> None:
    history = History()
    history.cut(planned(**LINES), production("L", 1, 2), tick(1))
    assert history.cut(closing(1)) == {}


def closed(history: History, first: int, last: int) -> list[int]:
    """Close days; those that got rows."""
    return [n for n in range(first, last + 1) if history.cut(closing(n))]


def test_a_silent_project_has_rows_at_month_ends_only() -> None:
    history = History()
    history.cut(planned(), status(1), tick(1))
    # Day 0 is 1 January 2024: 62 days of silence end on day 63, and 31 March is day 90.
    assert closed(history, 60, 95) == [60, 61, 62, 63, 90]


def test_a_project_that_never_reported_is_silent_62_days_after_its_start() -> None:
    history = History()
    history.cut(planned(), tick(1))
    assert closed(history, 60, 95) == [60, 61, 62, 90]


def test_a_project_has_rows_from_62_days_before_its_start() -> None:
    history = History()
    history.cut(planned(70), tick(1))
    # The end of January is day 30: not before the start.
    assert closed(history, 5, 10) == [8, 9, 10]
    assert closed(history, 30, 30) == [30]
    far = History()
    far.cut(planned(200), tick(1))
    assert closed(far, 25, 35) == []


def test_a_finished_project_has_rows_at_month_ends_only() -> None:
    history = History()
    history.cut(planned(), status(3, "completed"), tick(3))
    assert closed(history, 28, 32) == [30]
    assert closed(history, 2, 2) == [2]


def test_a_project_of_which_nobody_said_anything_yet_has_rows_at_month_ends_only() -> None:
    history = History()
    history.cut(assigned("t", 1), tick(1))
    assert closed(history, 28, 32) == [30]


def test_a_project_that_speaks_again_is_active_again() -> None:
    history = History()
    history.cut(planned(), status(1), tick(1))
    assert closed(history, 70, 71) == []
    assert closed(history, 70, 70) == []
    history.cut(status(72), tick(72))
    assert closed(history, 70, 74) == [70, 71, 73, 74]


def test_a_task_restates_from_its_day_of_assignment_on() -> None:
    history = History()
    history.cut(planned(campaign={"total": 1}), status(2), status(5), status(8), tick(8))
    written = history.cut(assigned("t", 4, due=6), task("t", 7), tick(9))
    assert days(written) == [5, 7, 8]
    assert history.standing(5, "tasks_overdue") == 0
    assert history.standing(7, "quantity_done") == 1
