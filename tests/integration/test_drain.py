"""Done when 2 of the spine: the same feed gives the same rows, in any order and however often the work is killed."""

import random
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.locks import HomeLock
from schemas.errors import MilepostError
from schemas.events import TICK_TYPE
from schemas.topics import Topics
from streams.runner import end_offsets
from tests.cli import Milepost
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)

SCENARIO = ("simulate", "all", "--seed", 7, "--from", "2024-02-10", "--to", "2024-03-05")
HISTORY = (
    "SELECT * FROM kpi_snapshots ORDER BY ALL",
    "SELECT * FROM kpi_latest ORDER BY ALL",
    "SELECT fingerprint, state, reason, as_of, changed_at, value FROM alert_history ORDER BY ALL",
)
FINAL = (
    "SELECT * EXCLUDE (known_at) FROM kpi_latest ORDER BY ALL",
    "SELECT * FROM projects ORDER BY project_id",
    "SELECT type, project_id, key, as_of, revision, time, source, id, data FROM statements ORDER BY ALL",
    "SELECT * FROM findings ORDER BY ALL",
)


@dataclass
class Drained:
    """What a drained home says: when it was known belongs to the history alone."""

    history: list[str]
    final: list[str]

    @classmethod
    def of(cls, milepost: Milepost) -> "Drained":
        return cls([_asked(milepost, sql) for sql in HISTORY], [_asked(milepost, sql) for sql in FINAL])


def _asked(milepost: Milepost, sql: str) -> str:
    answer = milepost("query", sql, "--format", "csv")
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


def done(milepost: Milepost, *words: object, status: int = 0) -> str:
    ran = milepost(*words)
    assert ran.returncode == status, ran.stderr
    return ran.stdout


@dataclass
class Reference:
    """A feed, and what it gives when nothing goes wrong."""

    lines: list[bytes]
    folder: Path
    home: Path
    said: Drained

    def copied_log(self, folder: Path) -> Milepost:
        """A home whose log holds the feed and nothing else."""
        milepost = Milepost(folder / "copy", folder)
        milepost.home.mkdir()
        shutil.copy(self.home / "log.db", milepost.home / "log.db")
        return milepost


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    milepost = Milepost(folder / "home", folder)
    feed = folder / "feed.jsonl"
    done(milepost, *SCENARIO, "--out", feed)
    lines = feed.read_bytes().splitlines()
    assert done(milepost, "ingest", feed) == f"accepted {len(lines)}, rejected 0, duplicates 0\n"
    undrained = Milepost(folder / "undrained", folder)
    shutil.copytree(milepost.home, undrained.home)
    done(milepost, "run", "--drain")
    return Reference(lines, folder, undrained.home, Drained.of(milepost))


def between_ticks(lines: Iterable[bytes]) -> Iterator[tuple[bool, list[bytes]]]:
    for is_tick, members in groupby(lines, key=lambda line: TICK_TYPE.encode() in line):
        yield is_tick, list(members)


def mixed(lines: Sequence[bytes], chance: random.Random) -> list[bytes]:
    """The lines in another order between the ticks, some of them doubled."""
    mixture: list[bytes] = []
    for is_tick, members in between_ticks(lines):
        if not is_tick:
            members += [line for line in members if chance.random() < 0.2]
            chance.shuffle(members)
        mixture += members
    return mixture


def test_the_feed_says_something(reference: Reference) -> None:
    history, _, alerts = reference.said.history
    assert history.count("\n") > 1000
    assert "firing" in alerts
    assert "resolved" in alerts


def test_the_order_between_ticks_doubled_lines_and_the_number_of_files_change_nothing(
    reference: Reference, milepost: Milepost
) -> None:
    lines = mixed(reference.lines, random.Random(11))
    parts = [milepost.folder / f"part-{number}.jsonl" for number in range(10)]
    size = len(lines) // len(parts) + 1
    for number, part in enumerate(parts):
        part.write_bytes(b"".join(line + b"\n" for line in lines[number * size : (number + 1) * size]))
    said = done(milepost, "ingest", *parts)
    assert (
        said
        == f"accepted {len(reference.lines)}, rejected 0, duplicates {len(lines) - len(reference.lines)}\n"
    )
    done(milepost, "run", "--drain")
    assert Drained.of(milepost) == reference.said


def test_a_drain_without_a_log_says_that_it_made_one(milepost: Milepost) -> None:
    first, second = (milepost("run", "--drain") for _ in range(2))
    assert first.returncode == second.returncode == 0
    assert f"there was no log at {milepost.home / 'log.db'}, so an empty one was made" in first.stderr
    assert "there was no log" not in second.stderr


def test_a_second_drain_adds_nothing(reference: Reference, milepost: Milepost) -> None:
    copy = reference.copied_log(milepost.folder)
    done(copy, "run", "--drain")
    records = _asked(
        copy, "SELECT topic, sum(next_offset) FROM ingest_progress GROUP BY topic ORDER BY topic"
    )
    done(copy, "run", "--drain")
    assert Drained.of(copy) == reference.said
    again = _asked(copy, "SELECT topic, sum(next_offset) FROM ingest_progress GROUP BY topic ORDER BY topic")
    assert again == records


def test_a_drain_that_is_killed_again_and_again_gives_the_same_rows(
    reference: Reference, milepost: Milepost
) -> None:
    copy = reference.copied_log(milepost.folder)
    for published in (0, 1, 150, 400, 800):
        process = copy.start("run", "--drain")
        until(partial(_is_far_enough, copy, process, published))
        process.kill()
        process.communicate()
    done(copy, "run", "--drain")
    assert Drained.of(copy) == reference.said


def _is_far_enough(milepost: Milepost, process: subprocess.Popen[str], published: int) -> bool:
    """Whether the worker holds its lock and has published so many KPI records."""
    if process.poll() is not None:
        return True
    if HomeLock(milepost.home, "worker").holder() is None:
        return False
    with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
        return sum(end_offsets(log, Topics().kpis).values()) >= published


def test_an_ingest_that_is_killed_gives_the_same_final_rows_when_it_is_called_again(
    reference: Reference, milepost: Milepost
) -> None:
    feed = milepost.folder / "feed.jsonl"
    feed.write_bytes(b"".join(line + b"\n" for line in reference.lines))
    for appended in (0, 1, 1000):
        process = milepost.start("ingest", feed)
        until(partial(_has_appended, milepost, process, appended))
        process.kill()
        process.communicate()
    done(milepost, "ingest", feed)
    done(milepost, "run", "--drain")
    assert Drained.of(milepost).final == reference.said.final


def _has_appended(milepost: Milepost, process: subprocess.Popen[str], appended: int) -> bool:
    if process.poll() is not None:
        return True
    if not (milepost.home / "log.db").exists():
        return False
    try:
        with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
            return sum(end_offsets(log, Topics().events).values()) >= appended
    except MilepostError:  # it is just being made
        return False


def test_a_rebuild_gives_the_identical_history(reference: Reference, milepost: Milepost) -> None:
    copy = reference.copied_log(milepost.folder)
    done(copy, "run", "--drain")
    done(copy, "rebuild")
    assert Drained.of(copy) == reference.said
    (copy.home / "milepost.duckdb").unlink()
    done(copy, "rebuild")
    assert Drained.of(copy) == reference.said
