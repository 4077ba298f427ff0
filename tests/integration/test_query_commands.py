"""`query`, `kpis` and `alerts` as people and programs call them: formats, exit statuses, and nothing on standard output when refused."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.builders import PROJECT, baseline, closing, day, milestone, production, tick
from tests.cli import Milepost
from tests.folds import RULES
from tests.stores import Feed, drained, opened

NAME = "油库 🛢️ \"三期\"; مشروع, 'x'"
HOSTILE = "p'); DROP TABLE kpi_latest; SELECT ('"
KPI_AT = [
    "project_id",
    "kpi",
    "scope",
    "as_of",
    "known_at",
    "baseline",
    "value",
    "value_date",
    "numerator",
    "denominator",
    "unit",
    "reason",
]
ALERTS = [
    "fingerprint",
    "alertname",
    "project_id",
    "scope",
    "severity",
    "state",
    "starts_at",
    "ends_at",
    "value",
    "summary",
    "labels",
    "annotations",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    feed = Feed(home / "log.db", rules=RULES)
    feed.publish(
        baseline(name=NAME, sections={"milestones": [{"id": "m1", "finish": day(2)}], "lines": [{"id": "L1"}]}),
        milestone("m1", 1, percent=40), production("L1", 1, 30.0), closing(1),
    )  # fmt: skip
    feed.publish(
        milestone("m1", 1, percent=60, revision=1),
        closing(4),
        milestone("m1", 1, percent=5, project=HOSTILE),
        tick(5),
    )
    with opened(home / "milepost.duckdb", feed.log) as store:
        drained(store, feed.log)
    feed.log.close()
    return home


@pytest.fixture
def asking(home: Path, tmp_path: Path) -> Milepost:
    return Milepost(home=home, folder=tmp_path)


def told(asking: Milepost, *words: object) -> Any:
    done = asking(*words, "--format", "json")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


# -- query -------------------------------------------------------------------------------------------------------------


def test_json_has_rows_as_objects_with_nested_json_and_all_digits(asking: Milepost) -> None:
    sql = (
        "SELECT 1 AS z, 0.1::DOUBLE + 0.2::DOUBLE AS a, 12345678901234567890.5::DECIMAL(38,12) AS d, DATE '2024-02-29' AS day,"
        " TIMESTAMPTZ '2024-02-29 04:00:00Z' AS at, NULL AS nothing, data, ['x', NULL] AS list, {'k': 1.5} AS nested"
        " FROM events WHERE type = 'milepost.project.baselined.v1'"
    )
    done = asking("query", sql, "--format", "json")
    ((row),) = json.loads(done.stdout)
    assert list(row) == ["z", "a", "d", "day", "at", "nothing", "data", "list", "nested"]
    assert row["data"]["name"] == NAME
    assert (row["a"], row["day"], row["at"]) == (0.1 + 0.2, "2024-02-29", "2024-02-29T12:00:00+08:00")
    assert (row["nothing"], row["list"], row["nested"]) == (None, ["x", None], {"k": 1.5})
    assert '"d": 12345678901234567890.500000000000' in done.stdout
    assert "油库 🛢️" in done.stdout


def test_csv_is_rfc_4180_with_a_header(asking: Milepost) -> None:
    done = asking(
        "query",
        "SELECT name, '' AS empty, NULL AS nothing, tags FROM projects ORDER BY baseline",
        "--format",
        "csv",
    )
    assert done.returncode == 0
    header, row, *_ = csv.reader(io.StringIO(done.stdout))
    assert header == ["name", "empty", "nothing", "tags"]
    assert row[0] == NAME


def test_a_table_is_for_people(asking: Milepost) -> None:
    done = asking("query", "SELECT project_id, name FROM projects WHERE baseline = 1")
    assert done.returncode == 0
    assert NAME in done.stdout


def test_there_is_no_row_limit(asking: Milepost) -> None:
    assert told(asking, "query", "SELECT count(*) AS n FROM range(123456)") == [{"n": 123456}]
    assert [row["range"] for row in told(asking, "query", "FROM range(123456)")] == list(range(123_456))
    done = asking("query", "FROM range(54321)", "--format", "csv")
    assert done.stdout.count("\n") == 54_322


def test_a_table_ends_with_a_note_where_nobody_would_read_on(asking: Milepost) -> None:
    done = asking("query", "FROM range(2000)")
    assert done.returncode == 0
    assert "│   999 │" in done.stdout
    assert "1000 │" not in done.stdout
    assert "the first 1000 rows" in done.stderr
    assert asking("query", "FROM range(1000)").stderr == ""


def test_an_error_in_a_late_row_is_told_like_any_other(asking: Milepost) -> None:
    done = asking("query", "SELECT CAST(range AS SMALLINT) FROM range(100000)", "--format", "csv")
    assert done.returncode == 1
    assert done.stderr.startswith("milepost: SQL error: ")
    assert done.stderr.count("\n") == 1


def test_no_rows_are_an_empty_array(asking: Milepost) -> None:
    assert told(asking, "query", "FROM events WHERE 1 = 2") == []


@pytest.mark.parametrize(
    ("sql", "status", "problem"),
    [
        ("", 2, "the statement is empty"),
        (" -- nothing", 2, "the statement is empty"),
        ("DROP TABLE kpi_latest", 2, "only one SELECT"),
        ("SELECT 1; SELECT 2", 2, "several statements"),
        ("SELECT * FROM read_text('/etc/passwd')", 2, "read_text is not allowed"),
        ("SELEC", 1, "syntax error"),
        ("FROM nowhere", 1, "no table or view nowhere"),
        ("SELECT CAST(range AS TINYINT) FROM range(1000)", 1, "INT8"),
    ],
)
@pytest.mark.parametrize("output_format", ["table", "json", "csv"])
def test_what_cannot_be_answered_says_why_in_one_line(
    asking: Milepost, sql: str, status: int, problem: str, output_format: str
) -> None:
    done = asking("query", sql, "--format", output_format)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("milepost: ")
    assert problem in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [("query", "SELECT 1"), ("kpis",), ("alerts",)])
def test_without_a_store_every_question_ends_with_4(milepost: Milepost, words: tuple[str, ...]) -> None:
    done = milepost(*words)
    assert (done.returncode, done.stdout) == (4, "")
    assert "no store at" in done.stderr
    assert not milepost.home.exists()


def test_a_quick_question_loads_nothing_heavy(home: Path) -> None:
    code = "import sys\nfrom milepost.__main__ import main\ntry:\n main()\nfinally:\n print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, "query", "SELECT 1", "--home", str(home)], capture_output=True, text=True,
        check=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & {"duckdb", "pyarrow", "faust", "yaml", "simpy", "aiokafka", "kafka", "streams"} == {
        "duckdb"
    }


# -- kpis --------------------------------------------------------------------------------------------------------------


def values(rows: Any, kpi: str, scope: str = "") -> list[Any]:
    return [row["value"] for row in rows if (row["kpi"], row["scope"]) == (kpi, scope)]


def test_kpis_are_those_of_now(asking: Milepost) -> None:
    rows = told(asking, "kpis", PROJECT)
    assert {tuple(row) for row in rows} == {tuple(KPI_AT)}
    assert {row["project_id"] for row in rows} == {PROJECT}
    assert values(rows, "percent_complete") == [60.0]
    assert {row["as_of"] for row in rows} == {str(day(4))}


def test_kpis_of_a_day_are_those_known_at_a_moment(asking: Milepost) -> None:
    then = told(asking, "kpis", PROJECT, "--as-of", day(1), "--known-at", "2024-01-03T00:00:00+08:00")
    now = told(asking, "kpis", PROJECT, "--as-of", day(1))
    assert (values(then, "percent_complete"), values(now, "percent_complete")) == ([40.0], [60.0])
    assert {row["as_of"] for row in (*then, *now)} == {str(day(1))}
    assert told(asking, "kpis", PROJECT, "--known-at", "2024-01-01T00:00:00Z") == []


def test_kpis_of_a_family_are_its_own(asking: Milepost) -> None:
    rows = told(asking, "kpis", "--family", "production")
    assert {row["project_id"] for row in rows} == {PROJECT}
    assert "output_cumulative" in {row["kpi"] for row in rows}
    assert "percent_complete" not in {row["kpi"] for row in rows}


def test_kpis_for_people_stand_in_a_table_per_family_with_reasons(asking: Milepost) -> None:
    done = asking("kpis")
    assert done.returncode == 0
    titles = {line.strip() for line in done.stdout.splitlines()}
    for title in ("earned value", "milestones", "production", "reporting"):
        assert title in titles, title
    assert "no_baseline" in done.stdout


def test_a_project_id_that_looks_like_sql_is_only_an_id(asking: Milepost) -> None:
    rows = told(asking, "kpis", HOSTILE)
    assert {row["project_id"] for row in rows} == {HOSTILE}
    assert {row["project_id"] for row in told(asking, "kpis", HOSTILE, "--as-of", day(5))} == {HOSTILE}
    for injection in ("' OR '1'='1", "p1' --", "p1'; DROP TABLE kpi_latest; --", "\\' OR 1=1 --", "p1''"):
        done = asking("kpis", injection)
        assert (done.returncode, done.stdout) == (2, ""), injection
        assert "no project" in done.stderr
    assert told(asking, "kpis", PROJECT)


def test_an_option_that_is_no_day_or_instant_is_wrong_usage(asking: Milepost) -> None:
    for words in (("--as-of", "yesterday"), ("--known-at", "2024-01-01T00:00:00"), ("--family", "nothing")):
        done = asking("kpis", *words)
        assert (done.returncode, done.stdout) == (2, "")


# -- alerts ------------------------------------------------------------------------------------------------------------


def test_alerts_are_those_that_stand_with_labels_as_objects(asking: Milepost) -> None:
    rows = told(asking, "alerts")
    assert {tuple(row) for row in rows} == {tuple(ALERTS)}
    by_name = {(row["project_id"], row["alertname"], row["scope"]): row for row in rows}
    overdue = by_name[PROJECT, "Milestones", ""]
    assert (overdue["state"], overdue["labels"]["alertname"]) == ("firing", "Milestones")
    assert NAME in overdue["summary"]
    assert overdue["starts_at"].endswith("+08:00")
    states = [row["state"] for row in rows]
    assert states == sorted(states, key=["firing", "pending", "resolved"].index)


def test_alerts_for_people_leave_out_what_only_programs_need(asking: Milepost) -> None:
    done = asking("alerts")
    assert "Milestones" in done.stdout
    assert "fingerprint" not in done.stdout
