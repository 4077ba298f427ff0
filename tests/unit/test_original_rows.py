"""Schedule rows against the first baseline of projects that have several: which they are, what they say, when they are written."""

from typing import Any

import pytest

from streams.core.evaluation import evaluate, evaluate_original
from tests.builders import baseline, closing, cost, day, instant, milestone, retraction, status, tick, value
from tests.folding import Values, folded
from tests.folds import new_partition, records_of

ORIGINAL_KPIS = {
    "planned_value", "schedule_variance", "spi", "percent_scheduled",
    "earned_schedule", "actual_time", "planned_duration", "schedule_variance_time", "spi_t", "sci_t", "forecast_duration",
    "forecast_duration_pf1", "forecast_duration_sci_t", "forecast_finish", "tspi",
    "milestone_slip", "milestones_overdue", "milestone_hit_rate", "milestone_on_time_rate", "milestone_bei",
}  # fmt: skip


def plan(number: int, end: int, milestone_on: int, **more: Any) -> bytes:
    sections = {
        "budget_at_completion": {"value": 100, "unit": "CNY"},
        "planned_value": [{"date": day(end), "value": 100}],
        "progress_by": "value",
        "milestones": [{"id": "m", "finish": day(milestone_on)}],
        **more,
    }
    return baseline(number, sections=sections, time=instant(more.get("approved_on") or day(0)))


FIRST = plan(1, 10, 5)
SECOND = plan(2, 20, 12, approved_on=day(8))
AGAIN = retraction("project.baselined", {"baseline": 2}, time=instant(30))


def original_on(events: list[bytes], on: int) -> tuple[int, Values]:
    number, values = evaluate_original(folded(events), day(on).toordinal())
    return number, Values(values)


# -- what they say -------------------------------------------------------------------------------------------------


def test_a_project_with_one_baseline_has_none() -> None:
    assert evaluate_original(folded([FIRST, value(4, 30)]), day(5).toordinal()) == (1, [])
    assert evaluate_original(folded([value(4, 30)]), day(5).toordinal()) == (0, [])
    assert evaluate_original(folded([FIRST, SECOND, AGAIN]), day(9).toordinal()) == (1, [])


def test_a_project_with_several_has_the_schedule_kpis_against_the_first() -> None:
    events = [FIRST, SECOND, value(8, 40), value(10, 60), cost(10, 50), milestone("m", 9, percent=100)]
    number, values = original_on(events, 10)
    assert number == 1
    assert {row.kpi for row in values.all} == ORIGINAL_KPIS
    assert values.number("planned_value") == 100
    assert values.number("spi") == 0.6
    assert values.parts("spi_t") == (6, 10)
    assert values.number("forecast_duration") == pytest.approx(10 / 0.6, abs=1e-12)
    assert values.number("milestone_slip", "m") == 4
    assert values.number("milestone_hit_rate") == 0
    in_force = Values(evaluate(folded(events), day(10).toordinal())[1])
    assert in_force.number("planned_value") == 50
    assert in_force.number("milestone_slip", "m") == -3
    assert in_force.parts("spi_t") == (4, 2)


def test_before_the_second_is_approved_they_are_those_of_the_first_in_force() -> None:
    events = [FIRST, SECOND, value(4, 30)]
    _, values = original_on(events, 5)
    in_force = evaluate(folded(events), day(5).toordinal())[1]
    assert values.all == [row for row in in_force if row.kpi in ORIGINAL_KPIS]


def test_they_stand_still_at_the_finish_of_the_project() -> None:
    events = [FIRST, SECOND, value(8, 40), value(18, 100)]
    for on in (18, 30):
        _, values = original_on(events, on)
        assert values.parts("spi_t") == (10, 18)
        assert values.number("forecast_duration") == 18
        assert values.date("forecast_finish") == day(18)


def test_what_the_first_lacks_is_told_of_what_it_has_alone() -> None:
    events = [baseline(sections={"milestones": [{"id": "m"}]}), SECOND, status(9)]
    _, values = original_on(events, 9)
    assert values.reason("milestone_bei") == "not_planned"
    assert values.reason("spi_t") == "not_planned"
    assert original_on([baseline(), SECOND, status(9)], 9)[1].all == []


# -- when they are written -----------------------------------------------------------------------------------------


