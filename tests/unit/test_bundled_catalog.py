"""The catalog that comes with Milepost: whole, bilingual, true to the published figures, and part of the package.

The figures are those of the sources, by the id of the project. They stand here a second time so that an edit of the
catalog cannot bend them unseen; what a plan merely assumes is not repeated.
"""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from producers.catalog import Catalog, CatalogProject, baseline_event, bundled_catalog, load_catalog
from schemas.acceptance import accept
from schemas.catalog import FAMILIES, KPIS
from streams.core.alert_record import annotations_of
from streams.core.plan import Plan, plan_of
from streams.core.rules import RuleSet
from streams.core.values import Value

ROOT: Final = Path(__file__).parents[2]


@cache
def catalog() -> Catalog:
    return load_catalog(bundled_catalog())


def plan(project: CatalogProject) -> Plan:
    """The plan as the worker understands it."""
    stated_at = datetime(2024, 2, 17, tzinfo=UTC)
    raw = baseline_event(project, source="test", event_id="e-1", stated_at=stated_at)
    event: Any = accept(raw, (), 2**60, UTC)
    return plan_of(event["data"], stated_at.toordinal())


def data(project_id: str) -> Any:
    return catalog().project(project_id).data


def part(parts: list[dict[str, Any]], part_id: str) -> Any:
    (found,) = (each for each in parts if each["id"] == part_id)
    return found


# -- projects ------------------------------------------------------------------------------------------------------


def test_every_source_has_projects() -> None:
    sources = {Path(project.file).stem for project in catalog().projects}
    assert sources == {
        "luoyang_2021",
        "liaocheng_2019",
        "anyang_2024",
        "luoyang_2024",
        "luoyang_2024_work_report",
        "zhuzhou_2024",
    }


def test_the_three_named_feeds_have_their_projects() -> None:
    for project_id in ("luoyang-crude-reserve-2", "xinxing-battery-foil-1", "luoyang-restart-2024"):
        assert catalog().project(project_id).project_id == project_id


def test_every_project_has_names_in_both_languages_and_a_place() -> None:
    for project in catalog().projects:
        assert project.data["name"].isascii(), project.project_id
        assert any("\u4e00" <= character <= "\u9fff" for character in project.data["name_zh"]), (
            project.project_id
        )
        assert {"province", "city"} <= project.data["region"].keys(), project.project_id


def test_every_kpi_family_has_a_project() -> None:
    plans = [plan(project) for project in catalog().projects]
    served = {
        "earned_value": any(each.has_earned_value for each in plans),
        "earned_schedule": any(each.planned_value for each in plans),
        "milestones": any(each.milestones for each in plans),
        "production": any(each.lines for each in plans),
        "restart": any(each.restart for each in plans),
        "campaign": any(each.campaign for each in plans),
        "completion": any(each.campaign or each.restart for each in plans),
        "investment": any(each.annual_plan for each in plans),
        "readings": any(each.series for each in plans),
        "reporting": bool(plans),
    }
    assert [family for family in FAMILIES if not served[family]] == []


def test_parents_are_projects_of_the_catalog_and_districts_add_up_to_them() -> None:
    known = {project.project_id for project in catalog().projects}
    parents = {project.data["parent"] for project in catalog().projects if "parent" in project.data}
    assert parents <= known
    districts = [
        each.data for each in catalog().projects if each.data.get("parent") == "luoyang-restart-2024"
    ]
    assert (
        sum(each["restart"]["population"] for each in districts)
        == data("luoyang-restart-2024")["restart"]["population"]
    )


def test_parts_lie_within_their_project() -> None:
    for project in catalog().projects:
        known = project.data
        for section in ("milestones", "work_items"):
            for each in known.get(section, ()):
                assert known["start"] <= each.get("start", known["start"]), (project.project_id, each)
                if "finish" in each and "finish" in known:
                    assert each["finish"] <= known["finish"], (project.project_id, each)


# -- figures of the sources ----------------------------------------------------------------------------------------


def test_luoyang_crude_reserve_2() -> None:
    """8 tanks, each 12.5 % of the progress; four ancillary facilities; Jili district."""
    items = data("luoyang-crude-reserve-2")["work_items"]
    assert len(items) == 8
    assert {Fraction(item["weight"]) / sum(each["weight"] for each in items) for item in items} == {
        Fraction(125, 1000)
    }
    milestones = {each["id"] for each in data("luoyang-crude-reserve-2")["milestones"]}
    assert {"foam-station", "rainwater", "fire-water-basin", "sewage-lifting"} <= milestones
    assert data("luoyang-crude-reserve-2")["region"] == {
        "province": "Henan",
        "city": "Luoyang",
        "district": "Jili",
    }


def test_xinxing_battery_foil_1() -> None:
    """100,000 t a year; casting-rolling civil works done by 2024-02-17; full production in June 2024."""
    foil = data("xinxing-battery-foil-1")
    capacities = [line["capacity"] for line in foil["lines"]]
    assert sum(capacity["value"] for capacity in capacities) == 100_000
    assert {(capacity["unit"], capacity["per"]) for capacity in capacities} == {("t", "P1Y")}
    assert part(foil["milestones"], "casting-rolling-civil-works")["finish"] == "2024-02-17"
    assert part(foil["milestones"], "full-production")["finish"] == foil["finish"] == "2024-06-30"
    for line in foil["lines"]:
        assert all(each["value"] <= line["capacity"]["value"] / 12 for each in line["plan"])


