"""Bad input end to end: each bad row is told with field and fix, the rows around it are stored, nothing stops."""

import base64
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic_core import from_json

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry, EventLog
from eventlog.scan import records_between
from milepost.wall_clock import now_us
from producers.ingest import RAW_KEPT_BYTES
from schemas.envelope import data_text
from schemas.rejections import Reason
from schemas.topics import Topics
from tests.bad_rows import BAD_ROWS, BadRow
from tests.builders import baseline, status, tally, work
from tests.cli import ROOT, Milepost, Run

pytestmark = pytest.mark.timeout(300)

TOPICS: Final = Topics()
GOOD: Final = 5_000
DAYS: Final = 50
NOBODY: Final = 65534


def good_rows(count: int = GOOD) -> list[bytes]:
    """Statements, each with a natural key of its own."""
    return [
        work(f"item-{at % 10}", at // 100, at, project=f"p{at // 10 % 10}", id=f"r-{at}")
        for at in range(count)
    ]


def bad_among_good(bad: Iterable[bytes]) -> list[bytes]:
    """The good rows with the bad ones between them, some way apart."""
    rows = good_rows()
    for number, raw in enumerate(bad):
        rows.insert(7 + 87 * number, raw)
    return rows


def done(milepost: Milepost, *words: object, status: int = 0, stdin: bytes = b"") -> Run:
    ran = milepost(*words, stdin=stdin)
    assert ran.returncode == status, ran.stderr
    return ran


def asked(milepost: Milepost, sql: str) -> Any:
    return from_json(done(milepost, "query", sql, "--format", "json").stdout)


def written(folder: Path, rows: Iterable[bytes], name: str = "reports.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"".join(row + b"\n" for row in rows))
    return path


def opened_log(milepost: Milepost) -> EmbeddedLog:
    return EmbeddedLog.open_existing(milepost.home / "log.db", now_us=now_us)


def values(log: EventLog, topic: str) -> Iterator[bytes]:
    for partition in range(log.partitions(topic)):
        for record in records_between(log, topic, partition, 0, log.end_offset(topic, partition)):
            yield record.value or b""


# -- every kind --------------------------------------------------------------------------------------------------


@dataclass
class Office:
    """A home that has taken in every kind of bad row among 5,000 good ones, and what was said."""

    milepost: Milepost
    said: str
    rejected: dict[bytes, dict[str, Any]]

    @classmethod
    def of(cls, milepost: Milepost, said: str) -> "Office":
        rows = asked(milepost, "SELECT * FROM rejected_events")
        return cls(milepost, said, {key_of(row["raw"], row["reason"]): row for row in rows})

    def told(self, bad: BadRow) -> dict[str, Any]:
        text = bad.raw.decode() if bad.reason is not Reason.NOT_UTF8 else base64.b64encode(bad.raw).decode()
        return self.rejected[key_of(text, bad.reason)]


def key_of(text: str, reason: str) -> bytes:
    return (
        f"{reason} {len(text)} {text[:RAW_KEPT_BYTES]}".encode()
        if reason != Reason.TOO_LARGE
        else b"too large"
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Bad rows of a file: refused before they are appended."""
    folder = tmp_path_factory.mktemp("office")
    milepost = Milepost(folder / "home", folder)
    path = written(folder, bad_among_good(bad.raw for bad in BAD_ROWS))
    said = done(milepost, "ingest", path, status=3).stdout
    done(milepost, "run", "--drain")
    return Office.of(milepost, said)


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Bad records of a client that checks nothing, all in one append: refused by the worker."""
    folder = tmp_path_factory.mktemp("foreign")
    milepost = Milepost(folder / "home", folder)
    done(milepost, "ingest", written(folder, []))
    with closing(opened_log(milepost)) as log:
        log.append([Entry(TOPICS.events, b"p1", row) for row in bad_among_good(bad.raw for bad in BAD_ROWS)])
    done(milepost, "run", "--drain")
    return Office.of(milepost, "")


def test_all_rows_are_accounted_for(office: Office) -> None:
    assert office.said == f"accepted {GOOD}, rejected {len(BAD_ROWS)}, duplicates 0\n"


@pytest.mark.parametrize("name", ["office", "foreign"])
def test_exactly_the_bad_rows_are_rejected_and_every_other_is_a_statement(
    name: str, request: pytest.FixtureRequest
) -> None:
    home = request.getfixturevalue(name)
    assert len(home.rejected) == len(BAD_ROWS)
    assert asked(home.milepost, "SELECT count(*) AS n FROM rejected_events") == [{"n": len(BAD_ROWS)}]
    assert asked(home.milepost, "SELECT count(*) AS n FROM statements") == [{"n": GOOD}]
    counted = asked(
        home.milepost, "SELECT count(DISTINCT (source, id)) AS n FROM events WHERE project_id <> 'clock'"
    )
    assert counted == [{"n": GOOD}]


@pytest.mark.parametrize("name", ["office", "foreign"])
@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad.kind)
def test_a_bad_row_is_told_with_its_reason_the_field_and_the_fix(
    bad: BadRow, name: str, request: pytest.FixtureRequest
) -> None:
    told = request.getfixturevalue(name).told(bad)
    assert told["reason"] == bad.reason
    assert [word for word in bad.words if word not in told["detail"]] == []


@pytest.mark.parametrize("bad", BAD_ROWS, ids=lambda bad: bad.kind)
def test_a_bad_row_of_a_file_is_told_by_file_and_line(bad: BadRow, office: Office) -> None:
    told = office.told(bad)
    line = 1 + bad_among_good(each.raw for each in BAD_ROWS).index(bad.raw)
    assert (told["topic"], told["partition"], told["offset"]) == ("reports.jsonl", 0, line)


@pytest.mark.parametrize("name", ["office", "foreign"])
def test_the_bad_rows_stand_on_the_topic_too(name: str, request: pytest.FixtureRequest) -> None:
    with closing(opened_log(request.getfixturevalue(name).milepost)) as log:
        told = [from_json(value) for value in values(log, TOPICS.rejected)]
    assert sorted(each["reason"] for each in told) == sorted(bad.reason for bad in BAD_ROWS)


def test_a_bad_row_never_enters_the_log_of_events(office: Office) -> None:
    with closing(opened_log(office.milepost)) as log:
        found = {value for value in values(log, TOPICS.events) if b"clock.ticked" not in value}
    assert found == set(good_rows())


@pytest.mark.parametrize("way", ["file", "batch"])
def test_one_bad_event_in_a_batch_of_5000_gives_one_rejection_and_4999_statements(
    way: str, milepost: Milepost, tmp_path: Path
) -> None:
    bad = next(each for each in BAD_ROWS if each.kind == "broken UTF-8")
    rows = [*good_rows(2_500), bad.raw, *good_rows()[2_500:4_999]]
    if way == "file":
        done(milepost, "ingest", written(tmp_path, rows), status=3)
    else:
        done(milepost, "ingest", written(tmp_path, []))
        with closing(opened_log(milepost)) as log:
            log.append([Entry(TOPICS.events, b"p1", row, 0) for row in rows])
    done(milepost, "run", "--drain")
    counted = asked(
        milepost,
        "SELECT (SELECT count(*) FROM rejected_events) AS bad, (SELECT count(*) FROM statements) AS good",
    )
    assert counted == [{"bad": 1, "good": 4_999}]


# -- what is kept ------------------------------------------------------------------------------------------------


def findings(milepost: Milepost) -> set[tuple[str, str, str]]:
    rows = asked(milepost, "SELECT project_id, finding, scope FROM findings")
    return {(row["project_id"], row["finding"], row["scope"]) for row in rows}


def test_reports_on_what_no_plan_knows_are_findings_and_count_when_the_plan_arrives(
    milepost: Milepost,
) -> None:
    def plan(project: str, *items: str, number: int = 1) -> bytes:
        parts = [{"id": item, "name": item, "quantity": 100, "unit": "t"} for item in items]
        return baseline(number, project=project, sections={"work_items": parts, "progress_by": "work"})

    def earned() -> Any:
        return asked(
            milepost,
            "SELECT project_id, value FROM kpi_latest WHERE kpi = 'percent_complete' AND value IS NOT NULL ORDER BY ALL",
        )

    rows = [plan("known", "roof"), work("roof", 3, 50, project="known"), work("tank", 3, 50, project="known"),
            work("tank", 3, 80, project="unheard-of")]  # fmt: skip
    done(milepost, "ingest", "-", stdin=b"\n".join(rows))
    done(milepost, "run", "--drain")
    assert findings(milepost) == {("known", "unknown_item", "tank"), ("unheard-of", "no_baseline", "")}
    assert earned() == [{"project_id": "known", "value": 50}]
    plans = [plan("known", "roof", "tank", number=2), plan("unheard-of", "tank")]
    done(milepost, "ingest", "-", stdin=b"\n".join(plans))
    done(milepost, "run", "--drain")
    assert findings(milepost) == set()
    assert earned() == [{"project_id": "known", "value": 50}, {"project_id": "unheard-of", "value": 80}]


# -- text --------------------------------------------------------------------------------------------------------

TEXTS: Final = (
    "洛阳原油商业储备库二期 🛢️",
    "خزان النفط رقم ٣ — «مكتمل»",
    "נפט 3/8 \u200fabc\u200e 100%",
    "e\u0301 is not é, 𠀋 is beyond the basic plane, 👩🏽\u200d🏭 is five",
    "a\u2028b\u2029c \\ \" ' ` \u00a0 \ufffd.",
)


def test_text_of_any_script_survives_byte_for_byte(milepost: Milepost) -> None:
    projects = {f"{text[:8].strip().replace('/', '-')}": text for text in TEXTS}
    rows = []
    for project, text in projects.items():
        note = b'"started","note":"\\ud83d\\udee2 \\u6cb9"'
        rows += [
            baseline(project=project, name=text, source=text, id=text),
            tally(3, 5, district=text, project=project, source=text, id=f"{text}.2"),
            status(3, project=project, id="escaped").replace(b'"started"', note),
        ]
    done(milepost, "ingest", "-", stdin=b"\r\n".join(rows))
    done(milepost, "run", "--drain")
    with closing(opened_log(milepost)) as log:
        assert {value for value in values(log, TOPICS.events) if b"clock.ticked" not in value} == set(rows)
    stored = asked(
        milepost, "SELECT project_id, id, data::VARCHAR AS data FROM events WHERE project_id <> 'clock'"
    )
    assert {row["data"].encode() for row in stored} == {data_text(row) for row in rows}
    assert {(row["project_id"], row["id"]) for row in stored} == {
        (project, name) for project, text in projects.items() for name in (text, f"{text}.2", "escaped")
    }
    names = asked(milepost, "SELECT project_id, name FROM projects")
    assert {row["project_id"]: row["name"] for row in names} == projects
    found = asked(
        milepost,
        "SELECT project_id, source, data ->> 'district' AS district FROM statements WHERE type LIKE '%tally%'",
    )
    assert {row["project_id"]: (row["source"], row["district"]) for row in found} == {
        project: (text, text) for project, text in projects.items()
    }


MISCHIEF: Final = (
    "'; DROP TABLE kpi_latest; --",
    '" OR ""="',
    "x'); DELETE FROM internal.journal; --",
    "../../../etc/passwd",
    "..\\..\\boot.ini",
    "$(touch pwned) `touch pwned`",
    "%s %d %n {0} {project_id} ${HOME} {{7*7}}",
    "<script>alert(1)</script>",
    "NULL",
    "-1",
    "read_csv('/etc/passwd')",
)


def test_ids_and_texts_that_look_like_sql_or_paths_do_nothing(milepost: Milepost) -> None:
    rows = []
    for number, text in enumerate(MISCHIEF):
        project = text.replace("/", "|")
        part = {"id": text, "name": text, "quantity": 10, "unit": text}
        plan = {"work_items": [part], "owner": text, "tags": [text], "region": {"province": text}}
        rows += [baseline(project=project, name=text, source=text, id=f"{text}{number}", sections=plan),
                 work(text, 3, 5, text, project=project, source=text, id=text)]  # fmt: skip
    before = sorted(milepost.folder.iterdir())
    done(milepost, "ingest", "-", stdin=b"\n".join(rows))
    done(milepost, "run", "--drain")
    assert sorted(milepost.folder.iterdir()) == sorted([*before, milepost.home])
    names = asked(milepost, "SELECT name, owner, province FROM projects")
    assert sorted(names, key=repr) == sorted(
        ({"name": text, "owner": text, "province": text} for text in MISCHIEF), key=repr
    )
    items = asked(
        milepost, "SELECT source, id, data ->> 'item' AS item FROM statements WHERE type LIKE '%work%'"
    )
    assert sorted(row["item"] for row in items) == sorted(MISCHIEF)
    assert all(row["source"] == row["id"] == row["item"] for row in items)
    assert asked(milepost, "SELECT count(DISTINCT project_id) AS n FROM kpi_latest") == [{"n": len(MISCHIEF)}]
    assert findings(milepost) == set()
    for text in MISCHIEF[:2]:
        assert done(milepost, "kpis", "--", text.replace("/", "|")).stdout != ""


# -- homes that cannot be used -----------------------------------------------------------------------------------

AS_NOBODY: Final = """
import encodings.utf_8_sig, importlib, importlib.readers, os, sys
from milepost.__main__ import main
importlib.import_module(f"milepost.commands.{sys.argv[2]}")
if os.geteuid() == 0:
    os.setuid(int(sys.argv[1]))
main(sys.argv[2:])
"""


@pytest.fixture
def read_only() -> Iterator[Callable[..., Run]]:
    """Calls a command, as somebody who is not the administrator, on a home that cannot be written."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        home.chmod(0o555)

        def call(*words: str) -> Run:
            command = [sys.executable, "-c", AS_NOBODY, str(NOBODY), *words, "--home", str(home)]
            return subprocess.run(
                command,
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                stdin=subprocess.DEVNULL,
            )

        yield call
        home.chmod(0o755)


@pytest.mark.parametrize(
    "words", ["ingest -", "run --drain", "apply", "clock", "worker", "store", "up --no-clock"]
)
def test_a_read_only_home_stops_a_command_with_one_clear_line(
    words: str, read_only: Callable[..., Run]
) -> None:
    stopped = read_only(*words.split())
    assert (stopped.returncode, stopped.stdout) == (4, "")
    assert len(stopped.stderr.splitlines()) == 1, stopped.stderr
    assert "--home" in stopped.stderr


def test_a_home_that_is_a_file_is_named(milepost: Milepost) -> None:
    milepost.home.write_bytes(b"")
    stopped = milepost("ingest", "-")
    assert stopped.returncode == 4
    assert len(stopped.stderr.splitlines()) == 1
    assert os.fspath(milepost.home) in stopped.stderr
