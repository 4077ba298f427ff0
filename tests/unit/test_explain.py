"""What `explain` names for single values, so that a reader sees it; that it is enough is a property."""

import pytest

from schemas.catalog import KPIS
from streams.core.explain.explanation import DECLARED, Explanation, explain
from streams.core.explain.formula import number_text
from streams.core.project import Project
from tests.builders import (
    assigned,
    baseline,
    cost,
    day,
    milestone,
    production,
    reading,
    status,
    survey,
    tally,
    task,
    value,
    work,
)
from tests.folding import folded

PLAN = {
    "planned_value": [{"date": day(10), "value": 100}],
    "budget_at_completion": {"value": 100, "unit": "CNY"},
}


def explained(project: Project, kpi: str, on: int, scope: str = "") -> Explanation:
    found = explain(project, day(on).toordinal(), kpi, scope)
    assert found is not None
    return found


def named(explanation: Explanation) -> list[tuple[str, str]]:
    """Type and day of the statements named."""
    return [(each.key[0].split(".")[1], str(each.key[-1])) for each in explanation.statements]


def test_every_kpi_of_the_registry_is_declared() -> None:
    assert set(DECLARED) == set(KPIS)


def test_an_index_rests_on_the_baseline_and_the_newest_cumulative_figures() -> None:
    project = folded(
        [baseline(sections=PLAN), value(2, 10), value(5, 45), cost(3, 30), cost(5, 40), value(7, 80)]
    )
    spi = explained(project, "spi", 5)
    assert spi.formula == "EV / PV = 45 / 50 = 0.9"
    assert named(spi) == [("project", "1"), ("value", str(day(5)))]
    assert [(each.name, each.value, each.unit) for each in spi.inputs] == [
        ("EV", 45, "CNY"),
        ("PV", 50, "CNY"),
    ]
    assert named(explained(project, "cpi", 5)) == [
        ("project", "1"),
        ("cost", str(day(5))),
        ("value", str(day(5))),
    ]


def test_a_null_names_what_is_known_and_leaves_what_is_missing_in_the_formula() -> None:
    cpi = explained(folded([baseline(sections=PLAN), value(5, 45)]), "cpi", 5)
    assert cpi.formula == "EV / AC = 45 / AC = null (no_data)"
    assert named(cpi) == [("project", "1"), ("value", str(day(5)))]


def test_a_sum_rests_on_every_report_and_a_window_on_its_own() -> None:
    project = folded(
        [baseline(sections={"lines": [{"id": "L1"}]}), *(production("L1", on, 10) for on in range(12))]
    )
    assert len(explained(project, "output_cumulative", 10, "L1").statements) == 1 + 11
    rolling = explained(project, "output_rolling_7d", 10, "L1")
    assert rolling.formula == "Σ last 7 days / days reported = 70 / 7 = 10 t/d"
    # The earliest report names the unit, where the plan names none.
    assert [str(each.key[3]) for each in rolling.statements[1:]] == [
        str(day(on)) for on in (0, *range(4, 11))
    ]


def test_a_milestone_rests_on_the_reports_that_say_when_it_was_achieved() -> None:
    plan = baseline(sections={"milestones": [{"id": "m1", "finish": day(3)}]})
    project = folded(
        [
            plan,
            milestone("m1", 1, percent=50),
            milestone("m1", 5, percent=100),
            milestone("m1", 7, percent=100),
        ]
    )
    slip = explained(project, "milestone_slip", 8, "m1")
    assert slip.formula == "actual or forecast − plan = 2024-01-06 − 2024-01-04 = 2 d"
    assert named(slip)[1:] == [("milestone", str(day(5))), ("milestone", str(day(7)))]


def test_what_is_carried_rests_on_the_report_that_gave_it() -> None:
    plan = baseline(sections={"milestones": [{"id": "m1", "finish": day(3)}]})
    project = folded(
        [
            plan,
            milestone("m1", 1, percent=50),
            milestone("m1", 2, forecast=9),
            milestone("m1", 4, forecast=11),
        ]
    )
    assert named(explained(project, "earned_value", 5))[1:] == [("milestone", str(day(1)))]
    slip = explained(project, "milestone_slip", 5, "m1")
    assert named(slip)[1:] == [("milestone", str(day(1))), ("milestone", str(day(4)))]


def test_a_rate_rests_on_the_surveys_that_tell_resumed_and_population() -> None:
    plan = baseline(sections={"restart": {"population": 80, "target_rate": 90}})
    project = folded([plan, survey(1, 10, population=100), survey(2, 30), survey(4, 60)])
    gap = explained(project, "resumption_gap", 4)
    assert gap.formula == "rate − target = 60 − 90 = -30 pp"
    assert named(gap)[1:] == [("restart", str(day(1))), ("restart", str(day(4)))]


