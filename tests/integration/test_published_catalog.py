"""The whole catalog through the commands: applied, drained and asked, it gives what follows from the published figures.

A figure of `tests/published/derived.yaml` is named `project:name`, `:name` in its own project. Of what was stated: `done`,
`done/DISTRICT`, `resumed`, or the id of a series, line or work item; with `.upper` the upper end of a range, with `.day` the
day (also of a milestone, and of `status`), with `.days` the length of a period. Of what is planned: `start`, `finish`, `due`,
`total`, `total/DISTRICT`, `population`, `target_rate`, `budget`, `capacity` (of all lines, a year), `MILESTONE.finish`, the
target of a series that was not read; and how many: `milestones`, `work_items`, `targets`, `statuses`.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.arithmetic import value_of
from tests.cli import ROOT, Milepost

DERIVED: Final = yaml.safe_load((ROOT / "tests" / "published" / "derived.yaml").read_text(encoding="utf-8"))
CHECKS: Final = [(project, check) for project, checks in DERIVED.items() for check in checks]

Row = dict[str, Any]
Named = Iterator[tuple[str, Fraction]]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Milepost:
    """A home into which the bundled catalog was applied and drained."""
    folder = tmp_path_factory.mktemp("catalog")
    milepost = Milepost(home=folder / "home", folder=folder)
    for words in (("apply",), ("run", "--drain")):
        done = milepost(*words)
        assert done.returncode == 0, done.stderr
    return milepost


def query(milepost: Milepost, sql: str) -> list[Row]:
    done = milepost("query", sql, "--format", "json")
    assert done.returncode == 0, done.stderr
    rows: list[Row] = json.loads(done.stdout)
    return rows


@pytest.fixture(scope="module")
def figures(applied: Milepost) -> dict[str, Fraction]:
    """Every figure of the log by its name."""
    found: dict[str, Fraction] = {}
    rows = query(
        applied,
        "SELECT project_id, type, data FROM statements ORDER BY type = 'milepost.project.baselined.v1' DESC",
    )
    for row in rows:
        kind = row["type"].removeprefix("milepost.").removesuffix(".v1")
        named = planned(row["data"]) if kind == "project.baselined" else stated(kind, row["data"])
        found.update((f"{row['project_id']}:{name}", figure) for name, figure in named)
    statuses = Counter(row["project_id"] for row in rows if "status_reported" in row["type"])
    return found | {f"{project}:statuses": Fraction(number) for project, number in statuses.items()}


def planned(plan: Row) -> Named:
    campaign, restart = plan.get("campaign") or {}, plan.get("restart") or {}
    for part in (plan, campaign, restart):
        yield from ((name, day(part[name])) for name in ("start", "finish", "due") if part.get(name))
    yield from ((name, exact(restart[name])) for name in ("population", "target_rate") if name in restart)
    shares = [
        ("total", campaign),
        *((f"total/{each['id']}", each) for each in campaign.get("districts") or ()),
    ]
    yield from ((name, exact(share["total"])) for name, share in shares if share.get("total") is not None)
    targets = {
        each["id"]: each["target"] for each in plan.get("series") or () if each.get("target") is not None
    }
    yield from ((name, exact(target)) for name, target in targets.items())
    yield from (
        (f"{each['id']}.finish", day(each["finish"]))
        for each in plan.get("milestones") or ()
        if each.get("finish")
    )
    if budget := plan.get("budget_at_completion"):
        yield "budget", exact(budget["value"])
    if lines := plan.get("lines"):
        yield "capacity", sum((exact(line["capacity"]["value"]) for line in lines), Fraction(0))
    for section in ("milestones", "work_items"):
        yield section, Fraction(len(plan.get(section) or ()))
    yield "targets", Fraction(len(targets))


def stated(kind: str, said: Row) -> Named:
    name, field = {
        "reading.taken": (said.get("series"), "value"),
        "tally.reported": (f"done/{said['district']}" if "district" in said else "done", "done"),
        "work.reported": (said.get("item"), "quantity"),
        "production.reported": (said.get("line"), "quantity"),
        "restart.surveyed": ("resumed", "resumed"),
        "milestone.reported": (said.get("milestone"), "percent_complete"),
    }.get(kind, ("status", ""))
    if field:
        yield str(name), exact(said[field])
    if "upper" in said:
        yield f"{name}.upper", exact(said["upper"])
    if "as_of" in said:
        yield f"{name}.day", day(said["as_of"])
    if "period_end" in said:
        yield f"{name}.days", day(said["period_end"]) - day(said["period_start"]) + 1


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def day(text: str) -> Fraction:
    return Fraction(date.fromisoformat(text).toordinal())


def test_nothing_is_rejected_and_nothing_contradicts_its_plan(applied: Milepost) -> None:
    assert query(applied, "SELECT reason, detail FROM rejected_events") == []
    assert query(applied, "SELECT project_id, finding, detail FROM findings") == []


def test_every_entity_stands_in_the_store_with_values(applied: Milepost) -> None:
    entities = yaml.safe_load((ROOT / "tests" / "published" / "figures.yaml").read_text(encoding="utf-8"))
    valued = {
        row["project_id"]
        for row in query(applied, "SELECT DISTINCT project_id FROM kpi_latest WHERE value IS NOT NULL")
    }
    assert entities.keys() <= valued


def test_the_catalog_again_publishes_nothing(applied: Milepost, tmp_path: Path) -> None:
    again = applied("apply", "--format", "json")
    report = json.loads(again.stdout)
    assert (report["published"], report["unchanged"]) == (0, len(report["projects"]))
    assert report["statements"]["published"] == report["statements"]["revised"] == 0


@pytest.mark.parametrize(
    ("project", "check"), CHECKS, ids=[f"{name}: {check['check']}" for name, check in CHECKS]
)
def test_what_follows_from_published_figures(figures: dict[str, Fraction], project: str, check: Row) -> None:
    found = value_of(
        check["expr"], lambda name: figures[name if not name.startswith(":") else project + name]
    )
    if "range" in check:
        low, high = map(exact, check["range"])
        assert low <= found <= high
    assert abs(found - exact(check["value"])) <= half_a_digit(check["value"])


def half_a_digit(printed: float) -> Fraction:
    """Half of the last digit that was printed."""
    _, _, decimals = str(printed).partition(".")
    return Fraction(1, 2 * 10 ** len(decimals))


@pytest.mark.parametrize(
    ("project", "kpi", "scope", "value"),
    [
        ("luoyang-coal-reduction", "quantity_done", "", 6_500_000),
        ("anyang-new-energy-vehicles", "quantity_done", "", 350),
        ("mee-rules-revision", "quantity_done", "repealed", 5),
        ("anyang-union-lectures", "completion_rate", "", 100 / 54),
        ("anyang-river-outfalls", "completion_rate", "", 100 * 92 / 121),
        ("luoyang-restart-2024", "resumption_rate", "", 100 * 1487 / 1949),
        ("jonhon-interconnect-community", "percent_complete", "", 100),
        ("yidian-primary-aluminium", "output_cumulative", "", 23_815),
        ("anyang-air-composite-index", "reading_latest", "composite-index", 5.03),
        ("liling-ceramics-energy-share", "reading_latest", "energy-share-of-above-scale-firms", 60),
    ],
)  # fmt: skip
def test_kpis_of_published_figures(
    applied: Milepost, project: str, kpi: str, scope: str, value: float
) -> None:
    where = f"project_id = '{project}' AND kpi = '{kpi}' AND scope = '{scope}'"
    (row,) = query(applied, f"SELECT value FROM kpi_latest WHERE {where}")
    assert row["value"] == pytest.approx(value, rel=1e-12)


def test_what_a_source_does_not_give_is_null_with_its_reason(applied: Milepost) -> None:
    rows = query(
        applied,
        "SELECT kpi, reason FROM kpi_latest WHERE project_id = 'luoyang-reemployment' AND value IS NULL AND value_date IS NULL",
    )
    reasons = {row["kpi"]: row["reason"] for row in rows}
    assert (reasons["completion_rate"], reasons["lead_lag"]) == ("no_data", "no_data")
    assert None not in reasons.values()


def test_qualifiers_and_upper_ends_are_kept(applied: Milepost) -> None:
    (share,) = query(
        applied,
        "SELECT data->>'qualifier' AS qualifier, data->>'upper' AS upper FROM statements "
        "WHERE project_id = 'liling-ceramics-energy-share' AND type = 'milepost.reading.taken.v1'",
    )
    assert (share["qualifier"], float(share["upper"])) == ("range", 70)
    (zones,) = query(
        applied,
        "SELECT data->'campaign' AS campaign FROM statements "
        "WHERE project_id = 'luoyang-demo-devzones' AND type = 'milepost.project.baselined.v1'",
    )
    campaign = zones["campaign"]
    assert (campaign["total"], campaign["qualifier"], campaign["upper"]) == (1, "range", 2)