def test_luoyang_restart_2024() -> None:
    """1,487 resumed on 2024-02-17 are 76.3 %; all by lunar 15 January, 2024-02-24; the holiday ends on 2024-02-17."""
    restart = data("luoyang-restart-2024")["restart"]
    assert round(100 * 1487 / restart["population"], 1) == 76.3
    assert (restart["target_rate"], restart["due"], restart["holiday_end"]) == (
        100,
        "2024-02-24",
        "2024-02-17",
    )
    assert restart["previous"]["holiday_end"] == "2023-01-27"


def test_longding_foil_project() -> None:
    """Staged production at the end of March 2024."""
    assert part(data("longding-foil-project")["milestones"], "staged-production")["finish"] == "2024-03-31"


def test_jonhon_interconnect_community() -> None:
    """20,000 m3 of earthworks and 10,000 m2 of foundation in the eight days up to 2024-02-17: 2,500 m3 a day."""
    jonhon = data("jonhon-interconnect-community")
    earthworks, foundation = (
        part(jonhon["work_items"], "earthworks"),
        part(jonhon["work_items"], "foundation"),
    )
    assert (earthworks["quantity"], earthworks["unit"]) == (20_000, "m3")
    assert (foundation["quantity"], foundation["unit"]) == (10_000, "m2")
    days = (date.fromisoformat(jonhon["finish"]) - date.fromisoformat(jonhon["start"])).days
    assert earthworks["quantity"] / days == 2500


def test_yidian_primary_aluminium() -> None:
    """23,815 t were made from 2024-02-10 to 2024-02-17: within capacity, and the plan covers those days."""
    (line,) = data("yidian-primary-aluminium")["lines"]
    assert [each["period"] for each in line["plan"]] == ["2024-02-10/2024-02-17"]
    assert 8 * line["capacity"]["value"] >= 23_815


def test_liaocheng_air_rank_168_and_xinfa_coal_car_dumper() -> None:
    """Out of the last 20 of 168 cities is rank 148 or better; 1.5 h per train are 16 trains a day."""
    rank = part(data("liaocheng-air-rank-168")["series"], "rank")
    assert (rank["target"], rank["better"]) == (168 - 20, "lower")
    (dumper,) = data("xinfa-coal-car-dumper")["lines"]
    assert dumper["capacity"] == {"value": 24 / 1.5, "unit": "train", "per": "P1D"}


def test_anyang() -> None:
    """Composite index 5.03, 3.8 % below the year before; 92 outfalls are 76 %; all 8 water sections on target."""
    index = part(data("anyang-air-composite-index")["series"], "composite-index")
    assert round(100 * (5.03 - index["base_value"]) / index["base_value"], 1) == -3.8
    assert index["better"] == "lower"
    assert round(100 * 92 / data("anyang-river-outfalls")["campaign"]["total"]) == 76
    assert [series.get("target") for series in data("anyang-surface-water")["series"]] == [
        100,
        100,
        None,
        None,
        None,
    ]


def test_zhuzhou() -> None:
    """593 tasks; 70 km of sewers in five places; 8 black-odorous waters, 5 of them in Liling; all within 2024."""
    assert data("zhuzhou-summer-offensive")["campaign"] == {"total": 593, "unit": "task", "due": "2024-12-31"}
    sewer, water = data("zhuzhou-sewer-new")["campaign"], data("zhuzhou-black-water")["campaign"]
    lengths = {each["id"]: each["total"] for each in sewer["districts"]}
    assert lengths == {"municipal": 42, "liling": 10, "chaling": 10, "youxian": 2, "yanling": 6}
    assert (sewer["total"], sewer["unit"]) == (sum(lengths.values()), "km") == (70, "km")
    assert {each["id"]: each["total"] for each in water["districts"]} == {"liling": 5, "municipal": 3}
    assert (water["total"], water["due"]) == (8, "2024-12-31")


# -- every entity of the sources -----------------------------------------------------------------------------------

PUBLISHED: Final = ROOT / "tests" / "published" / "figures.yaml"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def entities() -> dict[str, list[str]]:
    """By entity: its figures and dates, as the sources count them."""
    found = yaml.safe_load(PUBLISHED.read_text(encoding="utf-8"))
    return {name: [str(figure) for figure in figures] for name, figures in found.items()}


def figure(value: float, unit: str, said: Mapping[str, Any]) -> str:
    """A figure as the list of published ones writes it."""
    qualifier = f"{said['qualifier']} " if said.get("qualifier") else ""
    upper = f" to {said['upper']:g}" if said.get("upper") is not None else ""
    number = str(value) if isinstance(value, int) else f"{value:g}"
    return f"{qualifier}{number}{upper} {unit}"


