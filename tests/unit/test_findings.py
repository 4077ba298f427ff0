"""Everything that is kept but cannot count stands in the findings, and they depend on nothing but the statements."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from streams.core.findings import findings_of
from streams.core.project import Project
from streams.core.statements import Statement, statement_of
from streams.core.status_date import status_date

ZONE = ZoneInfo("Asia/Shanghai")
START = date(2024, 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


class Said:
    """Statements as told, in order; each is made later than the one before."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def say(self, kind: str, /, **data: Any) -> "Said":
        number = len(self.statements) + 1
        event = {
            "id": str(number),
            "source": "s",
            "type": f"milepost.{kind}.v1",
            "time": datetime(2024, 2, 1, 0, number, tzinfo=UTC),
            "data": data,
        }
        self.statements.append(statement_of(event, b'{"data":{"n":%d}}' % number, number))
        return self

    def plan(self, number: int = 1, **sections: Any) -> "Said":
        return self.say("project.baselined", baseline=number, name="P", start=START, **sections)

    def work(self, on: int, quantity: float, unit: str = "t", item: str = "w", **more: Any) -> "Said":
        return self.say("work.reported", item=item, as_of=day(on), quantity=quantity, unit=unit, **more)

    def produced(
        self, first: int, last: int, quantity: float, unit: str = "t", line: str = "l", **more: Any
    ) -> "Said":
        period = {"period_start": day(first), "period_end": day(last)}
        return self.say("production.reported", line=line, **period, quantity=quantity, unit=unit, **more)

    def tallied(self, on: int, done: float, **more: Any) -> "Said":
        return self.say("tally.reported", as_of=day(on), done=done, **more)

    def retract(self, kind: str, revision: int = 0, **key: Any) -> "Said":
        return self.say("statement.retracted", type=f"milepost.{kind}.v1", revision=revision, **key)

    def project(self) -> Project:
        project = Project("p", ZONE)
        for statement in self.statements:
            project.fold(statement)
        return project

    def found(self) -> list[tuple[str, str, str | None]]:
        """Finding, scope, id of the cause."""
        return short(self.project())


def short(project: Project) -> list[tuple[str, str, str | None]]:
    found = findings_of(project, status_date(project, None))
    return [(finding["finding"], finding["scope"], finding["id"]) for finding in found]


LINE = [{"id": "l", "capacity": {"value": 10.0, "unit": "t", "per": "P1D"}}]
CAMPAIGN = {"total": 100.0, "unit": "件", "districts": [{"id": "d", "total": 10.0}]}
BUDGET = {"value": 100.0, "unit": "CNY"}


def test_a_finding_names_its_cause_and_what_to_do() -> None:
    said = Said().plan(work_items=[{"id": "w"}]).work(3, 1.0, item="x")
    (finding,) = findings_of(said.project(), day(3).toordinal())
    assert finding == {
        "finding": "unknown_item",
        "scope": "x",
        "as_of": "2024-01-04",
        "detail": "the work item x is not in the baseline; correct its id, or put it into the next baseline",
        "source": "s",
        "id": "2",
        "since": "2024-02-01T00:02:00.000000Z",
    }


def test_a_project_without_baseline_is_one_finding_whatever_was_said() -> None:
    said = Said().work(1, 1.0).tallied(1, 5.0, district="d").produced(1, 1, 5.0)
    (finding,) = findings_of(said.project(), day(1).toordinal())
    assert finding["finding"] == "no_baseline"
    assert [finding[field] for field in ("scope", "as_of", "source", "id", "since")] == [
        "",
        None,
        None,
        None,
        None,
    ]


def test_a_plan_that_is_kept_to_has_no_findings() -> None:
    said = Said().plan(work_items=[{"id": "w", "quantity": 10.0, "unit": "t"}], lines=LINE, campaign=CAMPAIGN)
    said.work(1, 1000.0, "kg").work(2, 2.0).produced(1, 2, 20.0).tallied(1, 5.0, district="d").tallied(
        2, 50.0
    )
    assert said.found() == []