class Told:
    """Folds events of one partition; what the newest record and the cuts say against the first baseline."""

    def __init__(self) -> None:
        self.partition = new_partition(rules=())
        self._events: list[bytes] = []

    def fold(self, *events: bytes) -> list[Any]:
        begin = len(self._events)
        self._events += events
        return list(self.partition.fold(records_of(self._events)[begin:]).kpis)

    def written(self, *events: bytes) -> tuple[dict[tuple[str, str], Any], dict[tuple[str, str], Any]]:
        """Rows in force and against the first, by day and KPI, that one cut wrote."""
        (record,) = self.fold(*events)
        data = record["data"]
        in_force: dict[tuple[str, str], Any] = {}
        original: dict[tuple[str, str], Any] = {}
        for rows in data["history"]:
            for row in data["values"] if rows["values"] is None else rows["values"]:
                in_force[rows["as_of"], row["kpi"]] = row
            if "original" in rows:
                said = rows["original"]["values"]
                for row in data["original"]["values"] if said is None else said:
                    original[rows["as_of"], row["kpi"]] = {**row, "baseline": rows["original"]["baseline"]}
        return in_force, original


def days(rows: dict[tuple[str, str], Any]) -> set[str]:
    return {as_of for as_of, _ in rows}


def iso(*numbers: int) -> set[str]:
    return {day(number).isoformat() for number in numbers}


def test_a_second_baseline_gives_every_day_its_row_and_leaves_the_others_alone() -> None:
    told = Told()
    _, original = told.written(FIRST, value(3, 20), value(9, 50), closing(9))
    assert original == {}
    in_force, original = told.written(SECOND, tick(10))
    assert days(in_force) == iso(9)
    assert days(original) == iso(3, 9)
    assert {row["baseline"] for row in original.values()} == {1}
    assert original[day(9).isoformat(), "spi_t"]["numerator"] == "5"


def test_a_new_day_and_a_closed_one_have_both() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(8, 40), closing(8))
    in_force, original = told.written(value(9, 50), closing(10))
    assert days(in_force) == days(original) == iso(9, 10)
    (record,) = told.fold(closing(11))
    assert record["data"]["history"] == [
        {"as_of": day(11).isoformat(), "baseline": 2, "values": None,
         "original": {"baseline": 1, "values": None}}
    ]  # fmt: skip
    assert {row["kpi"] for row in record["data"]["original"]["values"]} == ORIGINAL_KPIS


def test_a_correction_restates_the_rows_that_differ() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(8, 40), value(9, 50), closing(9))
    _, original = told.written(value(9, 60, revision=1), tick(10))
    assert days(original) == iso(9)
    assert original[day(9).isoformat(), "spi"]["value"] == pytest.approx(60 / 90)
    assert (day(9).isoformat(), "planned_value") not in original


def test_another_plan_for_the_second_changes_nothing_against_the_first() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(9, 50), closing(9))
    in_force, original = told.written(plan(2, 40, 12, approved_on=day(8), revision=1), tick(10))
    assert days(in_force) == iso(9)
    assert original == {}


def test_another_plan_for_the_first_restates_every_day_against_it() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(3, 20), value(9, 50), closing(9))
    _, original = told.written(plan(1, 12, 5, revision=1), tick(10))
    assert days(original) == iso(3, 9)
    assert original[day(9).isoformat(), "planned_duration"]["value"] == 12


def test_rows_of_a_project_that_has_one_baseline_again_are_null() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(3, 20), value(9, 50), closing(9))
    _, original = told.written(AGAIN, tick(30))
    assert days(original) == iso(3, 9)
    assert {(row["value"], row["reason"]) for row in original.values()} == {(None, "not_planned")}
    record = told.fold(value(9, 51, revision=1), tick(31))[0]
    assert "original" not in record["data"]
    assert all("original" not in rows for rows in record["data"]["history"])


def test_a_live_record_has_the_rows_of_the_status_date() -> None:
    told = Told()
    told.fold(FIRST, SECOND, value(9, 50))
    (record,) = told.partition.evaluate_live().kpis
    said = record["data"]["original"]
    assert said["baseline"] == 1
    assert {row["kpi"] for row in said["values"] or ()} == ORIGINAL_KPIS