def planned_figures(known: Mapping[str, Any]) -> Iterator[str]:
    campaign, restart = known.get("campaign") or {}, known.get("restart") or {}
    for share in (campaign, *(campaign.get("districts") or ())):
        if share.get("total") is not None:
            yield figure(share["total"], campaign["unit"], share)
    for series in known.get("series", ()):
        if series.get("target") is not None:
            yield figure(series["target"], series["unit"], series)
    if "target_rate" in restart:
        yield figure(restart["target_rate"], "%", {})
    if budget := known.get("budget_at_completion"):
        yield figure(budget["value"], budget["unit"], {})
    if lines := known.get("lines"):
        capacities = [line["capacity"] for line in lines]
        yield figure(sum(each["value"] for each in capacities), f"{capacities[0]['unit']}/year", {})


def stated_figures(project: CatalogProject) -> Iterator[str]:
    fields = {
        "reading.taken": "value",
        "tally.reported": "done",
        "work.reported": "quantity",
        "production.reported": "quantity",
    }
    for statement in project.statements:
        said = statement.data
        if statement.kind in fields:
            yield figure(said[fields[statement.kind]], said["unit"], said)
        elif statement.kind == "restart.surveyed":
            yield figure(said["resumed"], "enterprise", said)


def dates(project: CatalogProject) -> Iterator[str]:
    known = project.data
    sections = (known, known.get("campaign") or {}, known.get("restart") or {})
    parts = [*known.get("series", ()), *known.get("milestones", ())]
    for part in (*sections, *parts, *(statement.data for statement in project.statements)):
        yield from (part[name] for name in ("due", "finish", "actual_finish") if part.get(name))


@pytest.mark.parametrize("entity", entities())
def test_every_entity_is_a_project_with_its_published_figures(entity: str) -> None:
    project = catalog().project(entity)
    held = Counter([*planned_figures(project.data), *stated_figures(project)])
    published = Counter(each for each in entities()[entity] if not _DATE.fullmatch(each))
    assert published - held == Counter()
    assert {each for each in entities()[entity] if _DATE.fullmatch(each)} <= set(dates(project))
    assert project.statements, "nothing is known of it"


def test_no_other_projects_than_the_entities_and_the_districts_of_the_restart() -> None:
    others = {project.project_id for project in catalog().projects} - entities().keys()
    assert {data(each)["parent"] for each in others} == {"luoyang-restart-2024"}
    assert len(entities()) == 214


def test_statements_speak_of_parts_that_their_project_has() -> None:
    for project in catalog().projects:
        for statement in project.statements:
            for section, field in (
                ("milestones", "milestone"),
                ("work_items", "item"),
                ("lines", "line"),
                ("series", "series"),
            ):
                if field in statement.data:
                    assert statement.data[field] in {each["id"] for each in project.data[section]}, statement


# -- rules ---------------------------------------------------------------------------------------------------------

BUILT_IN: Final = {
    # name: (KPI, above, below, clear, for, severity)
    "MilestoneOverdue": ("milestones_overdue", 0, None, None, None, "critical"),
    "ScheduleBehind": ("spi_t", None, 0.9, 0.95, "3d", "warning"),
    "TargetDatePassed": ("target_days_late", 0, None, None, None, "critical"),
    "PlanAttainmentLow": ("plan_attainment", None, 90, 95, "2d", "warning"),
    "ResumptionBehind": ("resumption_gap", None, -10, None, None, "warning"),
    "ReportMissing": ("report_overdue", 0, None, None, None, "warning"),
    "TargetAtRisk": ("target_margin", None, 0, None, None, "warning"),
}


def test_the_built_in_rules_are_those_of_the_semantics() -> None:
    found = {
        rule.alert: (rule.kpi, rule.above, rule.below, rule.clear, rule.hold, rule.severity)
        for rule in catalog().rules
    }
    assert found == BUILT_IN
    assert all(rule.kpi in KPIS and rule.scope == "" for rule in catalog().rules)
    assert len(RuleSet(catalog().rules)) == len(BUILT_IN)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_texts_of_a_rule_are_filled_in_in_both_languages(name: str) -> None:
    (rule,) = (each for each in catalog().rules if each.alert == name)
    project, day = catalog().project("luoyang-crude-reserve-2"), date(2021, 3, 1).toordinal()
    value = Value(rule.kpi, "", 7.25, None, None, None, "d", None)
    texts = annotations_of(rule, project.project_id, "", plan(project), value, day, over=False)
    assert all(said in texts["summary"] for said in (project.data["name"], "7.25", "2021-03-01"))
    assert all(said in texts["summary_zh"] for said in (project.data["name_zh"], "7.25", "2021-03-01"))
    assert texts["runbook"]
    assert not any("{" in text for text in texts.values())


# -- the package ---------------------------------------------------------------------------------------------------


def test_a_wheel_holds_every_file_of_the_catalog(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "catalog", source / "catalog", ignore=shutil.ignore_patterns("__pycache__"))
    build = "import sys; from setuptools.build_meta import build_wheel; print(build_wheel(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)],
        cwd=source, env=dict(os.environ), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("catalog/")}
    assert packed == {f"catalog/{path.name}" for path in (ROOT / "catalog").iterdir() if path.is_file()}
