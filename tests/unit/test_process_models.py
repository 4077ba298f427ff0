"""What the process models keep to, whatever the seed: quantities grow, times add up, capacity holds, restarts end."""

from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any, Final

import pytest

from producers.catalog import Catalog, CatalogProject
from producers.chance import stream
from producers.holidays import in_spring_festival
from producers.scenarios import days_of, members_of
from producers.simulation import Span, simulate
from producers.weather import Weather
from schemas.codec import decode
from schemas.events import BASELINE_TYPE
from tests.builders import ZONE
from tests.simulated import catalog, stated

SEEDS: Final = (0, 1, 2, 7)
CRUDE: Final = "luoyang-crude-reserve-2"
FOIL: Final = "xinxing-battery-foil-1"
RESTART: Final = "luoyang-restart-2024"


def said(scenario: str, project: str, seed: int, kind: str) -> list[Any]:
    """Payloads of a kind, as they came."""
    return of_kind(stated(scenario, project, seed), kind)


def of_kind(lines: list[bytes], kind: str) -> list[Any]:
    return [event["data"] for event in map(decode, lines) if event["type"] == f"milepost.{kind}.v1"]


def winning(reports: list[Any], *key: str) -> dict[Any, Any]:
    """The report of the greatest revision by key."""
    found: dict[Any, Any] = {}
    for report in sorted(reports, key=lambda each: each.get("revision", 0)):
        found[tuple(report.get(field) for field in key)] = report
    return found


def courses(reports: list[Any], part: str, field: str) -> dict[Any, list[float]]:
    """Figures of each part by day, those in force."""
    by_part: dict[Any, dict[date, float]] = defaultdict(dict)
    for (name, day), report in winning(reports, part, "as_of").items():
        by_part[name][day] = report[field]
    return {name: [days[day] for day in sorted(days)] for name, days in by_part.items()}


def plan_of(project: str) -> Any:
    return catalog().project(project).data


def simulated_project(data: dict[str, Any], seed: int = 0, days: int = 200) -> list[bytes]:
    """What a project of one's own states."""
    project = CatalogProject("own", {"baseline": 1, "name": "Own", "start": "2024-03-01", **data}, "f", 1)
    members = members_of("all", Catalog((project,), ()))
    span = Span(None, date(2024, 3, 1) + timedelta(days=days))
    lines = simulate(members, seed=seed, zone=ZONE, days=days_of(members, span), span=span, ticks_from=None)
    return [line.raw for line in lines]


# -- construction ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_every_tank_grows_to_its_quantity_and_never_shrinks(seed: int) -> None:
    planned = {item["id"]: item["quantity"] for item in plan_of(CRUDE)["work_items"]}
    built = courses(said("crude-reserve", CRUDE, seed, "work.reported"), "item", "quantity")
    assert built.keys() == planned.keys()
    for tank, course in built.items():
        assert course == sorted(course)
        assert course[-1] == planned[tank]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tank_is_accepted_after_its_last_weld_and_the_base_last_of_all(seed: int) -> None:
    finished = {
        report["item"]: report["as_of"]
        for report in said("crude-reserve", CRUDE, seed, "work.reported")
        if report["quantity"] == 1600
    }
    reached = {
        report["milestone"]: report["actual_finish"]
        for report in said("crude-reserve", CRUDE, seed, "milestone.reported")
        if "actual_finish" in report
    }
    assert len(reached) == len(plan_of(CRUDE)["milestones"])
    for tank, day in finished.items():
        assert day < reached[f"{tank}-accepted"]
    assert max(reached.values()) == reached["commissioning"]


@pytest.mark.parametrize("seed", SEEDS)
def test_percents_and_costs_never_fall(seed: int) -> None:
    reports = said("crude-reserve", CRUDE, seed, "milestone.reported")
    for course in courses(reports, "milestone", "percent_complete").values():
        assert course == sorted(course)
        assert course[-1] == 100
    spent = [report["actual_cost"] for report in said("crude-reserve", CRUDE, seed, "cost.reported")]
    assert spent == sorted(spent)
    assert 50 < spent[-1] < 150


def test_forecasts_slip_before_a_milestone_is_reached_late() -> None:
    planned = {each["id"]: date.fromisoformat(each["finish"]) for each in plan_of(CRUDE)["milestones"]}
    slipped = set()
    for report in said("crude-reserve", CRUDE, 0, "milestone.reported"):
        if report.get("forecast_finish", date.min) > planned[report["milestone"]]:
            slipped.add(report["milestone"])
        if report.get("actual_finish", date.min) > planned[report["milestone"]] + timedelta(days=7):
            assert report["milestone"] in slipped
    assert len(slipped) > 3


