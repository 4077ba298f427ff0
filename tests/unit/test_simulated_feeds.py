"""What every simulated feed promises: order, acceptance, no findings, the same bytes for the same seed, and its alerts."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from eventlog.log import Record
from producers.catalog import Catalog, CatalogProject
from producers.scenarios import SCENARIOS, days_of, members_of
from producers.simulation import Line, Span, simulate
from schemas.acceptance import accept
from schemas.codec import decode
from schemas.errors import UsageError
from schemas.events import BASELINE_TYPE
from streams.core.constants import Constants
from streams.core.findings import findings_of
from streams.core.partition import Partition
from streams.core.project import Project
from streams.core.rules import RuleSet
from streams.core.statements import statement_of
from tests.builders import RECORDED_AT_US, ZONE
from tests.simulated import catalog, feed, lines_of, stated

CRUDE: Final = "luoyang-crude-reserve-2"
FOIL: Final = "xinxing-battery-foil-1"
RESTART: Final = "luoyang-restart-2024"


def raw(lines: Iterable[Line]) -> list[bytes]:
    return [line.raw for line in lines]


def events(lines: Iterable[Line]) -> list[Any]:
    return [decode(line.raw) for line in lines if not line.is_tick]


# -- order and acceptance --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 7])
def test_every_line_is_accepted_and_leaves_no_finding(seed: int) -> None:
    projects: dict[str, Project] = {}
    for offset, line in enumerate(feed("all", seed)):
        event = accept(line.raw, (), RECORDED_AT_US, ZONE)
        if not line.is_tick:
            assert event["subject"] == line.key
            project = projects.setdefault(line.key, Project(line.key, ZONE))
            project.fold(statement_of(event, line.raw, offset))
    assert len(projects) == len(catalog().projects)
    last = feed("all", seed)[-1].day.toordinal()
    assert {name: found for name, each in projects.items() if (found := findings_of(each, last))} == {}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_lines_stand_in_order_of_time_and_of_each_project_strictly(scenario: str) -> None:
    lines = feed(scenario)
    assert all(before.time <= after.time for before, after in pairwise(lines))
    latest: dict[str, datetime] = {}
    for line in lines:
        assert decode(line.raw)["time"] == line.time
        assert line.key not in latest or latest[line.key] < line.time
        latest[line.key] = line.time


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_tick_closes_each_day_at_its_end(scenario: str) -> None:
    ticks = [decode(line.raw) for line in feed(scenario) if line.is_tick]
    first = ticks[0]["data"]["closes"]
    for number, tick in enumerate(ticks):
        day = first + timedelta(days=number)
        assert tick["data"]["closes"] == day
        assert tick["data"]["at"] == datetime.combine(day, time(23, 59, 59), ZONE)
        assert tick["data"]["clock"] == "simulated"
    assert feed(scenario)[-1].is_tick


def test_each_project_begins_with_its_plan() -> None:
    seen: set[str] = set()
    for line in feed("all"):
        if line.is_tick or line.key in seen:
            continue
        event = decode(line.raw)
        assert event["type"] == BASELINE_TYPE
        project = catalog().project(line.key)
        first = min((said.stated_at.date() for said in project.statements), default=None)
        start = date.fromisoformat(project.data["start"]) if project.simulated else first
        assert event["time"] == datetime.combine(start or date.max, time(8), ZONE)
        seen.add(line.key)


def test_times_do_not_run_back_where_clocks_are_changed() -> None:
    zone = ZoneInfo("America/New_York")
    members = members_of("catalog", catalog())
    span = Span(date(2024, 3, 8), date(2024, 3, 12))
    lines = list(
        simulate(members, seed=0, zone=zone, days=days_of(members, span), span=span, ticks_from="test")
    )
    assert all(before.time <= after.time for before, after in pairwise(lines))
    for line in lines:
        accept(line.raw, (), RECORDED_AT_US, zone)


def test_the_volume_stays_modest() -> None:
    assert 10_000 < len(feed("all")) < 40_000


# -- seeds -----------------------------------------------------------------------------------------------------------

FIRST_LINES: Final = 500
GOLDEN: Final = {
    "crude-reserve": "de145dd357212bfd3ea06e40c25c67a3b923048ac91bcffc3301489ea7ea30c3",
    "battery-foil": "99cfbf893a7899b4936e679049672f6a0dc7e2c339540d06c1e27557a90866a1",
    "plant-restart": "a30480b97cc23bfb3ef88e5fa42579dae233ef2ffb284e7e327ec0791cbce975",
    "catalog": "9ef4596455bc193d379c7b3f7459d90ce7c5978d88249c80e6206060f9166b74",
    "all": "9ef4596455bc193d379c7b3f7459d90ce7c5978d88249c80e6206060f9166b74",
}
"""SHA-256 of the first lines with seed 0. They change with the models and the catalog, never with machine or Python."""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_seed_gives_the_same_bytes_everywhere(scenario: str) -> None:
    digest = hashlib.sha256(b"\n".join(raw(islice(lines_of(scenario), FIRST_LINES)))).hexdigest()
    assert digest == GOLDEN[scenario]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_another_seed_gives_another_course(scenario: str) -> None:
    assert course(scenario, 0) != course(scenario, 1)


def course(scenario: str, seed: int) -> list[Any]:
    return [event["data"] for event in events(feed(scenario, seed))]


def test_a_project_states_the_same_in_every_scenario() -> None:
    for scenario, project in (("crude-reserve", CRUDE), ("battery-foil", FOIL), ("plant-restart", RESTART)):
        assert stated(scenario, project) == stated("all", project)


def test_more_projects_do_not_change_the_first_ones() -> None:
    many = list(lines_of("battery-foil", projects=3))
    assert [line.raw for line in many if line.key == FOIL] == stated("battery-foil", FOIL)
    assert {line.key for line in many} == {"clock", FOIL, f"{FOIL}-2", f"{FOIL}-3"}


def test_copies_take_another_course_under_a_numbered_name() -> None:
    lines = list(lines_of("battery-foil", projects=2))
    first, second = (
        [event["data"] for event in events(lines) if event["subject"] == name] for name in (FOIL, f"{FOIL}-2")
    )
    assert second[0]["name"] == f"{first[0]['name']} (2)"
    assert second[0]["name_zh"] == f"{first[0]['name_zh']}（2）"
    assert first[1:50] != second[1:50]


def test_copies_of_districts_belong_to_the_copy_of_their_city() -> None:
    members = members_of("plant-restart", catalog(), 12)
    assert [member.project.data.get("parent") for member in members[7:]] == [f"{RESTART}-2"] * 5
    members = members_of("all", catalog(), 2 * len(catalog().projects))
    assert len({member.project.project_id for member in members}) == len(members)


def test_models_come_first_and_what_was_published_is_not_copied() -> None:
    whole, more = len(catalog().projects), 30
    modelled = sum(project.simulated for project in catalog().projects)
    members = members_of("all", catalog(), whole + more)
    assert [member.project.simulated for member in members] == [True] * modelled + [False] * (
        whole - modelled
    ) + [True] * more


def test_a_project_that_is_not_simulated_repeats_what_was_published() -> None:
    project = catalog().project("yto-ln2004-tractor")
    plan, *said = [decode(raw) for raw in stated("catalog", project.project_id)]
    assert plan["data"]["name"] == project.data["name"]
    assert [event["type"] for event in said] == [each.type for each in project.statements]
    assert {event["time"].astimezone(ZONE).date() for event in said} == {date(2024, 2, 18)}
    reports = [event["data"] for event in said]
    assert [each.get("milestone") for each in reports] == [
        each.data.get("milestone") for each in project.statements
    ]


def test_figures_of_a_simulated_project_that_nobody_watches_are_not_made_up() -> None:
    read = [event["data"]["series"] for event in events(feed("catalog")) if event["type"] == "milepost.reading.taken.v1"
            and event["subject"] == "anyang-air-composite-index"]  # fmt: skip
    assert set(read) == {"composite-index"}


def test_a_copy_never_takes_the_name_of_another_project() -> None:
    data = {"baseline": 1, "name": "Yard", "start": "2024-01-01"}
    known = Catalog(tuple(CatalogProject(name, data, "f", 1) for name in ("yard", "yard-2")), ())
    names = [member.project.project_id for member in members_of("all", known, 5)]
    assert names == ["yard", "yard-2", "yard-2-2", "yard-2-2-2", "yard-3"]


# -- days ------------------------------------------------------------------------------------------------------------


def test_a_feed_can_be_cut_in_two_and_nothing_but_plans_is_said_twice() -> None:
    cut = date(2024, 2, 16)
    before = list(lines_of("plant-restart", span=Span(None, cut)))
    after = list(lines_of("plant-restart", span=Span(cut + timedelta(days=1), None)))
    plans = [line.raw for line in after if decode(line.raw)["type"] == BASELINE_TYPE]
    assert len(plans) == 6
    assert set(plans) <= set(raw(before))
    assert raw(before) + [line.raw for line in after if line.raw not in plans] == raw(feed("plant-restart"))


def test_projects_that_were_over_before_the_first_day_are_not_mentioned() -> None:
    lines = list(lines_of("all", span=Span(date(2024, 1, 1), date(2024, 1, 5))))
    names = {line.key for line in lines}
    assert CRUDE not in names
    assert {FOIL, "anyang-air-composite-index"} <= names
    assert {line.day for line in lines} == {date(2024, 1, day) for day in range(1, 6)}


@pytest.mark.parametrize(
    ("span", "named"), [(Span(None, date(2000, 1, 1)), "--to"), (Span(date(2100, 1, 1), None), "--from")]
)
def test_days_on_which_nothing_happens_are_refused(span: Span, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        days_of(members_of("crude-reserve", catalog()), span)


def test_a_catalog_without_the_named_project_is_refused() -> None:
    with pytest.raises(UsageError, match=CRUDE):
        members_of("crude-reserve", Catalog((), ()))
    with pytest.raises(UsageError, match="no project for the scenario all"):
        members_of("all", Catalog((), ()))


def test_a_feed_without_ticks_says_the_same() -> None:
    without = list(lines_of("crude-reserve", ticks=False))
    assert raw(without) == [line.raw for line in feed("crude-reserve") if not line.is_tick]


# -- what the feeds exercise -----------------------------------------------------------------------------------------


def alerts_of(scenario: str) -> dict[tuple[str, str], Counter[str]]:
    """Transitions by project and alert, with the rules of the catalog."""
    rules = RuleSet(catalog().rules)
    partition = Partition(0, place=lambda _: 0, zone=ZONE, constants=Constants(), rules=rules)
    records = (
        Record("events", 0, offset, RECORDED_AT_US, None, line.raw)
        for offset, line in enumerate(feed(scenario))
    )
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for transition in partition.fold(records).alerts:
        data: Any = transition["data"]
        found[data["project_id"], data["labels"]["alertname"]][data["state"]] += 1
    return found


@pytest.mark.parametrize(
    ("scenario", "project", "alert"),
    [
        ("crude-reserve", CRUDE, "ScheduleBehind"),
        ("crude-reserve", CRUDE, "MilestoneOverdue"),
        ("crude-reserve", CRUDE, "ReportMissing"),
        ("battery-foil", FOIL, "PlanAttainmentLow"),
        ("battery-foil", FOIL, "ReportMissing"),
        ("plant-restart", RESTART, "ResumptionBehind"),
        ("plant-restart", RESTART, "TargetDatePassed"),
    ],
)
def test_alerts_fire_and_resolve(scenario: str, project: str, alert: str) -> None:
    transitions = alerts_of(scenario)[project, alert]
    assert transitions["firing"] > 0
    assert transitions["resolved"] > 0


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_days_are_restated_by_corrections_and_by_late_reports(scenario: str) -> None:
    revised = late = 0
    for event in events(feed(scenario)):
        day = event["data"].get("as_of") or event["data"].get("period_end")
        revised += bool(event["data"].get("revision"))
        late += (
            day is not None
            and day < event["time"].astimezone(ZONE).date()
            and not event["data"].get("revision")
        )
    assert revised > 0
    assert late > 0


def test_a_feed_that_is_stopped_ends_with_a_whole_day() -> None:
    members, asked = members_of("crude-reserve", catalog()), iter(range(100))
    lines = raw(
        simulate(
            members, seed=0, zone=ZONE, days=days_of(members, Span()), span=Span(), ticks_from="test",
            stopped=lambda: next(asked) > 40,
        )
    )  # fmt: skip
    assert lines == raw(feed("crude-reserve"))[: len(lines)]
    assert decode(lines[-1])["subject"] == "clock"
    assert 10 < len(lines) < 100