def test_tasks_rest_on_their_assignments_and_newest_reports() -> None:
    plan = baseline(sections={"campaign": {"total": 2, "due": day(20)}})
    project = folded(
        [plan, assigned("a", 1), assigned("b", 1), task("a", 2, "reopened"), task("a", 3), assigned("c", 9)]
    )
    rate = explained(project, "completion_rate", 5)
    assert rate.formula == "done / total = 1 / 2 = 50 %"
    assert {each.key[:2] for each in rate.statements[1:]} == {
        ("milepost.task.assigned.v1", "a"), ("milepost.task.assigned.v1", "b"), ("milepost.task.reported.v1", "a"),
    }  # fmt: skip


def test_what_is_complete_names_what_finished_it() -> None:
    project = folded(
        [baseline(sections=PLAN | {"finish": day(10)}), value(2, 10), status(4, "completed"), value(5, 20)]
    )
    late = explained(project, "target_days_late", 6)
    assert late.value.reason == "complete"
    assert named(late) == [("project", "1"), ("project", str(day(4)))]


def test_the_age_of_a_report_rests_on_all_that_was_said_of_the_newest_day_and_on_no_plan() -> None:
    project = folded([baseline(sections=PLAN), value(2, 10), value(5, 20), cost(5, 9)])
    age = explained(project, "report_age", 8)
    assert age.formula == "D − newest statement = 2024-01-09 − 2024-01-06 = 3 d"
    assert named(age) == [("cost", str(day(5))), ("value", str(day(5)))]


def test_a_later_baseline_is_named_with_the_first_where_both_are_read() -> None:
    plans = [baseline(number, sections={"milestones": [{"id": "m1", "finish": day(9 * number)}], "approved_on": day(number)})
             for number in (1, 2, 3)]  # fmt: skip
    shift = explained(folded(plans), "baseline_shift", 5, "m1")
    assert shift.formula == "current − original baseline = 2024-01-28 − 2024-01-10 = 18 d"
    assert named(shift) == [("project", "1"), ("project", "3")]


def test_earned_schedule_since_a_later_baseline_names_what_was_earned_by_then() -> None:
    later = baseline(
        2, sections=PLAN | {"planned_value": [{"date": day(20), "value": 100}], "approved_on": day(4)}
    )
    project = folded([baseline(sections=PLAN), later, value(2, 10), value(3, 20), value(8, 44)])
    assert named(explained(project, "spi_t", 8)) == [
        ("project", "1"), ("project", "2"), ("value", str(day(3))), ("value", str(day(8))),
    ]  # fmt: skip


def test_a_mean_and_its_target_rest_on_readings_and_plan() -> None:
    plan = baseline(sections={"series": [{"id": "s1", "unit": "µg/m³", "target": 40}]})
    project = folded([plan, *(reading("s1", on, 50) for on in range(9))])
    assert explained(project, "reading_mean_7d", 8, "s1").formula.endswith("= 350 / 7 = 50 µg/m³")
    distance = explained(project, "target_distance", 8, "s1")
    assert distance.formula == "(x − target) / target = (50 − 40) / 40 = 25 %"
    assert len(distance.statements) == 2


def test_units_of_another_dimension_are_not_named() -> None:
    plan = baseline(sections={"work_items": [{"id": "a", "quantity": 10, "unit": "t", "finish": day(9)}]})
    project = folded([plan, work("a", 2, 5), work("a", 4, 7, unit="m")])
    assert named(explained(project, "earned_value", 5))[1:] == [("work", str(day(2)))]


def test_a_tally_is_named_with_the_one_that_tells_the_total() -> None:
    plan = baseline(sections={"campaign": {"unit": "户"}})
    project = folded([plan, tally(1, 3, total=40), tally(3, 10), tally(6, 20)])
    assert named(explained(project, "completion_rate", 4))[1:] == [
        ("tally", str(day(1))),
        ("tally", str(day(3))),
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (5, "5"), (-3.25, "-3.25"), (1 / 3, "0.333333"), (0.0000005, "0.000001"), (4e-9, "4e-09"), (1e23, "1" + "0" * 23),
     (1234567.891, "1234567.891"), (2.5e-7, "2.5e-07")],
)  # fmt: skip
def test_numbers_are_shown_without_noise(number: float, text: str) -> None:
    assert number_text(number) == text