@pytest.mark.parametrize(
    ("name", "scope", "kind", "data"),
    [
        ("unknown_milestone", "x", "milestone.reported", {"milestone": "x", "as_of": day(1)}),
        ("unknown_item", "x", "work.reported", {"item": "x", "as_of": day(1), "quantity": 1.0, "unit": "t"}),
        ("unknown_district", "x", "tally.reported", {"district": "x", "as_of": day(1), "done": 1.0}),
        ("unknown_series", "x", "reading.taken",
         {"series": "x", "at": datetime(2024, 1, 2, tzinfo=UTC), "value": 1.0, "unit": "m"}),
        ("unknown_task", "x", "task.reported", {"task": "x", "as_of": day(1), "status": "done"}),
        ("unknown_district", "x", "task.assigned", {"task": "t", "district": "x", "assigned_on": day(1)}),
        ("unknown_line", "x", "production.reported",
         {"line": "x", "period_start": day(1), "period_end": day(1), "quantity": 1.0, "unit": "t"}),
    ],
)  # fmt: skip
def test_a_part_that_the_baseline_lacks_is_a_finding(
    name: str, scope: str, kind: str, data: dict[str, Any]
) -> None:
    assert Said().plan().say(kind, **data).found() == [(name, scope, "2")]


def test_a_part_of_an_older_baseline_is_known_on_the_days_of_that_one() -> None:
    said = Said().plan(work_items=[{"id": "w"}]).plan(2, approved_on=day(10), work_items=[{"id": "v"}])
    said.work(5, 1.0).work(11, 2.0)
    assert said.found() == [("unknown_item", "w", "4")]


def test_a_task_is_unknown_until_it_is_assigned() -> None:
    said = Said().plan().say("task.reported", task="t", as_of=day(2), status="done")
    assert said.found() == [("unknown_task", "t", "2")]
    assert said.say("task.assigned", task="t", assigned_on=day(1)).found() == []


@pytest.mark.parametrize(
    ("sections", "kind", "data"),
    [
        ({"work_items": [{"id": "w", "unit": "t"}]}, "work.reported", {"item": "w", "as_of": day(1), "quantity": 1.0}),
        ({"budget_at_completion": BUDGET}, "cost.reported", {"as_of": day(1), "actual_cost": 1.0}),
        ({"budget_at_completion": BUDGET}, "investment.reported", {"as_of": day(1), "year": 2024, "cumulative": 1.0}),
        ({"lines": LINE}, "production.reported",
         {"line": "l", "period_start": day(1), "period_end": day(1), "quantity": 1.0}),
        ({"campaign": CAMPAIGN}, "tally.reported", {"as_of": day(1), "done": 1.0}),
        ({"series": [{"id": "x", "unit": "h"}]}, "reading.taken",
         {"series": "x", "at": datetime(2024, 1, 2, tzinfo=UTC), "value": 1.0}),
    ],
)  # fmt: skip
def test_a_unit_of_another_dimension_is_a_finding(sections: Any, kind: str, data: dict[str, Any]) -> None:
    ((name, _, cause),) = Said().plan(**sections).say(kind, **data, unit="km").found()
    assert (name, cause) == ("unit_mismatch", "2")


def test_without_a_planned_unit_the_earliest_statement_says_which_it_is() -> None:
    said = Said().plan(lines=[{"id": "l"}], campaign={})
    said.produced(2, 2, 1.0, "km").produced(1, 1, 1.0, "t")
    said.tallied(2, 2.0, unit="km").tallied(1, 1.0, unit="t")
    assert said.found() == [("unit_mismatch", "", "4"), ("unit_mismatch", "l", "2")]


def test_a_line_of_another_dimension_than_the_first_is_a_finding_of_what_gave_it_its_unit() -> None:
    other = {"id": "k", "capacity": {"value": 1.0, "unit": "km", "per": "P1D"}}
    assert Said().plan(lines=[*LINE, other]).produced(1, 1, 1.0).found() == [("unit_mismatch", "k", "1")]
    said = Said().plan(lines=[*LINE, {"id": "k"}]).produced(1, 1, 1.0, "km", line="k")
    assert said.found() == [("unit_mismatch", "k", "2")]
    unplanned = Said().produced(1, 1, 1.0, "km", line="k").produced(2, 2, 1.0, "t")
    assert ("unit_mismatch", "l", "2") in unplanned.found()