def test_work_slows_while_crews_are_at_home() -> None:
    reports = winning(said("crude-reserve", CRUDE, 0, "work.reported"), "item", "as_of")
    by_day: dict[date, float] = defaultdict(float)
    for (item, day), report in reports.items():
        before = reports.get((item, day - timedelta(days=1)))
        if before is not None:
            by_day[day] += report["quantity"] - before["quantity"]
    festival = [done for day, done in by_day.items() if in_spring_festival(day)]
    january = [done for day, done in by_day.items() if (day.year, day.month) == (2021, 1)]
    assert mean(festival) < 0.7 * mean(january)


def test_the_weather_of_a_day_does_not_depend_on_the_order_of_the_questions() -> None:
    first = date(2020, 9, 1)
    days = [first + timedelta(days=number) for number in range(400)]
    forward, backward = Weather(stream(0, "w"), first), Weather(stream(0, "w"), first)
    assert [forward.on(day) for day in days] == [backward.on(day) for day in reversed(days)][::-1]
    names = {forward.on(day).name for day in days}
    assert {"clear", "rain", "frost", "snow", "gale"} == names


def test_short_work_in_a_holiday_has_its_crews() -> None:
    plan = plan_of("jonhon-interconnect-community")
    for item, course in courses(
        said("catalog", "jonhon-interconnect-community", 0, "work.reported"), "item", "quantity"
    ).items():
        planned = next(each["quantity"] for each in plan["work_items"] if each["id"] == item)
        assert course[7] > 0.6 * planned


