"""`explain`, and `kpis` of one project, on real stores: exact to the record, and enough to compute every value anew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from milepost.explaining import Question, explained, object_of
from milepost.folded_kpis import folded_rows
from milepost.kpi_tables import KPI_COLUMNS, kpi_sql
from milepost.project_records import ProjectRecords, row_of
from milepost.render import json_text
from schemas.acceptance import accept
from schemas.codec import to_json
from schemas.settings import Settings
from storage.literals import quoted
from storage.reader import Reader, open_reader
from streams.core.evaluation import evaluate
from streams.core.statements import statement_of
from tests.builders import (
    PROJECT,
    RECORDED_AT_US,
    ZONE,
    baseline,
    closing,
    day,
    instant,
    production,
    retraction,
    tick,
    value,
)
from tests.cli import Milepost
from tests.explaining import project_of
from tests.messes import Mess, closing_tick, cut_tick, some_statement
from tests.stores import TOPICS, Feed, drained, opened

PLAN: Final = {
    "planned_value": [{"date": day(10), "value": 100}],
    "budget_at_completion": {"value": 100, "unit": "万元"},
    "lines": [{"id": "L1"}, {"id": "二号线"}],
}
FIRST_CUT: Final = "2024-01-05T23:59:00+08:00"
KEYS: Final = (*KPI_COLUMNS, "formula", "inputs", "statements", "superseded")
STATEMENT: Final = ["source", "id", "type", "as_of", "revision", "time", "data"]


def filled_home(home: Path, *stretches: tuple[bytes, ...]) -> Path:
    """A home with a store; what stands after the last tick of a stretch is live."""
    feed = Feed(home / "log.db", rules=())
    for stretch in stretches:
        feed.publish(*stretch)
    with opened(home / "milepost.duckdb", feed.log) as store:
        drained(store, feed.log)
    feed.log.close()
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_home(
        tmp_path_factory.mktemp("home"),
        (baseline(sections=PLAN), value(3, 10, id="v3"), value(4, 20, id="v4"), production("L1", 4, 7, id="p4"),
         production("L1", 3, 5, id="p3"), closing(4)),
        (value(4, 36, revision=1, id="v4 again"), closing(5)),
        (retraction("production.reported", {"line": "L1", "period_start": day(3), "period_end": day(3)}, time=instant(5), id="r3"),
         tick(6)),
        (value(4, 44, revision=2, id="v4 at last"),),
    )  # fmt: skip


@pytest.fixture
def asking(home: Path, tmp_path: Path) -> Milepost:
    return Milepost(home=home, folder=tmp_path)


def told(asking: Milepost, *words: object) -> Any:
    done = asking("explain", *words, "--format", "json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def ids(statements: list[dict[str, Any]]) -> list[str]:
    return [each["id"] for each in statements]


@contextmanager
def records_of(home: Path, project: str) -> Iterator[tuple[Reader, ProjectRecords]]:
    with open_reader(Settings.model_validate({"home": home})) as reader:
        yield reader, ProjectRecords(reader, TOPICS.events, project)


# -- the public object -------------------------------------------------------------------------------------------------


def test_the_object_is_the_row_with_formula_inputs_and_statements(asking: Milepost) -> None:
    spi = told(asking, PROJECT, "spi")
    assert tuple(spi) == KEYS
    assert (spi["value"], spi["as_of"], spi["unit"], spi["reason"], spi["baseline"]) == (
        0.88,
        str(day(5)),
        "1",
        None,
        1,
    )
    assert spi["formula"] == "EV / PV = 44 / 50 = 0.88"
    assert spi["inputs"] == [
        {"name": "EV", "value": 44, "unit": "万元"},
        {"name": "PV", "value": 50, "unit": "万元"},
    ]
    plan, newest = spi["statements"]
    assert list(newest) == STATEMENT
    assert newest == {
        "source": "test", "id": "v4 at last", "type": "milepost.value.reported.v1", "as_of": str(day(4)), "revision": 2,
        "time": "2024-01-05T18:00:00+08:00", "data": {"as_of": str(day(4)), "earned_value": 44.0, "revision": 2},
    }  # fmt: skip
    assert (plan["as_of"], plan["data"]["lines"][1]["id"]) == (None, "二号线")
    assert ids(spi["superseded"]) == ["v4 again", "v4"]


def test_what_no_cut_follows_counts_but_is_not_history_yet(asking: Milepost) -> None:
    assert told(asking, PROJECT, "spi")["known_at"] is None
    planned = told(asking, PROJECT, "planned_value")
    assert (planned["value"], planned["known_at"]) == (50.0, FIRST_CUT.replace("-05T", "-06T"))


def test_an_earlier_moment_is_explained_by_what_was_known_then(asking: Milepost) -> None:
    then = told(asking, PROJECT, "spi", "--as-of", day(4), "--known-at", FIRST_CUT)
    assert (then["value"], then["known_at"], ids(then["statements"])[1:]) == (0.5, FIRST_CUT, ["v4"])
    assert then["superseded"] == []
    later = told(asking, PROJECT, "spi", "--as-of", day(4), "--known-at", "2024-01-07T00:00:00+08:00")
    assert (later["value"], ids(later["statements"])[1:]) == (0.9, ["v4 again"])


def test_a_day_without_rows_shows_the_newest_one_before_it(asking: Milepost) -> None:
    assert told(asking, PROJECT, "report_age", "--as-of", day(30))["as_of"] == str(day(5))


def test_what_was_taken_back_is_told_with_its_retraction(asking: Milepost) -> None:
    output = told(asking, PROJECT, "output_cumulative", "--scope", "L1")
    assert (output["value"], ids(output["statements"])[1:]) == (7.0, ["p4"])
    assert [(each["id"], each["type"]) for each in output["superseded"]] == [
        ("r3", "milepost.statement.retracted.v1"), ("p3", "milepost.production.reported.v1"),
    ]  # fmt: skip


def test_since_a_moment_tells_what_the_value_was_and_what_changed_it(asking: Milepost) -> None:
    changed = told(
        asking, PROJECT, "output_cumulative", "--scope", "L1", "--as-of", day(4), "--since", FIRST_CUT
    )["since"]
    assert (changed["value"], changed["known_at"], ids(changed["statements"])) == (12.0, FIRST_CUT, ["r3"])
    spi = told(asking, PROJECT, "spi", "--as-of", day(4), "--since", "2024-01-07T00:00:00+08:00")["since"]
    assert (spi["value"], ids(spi["statements"])) == (0.9, ["v4 at last"])
    same = told(asking, PROJECT, "planned_value", "--as-of", day(4), "--since", FIRST_CUT)["since"]
    assert (same["value"], same["statements"]) == (40.0, [])
    unborn = told(asking, PROJECT, "spi", "--since", "2024-01-01T00:00:00Z")["since"]
    assert (unborn["value"], unborn["reason"], ids(unborn["statements"])[1:]) == (None, None, ["v4 at last"])


# -- for people --------------------------------------------------------------------------------------------------------


def test_a_page_shows_formula_inputs_statements_and_what_was_superseded(asking: Milepost) -> None:
    done = asking("explain", PROJECT, "spi", "--since", FIRST_CUT)
    assert (done.returncode, done.stderr) == (0, "")
    for text in ("Schedule performance index (spi)", "EV / PV = 44 / 50 = 0.88", "v4 at last", "earned_value 44", "v4 again",
                 "Since 2024-01-05T23:59:00+08:00: it was 0.4, it is 0.88"):  # fmt: skip
        assert text in done.stdout, text


def test_a_page_comes_in_chinese(asking: Milepost) -> None:
    done = asking("explain", PROJECT, "cpi", "--lang", "zh")
    assert done.returncode == 0
    for text in (
        "成本绩效指数 (cpi)",
        "EV / AC = 44 / AC = null (no_data)",
        "没有可供计算的报告",
        "依据的陈述",
    ):
        assert text in done.stdout, text


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("p2", "spi"), "did you mean p1?"),
        ((PROJECT, "sspi"), "did you mean spi"),
        ((PROJECT, "resumption_rate"), "nothing is planned or reported for it"),
        ((PROJECT, "spi", "--scope", "L1"), "leave --scope away"),
        ((PROJECT, "output_cumulative", "--scope", "L"), "did you mean L1?"),
        ((PROJECT, "spi", "--as-of", "2023-01-01"), "has no values on 2023-01-01"),
        ((PROJECT, "spi", "--known-at", "2023-01-01T00:00:00Z"), "nothing was known"),
        ((PROJECT, "spi", "--known-at", "2023-01-01T00:00:00"), "has no offset"),
        ((PROJECT, "spi", "--format", "csv"), "--format json"),
        ((PROJECT + "'; DROP TABLE kpi_latest; --", "spi"), "no project"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_says_why_in_one_line(
    asking: Milepost, words: tuple[str, ...], problem: str
) -> None:
    done = asking("explain", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_store_nothing_is_explained(milepost: Milepost) -> None:
    done = milepost("explain", PROJECT, "spi")
    assert (done.returncode, done.stdout) == (4, "")
    assert "no store at" in done.stderr


# -- exact to the record -----------------------------------------------------------------------------------------------


def test_kpis_of_a_project_count_what_was_recorded_by_the_moment(asking: Milepost) -> None:
    def spi(*words: object) -> tuple[float, str | None]:
        rows = json.loads(asking("kpis", PROJECT, *words, "--format", "json").stdout)
        return next((row["value"], row["known_at"]) for row in rows if row["kpi"] == "spi")

    assert spi("--as-of", day(4), "--known-at", "2024-01-07T00:00:00+08:00") == (
        0.9,
        "2024-01-06T23:59:00+08:00",
    )
    assert spi("--as-of", day(4), "--known-at", "2200-06-01T00:00:00+08:00") == (1.1, None)
    assert spi("--as-of", day(4)) == (1.1, None)


@pytest.mark.parametrize("seed", range(3))
def test_folded_rows_are_those_of_kpi_at_for_every_day_and_cut(seed: int, tmp_path: Path) -> None:
    chance = Random(seed)
    mess = Mess(projects=(PROJECT, "项目-2"))
    stretches = [
        (*(some_statement(chance, mess) for _ in range(12)), chance.choice((closing_tick, cut_tick))(chance, mess)) for _ in range(6)
    ]  # fmt: skip
    filled_home(tmp_path, *stretches)
    with records_of(tmp_path, PROJECT) as (reader, records):
        sql = f"SELECT DISTINCT known_at FROM kpi_snapshots WHERE project_id = {quoted(PROJECT)} ORDER BY known_at"
        cuts = [known_at for (known_at,) in reader.query(sql).rows]
        assert cuts
        for known_at in cuts:
            for as_of in (day(-3), day(2), day(9), day(60)):
                expected = reader.query(kpi_sql(PROJECT, as_of, known_at, None)).rows
                assert sorted(map(repr, folded_rows(records, as_of, known_at))) == sorted(map(repr, expected))


@pytest.mark.parametrize(
    ("scenario", "project", "last"),
    [("plant-restart", "luoyang-restart-2024", None), ("battery-foil", "xinxing-battery-foil-1", "2024-04-30"),
     ("crude-reserve", "luoyang-crude-reserve-2", "2020-10-05")],
)  # fmt: skip
@pytest.mark.timeout(300)
def test_every_value_of_a_simulated_feed_is_computed_anew_from_the_statements_named(
    milepost: Milepost, scenario: str, project: str, last: str | None
) -> None:
    until = ("--to", last) if last else ()
    assert milepost("simulate", scenario, *until).returncode == 0
    assert milepost("run", "--drain").returncode == 0
    with records_of(milepost.home, project) as (reader, records):
        rows = reader.query(kpi_sql(project, None, None, None)).rows
        assert len(rows) > 10
        for row in rows:
            cells = dict(zip(KPI_COLUMNS, row, strict=True))
            answer = object_of(explained(records, Question(project, cells["kpi"], cells["scope"])))
            assert {column: answer[column] for column in KPI_COLUMNS} == cells
            assert recomputed(json.loads(json_text(answer))) == {**cells, "known_at": None}


def recomputed(answer: dict[str, Any]) -> dict[str, Any]:
    """The row of the statements that an object names, and of nothing else."""
    project = project_of(
        (_statement(answer["project_id"], said) for said in answer["statements"]), answer["project_id"]
    )
    on = date.fromisoformat(answer["as_of"]).toordinal()
    values = evaluate(project, on)[1]
    found = [each for each in values if (each.kpi, each.scope) == (answer["kpi"], answer["scope"])]
    return {**row_of(answer["project_id"], on, answer["baseline"], found[0])}


def _statement(project: str, said: dict[str, Any]) -> Any:
    envelope = {
        "specversion": "1.0",
        "subject": project,
        **{name: said[name] for name in ("id", "source", "type", "time", "data")},
    }
    raw = to_json(envelope)
    return statement_of(accept(raw, (), RECORDED_AT_US, ZONE), raw, 0)