def test_a_figure_above_its_plan_is_a_finding() -> None:
    said = Said().plan(
        work_items=[{"id": "w", "quantity": 10.0, "unit": "t"}],
        budget_at_completion=BUDGET,
        progress_by="value",
        campaign=CAMPAIGN,
        restart={"population": 50.0},
    )
    said.work(1, 10_000.0, "kg").work(2, 10_001.0, "kg").say(
        "value.reported", as_of=day(1), earned_value=101.0
    )
    said.tallied(1, 11.0, district="d").tallied(1, 101.0).say("restart.surveyed", as_of=day(1), resumed=51.0)
    assert said.found() == [
        ("over_budget", "", "4"),
        ("over_population", "", "7"),
        ("over_quantity", "w", "3"),
        ("over_total", "", "6"),
        ("over_total", "d", "5"),
    ]


def test_totals_and_populations_that_were_reported_count_until_they_are_cleared() -> None:
    said = Said().plan(campaign=CAMPAIGN, restart={"population": 50.0})
    said.tallied(1, 5.0, total=120.0).tallied(2, 110.0).tallied(3, 111.0, total=None)
    said.say("restart.surveyed", as_of=day(1), resumed=51.0, population=60.0)
    said.say("restart.surveyed", as_of=day(2), resumed=52.0, population=None)
    assert said.found() == [("over_population", "", "6"), ("over_total", "", "4")]


@pytest.mark.parametrize(
    ("kind", "key", "field"),
    [
        ("work.reported", {"item": "w", "unit": "t"}, "quantity"),
        ("value.reported", {}, "earned_value"),
        ("investment.reported", {"year": 2024, "unit": "CNY"}, "cumulative"),
        ("tally.reported", {}, "done"),
        ("restart.surveyed", {}, "resumed"),
        ("milestone.reported", {"milestone": "m"}, "percent_complete"),
    ],
)
def test_a_cumulative_figure_that_fell_is_a_finding(kind: str, key: dict[str, Any], field: str) -> None:
    said = Said().plan(work_items=[{"id": "w"}], milestones=[{"id": "m"}])
    for on, figure in ((1, 5.0), (2, 4.0), (3, 4.0)):
        said.say(kind, as_of=day(on), **key, **{field: figure})
    ((name, _, cause),) = said.found()
    assert (name, cause) == ("progress_fell", "3")


def test_an_investment_begins_anew_each_year_and_a_cost_may_be_reversed() -> None:
    said = Said().plan()
    for year, on in ((2023, 1), (2024, 2)):
        said.say("investment.reported", year=year, as_of=day(on), cumulative=9.0 - on, unit="CNY")
    said.say("cost.reported", as_of=day(1), actual_cost=5.0, unit="CNY")
    said.say("cost.reported", as_of=day(2), actual_cost=4.0, unit="CNY")
    assert said.found() == []


def test_a_forecast_keeps_the_percent_and_a_finish_counts_as_all() -> None:
    said = Said().plan(milestones=[{"id": "m"}])
    said.say("milestone.reported", milestone="m", as_of=day(1), actual_finish=day(1))
    said.say("milestone.reported", milestone="m", as_of=day(2), forecast_finish=day(9))
    said.say("milestone.reported", milestone="m", as_of=day(3), actual_finish=None, percent_complete=90.0)
    assert said.found() == [("progress_fell", "m", "4")]


def test_figures_in_two_units_are_compared_in_one() -> None:
    assert Said().plan(work_items=[{"id": "w"}]).work(1, 4000.0, "kg").work(2, 5.0).found() == []


def test_periods_that_are_not_taken_are_findings() -> None:
    said = Said().plan(lines=[{"id": "l"}]).produced(1, 7, 7.0).produced(7, 7, 1.0).produced(8, 8, 1.0)
    assert said.found() == [("overlapping_period", "l", "3")]


def test_output_above_the_capacity_of_its_period_is_a_finding() -> None:
    said = Said().plan(lines=LINE).produced(1, 2, 20.0).produced(3, 3, 10_001.0, "kg")
    assert said.found() == [("capacity_exceeded", "l", "3")]