# -- foil ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_no_line_makes_more_than_its_capacity_in_a_day(seed: int) -> None:
    per_day = {line["id"]: line["capacity"]["value"] / 365 for line in plan_of(FOIL)["lines"]}
    made: dict[tuple[str, date], float] = defaultdict(float)
    for (line, day, _), report in winning(
        said("battery-foil", FOIL, seed, "production.reported"), "line", "period_end", "shift"
    ).items():
        made[line, day] += report["quantity"]
    assert {line for line, _ in made} == per_day.keys()
    for (line, _), quantity in made.items():
        assert quantity <= per_day[line] + 1e-9
    assert max(made.values()) > 0.95 * max(per_day.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_times_of_a_shift_add_up_as_in_iso_22400(seed: int) -> None:
    for report in said("battery-foil", FOIL, seed, "production.reported"):
        hours = {name: round(report[name] * 60) for name in report if name.endswith("_time")}
        worked = hours["production_time"] + hours["setup_time"]
        assert hours["unit_processing_time"] == worked
        assert hours["unit_busy_time"] == worked + hours["delay_time"]
        assert hours["unit_busy_time"] <= hours["planned_busy_time"] <= 480
        assert report["quantity"] == pytest.approx(report["good"] + report["scrap"] + report["rework"])
        assert report["good"] >= 0
        # Effectiveness: coils that began in an earlier shift are finished here, so one coil more than the hours allow.
        standard = report["planned_run_time_per_item"] * report["quantity"]
        assert standard <= report["production_time"] + 9 * report["planned_run_time_per_item"]


@pytest.mark.parametrize("seed", SEEDS)
def test_effectiveness_of_a_line_stays_below_one_and_grows_as_its_crews_learn(seed: int) -> None:
    by_month: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for report in winning(
        said("battery-foil", FOIL, seed, "production.reported"), "line", "period_end", "shift"
    ).values():
        by_month[report["line"], report["period_end"].month].append(report)
    effectiveness = {
        key: sum(each["planned_run_time_per_item"] * each["quantity"] for each in reports)
        / sum(each["production_time"] for each in reports)
        for key, reports in by_month.items()
    }
    assert max(effectiveness.values()) < 1
    assert effectiveness["L1", 6] > effectiveness["L1", 4]
    scrap = {
        key: sum(r["scrap"] for r in reports) / sum(r["quantity"] for r in reports)
        for key, reports in by_month.items()
    }
    assert scrap["L1", 6] < scrap["L1", 4]


def test_a_breakdown_stops_a_line_for_shifts_until_it_is_repaired() -> None:
    stopped = [
        report
        for report in said("battery-foil", FOIL, 0, "production.reported")
        if report["quantity"] == 0 and report["delay_time"] == 8
    ]
    assert len(stopped) >= 3
    assert any("bearing" in report["note"] for report in stopped)
    last = max(report["period_end"] for report in stopped)
    later = [
        r["quantity"] for r in said("battery-foil", FOIL, 0, "production.reported") if r["period_end"] > last
    ]
    assert sum(later) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_line_runs_before_it_is_installed_and_its_plan_begins(seed: int) -> None:
    installed = {
        report["milestone"]: report["actual_finish"]
        for report in said("battery-foil", FOIL, seed, "milestone.reported")
        if "actual_finish" in report
    }
    starts = {"L1": date(2024, 3, 16), "L2": date(2024, 4, 16)}
    for report in said("battery-foil", FOIL, seed, "production.reported"):
        assert report["period_start"] >= max(
            installed[f"line-{report['line'].lower()}-installed"], starts[report["line"]]
        )


def test_lines_come_to_full_production_in_june_as_published() -> None:
    for seed in SEEDS:
        (full,) = (
            report["actual_finish"]
            for report in said("battery-foil", FOIL, seed, "milestone.reported")
            if report["milestone"] == "full-production" and "actual_finish" in report
        )
        assert date(2024, 6, 1) <= full <= date(2024, 7, 10)


# -- other lines -----------------------------------------------------------------------------------------------------


def test_potlines_make_about_what_was_published() -> None:
    for seed in SEEDS:
        made = sum(
            r["quantity"] for r in said("catalog", "yidian-primary-aluminium", seed, "production.reported")
        )
        assert made == pytest.approx(23815, rel=0.03)


def test_a_car_dumper_serves_whole_trains_and_no_more_than_a_day_allows() -> None:
    trains = [r["quantity"] for r in said("catalog", "xinfa-coal-car-dumper", 0, "production.reported")]
    assert all(number == int(number) <= 16 for number in trains)
    assert len(set(trains)) > 3


@pytest.mark.parametrize(
    "line",
    [
        {"id": "L"},
        {"id": "L", "plan": [{"period": "2024", "value": 0}]},
        {"id": "L", "capacity": {"value": 0, "unit": "train", "per": "P1D"}},
        {"id": "L", "capacity": {"value": 5_000_000, "unit": "bottle", "per": "P1D"}},
        {
            "id": "L",
            "capacity": {"value": 40, "unit": "t", "per": "PT1H"},
            "plan": [{"period": "2024-04", "value": 9000}],
        },
    ],
)
def test_lines_of_which_the_plan_says_little_produce_all_the_same(line: dict[str, Any]) -> None:
    reports = of_kind(simulated_project({"lines": [line]}, days=60), "production.reported")
    assert len(reports) > 20


# -- restart ---------------------------------------------------------------------------------------------------------


def rates(project: str, seed: int) -> dict[date, float]:
    """Resumption by day, in percent."""
    surveys = winning(said("plant-restart", project, seed, "restart.surveyed"), "as_of")
    population = plan_of(project)["restart"]["population"]
    return {
        day: 100 * each["resumed"] / each.get("population", population)
        for (day,), each in sorted(surveys.items())
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_restart_is_s_shaped_and_ends_near_the_published_deadline(seed: int) -> None:
    course = rates(RESTART, seed)
    assert list(course.values()) == sorted(course.values())
    assert course[date(2024, 2, 17)] == pytest.approx(76.3, abs=7)
    assert course[date(2024, 2, 24)] > 98
    assert max(course.values()) == 100
    gains = {
        day: after - course[before]
        for before, (day, after) in zip(course, list(course.items())[1:], strict=False)
    }
    steepest = max(gains, key=lambda day: gains[day])
    assert date(2024, 2, 13) < steepest <= date(2024, 2, 18)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_survey_of_a_city_is_the_sum_of_its_districts(seed: int) -> None:
    districts = [each for each in catalog().projects if each.data.get("parent") == RESTART]
    day = date(2024, 2, 12)
    first = [
        next(
            each["resumed"]
            for each in said("plant-restart", name, seed, "restart.surveyed")
            if each["as_of"] == day
        )
        for name in (RESTART, *(each.project_id for each in districts))
    ]
    assert first[0] == sum(first[1:])


def test_some_districts_are_ahead_and_some_behind() -> None:
    districts = [each.project_id for each in catalog().projects if each.data.get("parent") == RESTART]
    on_the_day = [rates(district, 0).get(date(2024, 2, 17), 0) for district in districts]
    assert max(on_the_day) - min(on_the_day) > 4


def test_firms_that_never_stopped_are_counted_from_the_first_day() -> None:
    first = said("plant-restart", RESTART, 0, "restart.surveyed")[0]
    assert first["continuous"] == pytest.approx(277, abs=3)
    assert first["resumed"] >= first["continuous"]


# -- campaigns -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_every_task_is_handed_out_before_it_is_done_and_all_come_to_an_end(seed: int) -> None:
    state: dict[str, str] = {}
    for event in map(decode, stated("catalog", "zhuzhou-summer-offensive", seed)):
        data: Any = event["data"]
        if event["type"].endswith("task.assigned.v1"):
            assert data["task"] not in state
            state[data["task"]] = "open"
        elif event["type"].endswith("task.reported.v1"):
            allowed = {"done": {"open", "reopened"}, "reopened": {"done"}, "withdrawn": {"open"}}
            assert state[data["task"]] in allowed[data["status"]]
            state[data["task"]] = data["status"]
    assert sorted(set(state.values())) == ["done", "withdrawn"]
    assert sum(said == "done" for said in state.values()) == 593


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("project", ["zhuzhou-sewer-new", "zhuzhou-black-water", "anyang-river-outfalls"])
def test_tallies_grow_to_their_totals(project: str, seed: int) -> None:
    campaign = plan_of(project)["campaign"]
    totals = {each["id"]: each["total"] for each in campaign.get("districts", ())} or {
        None: campaign["total"]
    }
    tallied = courses(said("catalog", project, seed, "tally.reported"), "district", "done")
    assert {name: course[-1] for name, course in tallied.items()} == totals
    for course in tallied.values():
        assert course == sorted(course)


def test_a_campaign_of_many_pieces_is_counted_in_whole_ones() -> None:
    campaign = {"total": 13_000, "unit": "enterprise", "due": "2024-08-31"}
    tallies = of_kind(simulated_project({"campaign": campaign, "report_every": "P1W"}), "tally.reported")
    done = [tally["done"] for tally in tallies]
    assert all(number == int(number) for number in done)
    assert 12_000 < max(done) <= 13_000


# -- readings --------------------------------------------------------------------------------------------------------


def test_air_is_worse_while_people_heat_and_about_as_bad_as_published() -> None:
    by_month: dict[int, list[float]] = defaultdict(list)
    for reading in said("catalog", "anyang-air-composite-index", 0, "reading.taken"):
        by_month[reading["at"].astimezone(ZONE).month].append(reading["value"])
    winter, summer = (
        mean(value for month in months for value in by_month[month]) for months in ((12, 1, 2), (6, 7, 8))
    )
    assert winter > 1.2 * summer
    assert mean(value for values in by_month.values() for value in values) == pytest.approx(5.03, rel=0.1)


def test_one_reading_resembles_the_next() -> None:
    readings = said("catalog", "anyang-air-composite-index", 0, "reading.taken")
    values = [reading["value"] for reading in readings if "revision" not in reading]
    centre = mean(values)
    spread = mean((value - centre) ** 2 for value in values)
    together = mean((before - centre) * (after - centre) for before, after in pairwise(values))
    assert together / spread > 0.6


def test_shares_are_those_of_eight_sections_and_ranks_are_places() -> None:
    shares = {reading["value"] for reading in said("catalog", "anyang-surface-water", 0, "reading.taken")}
    assert shares <= {12.5 * number for number in range(9)}
    assert len(shares) > 1
    ranks = [reading["value"] for reading in said("catalog", "liaocheng-air-rank-168", 0, "reading.taken")]
    assert all(1 <= rank <= 168 and rank == int(rank) for rank in ranks)
    assert ranks[0] > 148 > min(ranks)


def test_stations_fail_and_nobody_makes_up_what_they_did_not_measure() -> None:
    taken = {r["at"] for r in said("catalog", "anyang-air-composite-index", 0, "reading.taken")}
    missing = [at for at in taken if at + timedelta(hours=2) not in taken]
    assert len(missing) > 3


# -- projects of which little is known -------------------------------------------------------------------------------


def test_a_project_with_nothing_but_dates_says_that_it_goes_on_until_it_ends() -> None:
    states = of_kind(simulated_project({"finish": "2024-03-20"}), "project.status_reported")
    assert {state["status"] for state in states[:-1]} == {"started"}
    assert (states[-1]["status"], states[-1]["as_of"]) == ("completed", date(2024, 3, 20))


def test_a_site_goes_silent_and_makes_up_for_it_later() -> None:
    late = [
        event
        for event in map(decode, stated("crude-reserve", CRUDE))
        if event["type"] != BASELINE_TYPE
        and "revision" not in event["data"]
        and event["data"]["as_of"] < event["time"].astimezone(ZONE).date()
    ]
    days = {event["time"].astimezone(ZONE).date() for event in late}
    assert len(days) >= 2
    assert len(late) > 10