@pytest.mark.parametrize(
    ("per", "possible"), [("P1D", 24.0), ("PT1H", 576.0), ("P1Y", 0.065), ("P1M", 0.789)]
)
def test_capacity_is_told_per_day(per: str, possible: float) -> None:
    lines = [{"id": "l", "capacity": {"value": 24.0, "unit": "t", "per": per}}]
    assert Said().plan(lines=lines).produced(1, 1, possible).found() == []
    assert Said().plan(lines=lines).produced(1, 1, possible + 0.001).found() == [
        ("capacity_exceeded", "l", "2")
    ]


@pytest.mark.parametrize(
    ("quantity", "hours", "found"),
    [
        (100.0, 5.0, False),
        (100.001, 5.0, True),
        (100.0, 4.99, True),
        (100.0, 0.0, False),
        (100.0, None, False),
    ],
)
def test_a_planned_run_time_above_the_production_time_is_a_finding(
    quantity: float, hours: float | None, *, found: bool
) -> None:
    times: dict[str, Any] = {"production_time": hours, "planned_run_time_per_item": 0.05}
    for said in (Said().plan(lines=[{"id": "l"}]), Said()):
        over = [name for name, *_ in said.produced(1, 1, quantity, **times).found() if name != "no_baseline"]
        assert over == ["effectiveness_over_100"] * found


def test_shifts_that_are_too_effective_together_are_findings_where_they_are_so_alone() -> None:
    times: dict[str, Any] = {"production_time": 1.0, "planned_run_time_per_item": 0.05}
    said = Said().plan(lines=[{"id": "l"}]).produced(1, 1, 10.0, shift="early", **times)
    assert said.produced(1, 1, 30.0, shift="late", **times).found() == []
    assert said.produced(1, 1, 31.0, shift="late", revision=1, **times).found() == [
        ("effectiveness_over_100", "l", "4")
    ]
    assert said.produced(1, 1, 20.0, **times).found() == []


def test_a_retraction_of_nothing_and_each_that_loses_are_findings() -> None:
    said = Said().plan(work_items=[{"id": "w"}])
    said.retract("work.reported", item="w", as_of=day(1))
    said.retract("work.reported", item="w", as_of=day(2)).retract("work.reported", item="w", as_of=day(2))
    said.work(2, 1.0, revision=1)
    assert said.found() == [
        ("retraction_of_nothing", "w", "2"),
        ("retraction_superseded", "w", "3"),
        ("retraction_superseded", "w", "4"),
    ]


def test_a_retraction_that_takes_something_back_is_no_finding() -> None:
    said = Said().plan(work_items=[{"id": "w"}]).work(1, 1.0).retract("work.reported", item="w", as_of=day(1))
    assert said.found() == []


def test_findings_do_not_depend_on_the_order_of_arrival() -> None:
    said = (
        Said()
        .plan(work_items=[{"id": "w", "quantity": 5.0}])
        .work(1, 6.0)
        .work(2, 3.0)
        .work(2, 7.0, revision=1)
    )
    said.retract("work.reported", item="w", as_of=day(1), revision=2)
    results = set()
    for order in permutations(said.statements):
        project = Project("p", ZONE)
        for statement in order:
            project.fold(statement)
            findings_of(project, status_date(project, None))
        results.add(tuple(short(project)))
    assert results == {(("over_quantity", "w", "4"),)}


def test_findings_go_when_their_cause_goes() -> None:
    said = Said().plan(work_items=[{"id": "w"}], lines=[{"id": "l"}])
    said.work(1, 5.0).work(2, 4.0).produced(1, 7, 7.0).produced(7, 7, 1.0).work(3, 1.0, item="x")
    project = said.project()
    assert len(short(project)) == 3
    said.work(2, 6.0, revision=1).retract(
        "production.reported", line="l", period_start=day(7), period_end=day(7)
    )
    said.plan(2, approved_on=day(3), work_items=[{"id": "w"}, {"id": "x"}], lines=[{"id": "l"}])
    for statement in said.statements[6:]:
        project.fold(statement)
    assert short(project) == []


def test_looking_at_the_project_as_it_was_changes_no_finding() -> None:
    project = Said().plan(work_items=[{"id": "w"}]).work(1, 5.0).work(2, 4.0).project()
    before = short(project)
    project.swap_undo()
    project.swap_undo()
    assert short(project) == before == [("progress_fell", "w", "3")]
