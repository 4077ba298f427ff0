"""`milepost ingest` as it is called: files, pipes, what was there before, what happens when it is interrupted."""

import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic_core import from_json

from eventlog.embedded import EmbeddedLog
from eventlog.scan import records_between
from producers.ticks import ticks_newest_first
from schemas.errors import MilepostError
from schemas.topics import Topics
from tests.builders import baseline, status, tick, work
from tests.builders import closing as closing_tick
from tests.cli import Milepost, Run
from tests.waiting import until

TOPICS: Final = Topics()
STOP_SECONDS_MAX: Final = 5.0


def written(folder: Path, rows: Iterable[bytes], name: str = "reports.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"".join(row + b"\n" for row in rows))
    return path


def done(milepost: Milepost, *words: object, status: int = 0, stdin: bytes = b"") -> Run:
    ran = milepost(*words, stdin=stdin)
    assert ran.returncode == status, ran.stderr
    return ran


def asked(milepost: Milepost, sql: str) -> Any:
    return from_json(done(milepost, "query", sql, "--format", "json").stdout)


def rows(*days: int, project: str = "p1") -> list[bytes]:
    return [status(day, project=project) for day in days]


def events(milepost: Milepost) -> list[list[bytes]]:
    """What stands in each partition."""
    with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
        return [
            [
                record.value or b""
                for record in records_between(
                    log, TOPICS.events, number, 0, log.end_offset(TOPICS.events, number)
                )
            ]
            for number in range(log.partitions(TOPICS.events))
        ]


def counted(milepost: Milepost) -> int:
    try:
        return sum(map(len, events(milepost)))
    except MilepostError:  # the log is just being made
        return 0


# -- what it says ------------------------------------------------------------------------------------------------


def test_the_last_line_counts_rows_and_the_status_tells_whether_all_were_accepted(
    milepost: Milepost, tmp_path: Path
) -> None:
    path = written(tmp_path, [*rows(1, 2, 1), b"", b"  ", b"bad", b"worse"])
    ran = done(milepost, "ingest", path, status=3)
    assert ran.stdout == "accepted 2, rejected 2, duplicates 1\n"
    assert ran.stderr.startswith("milepost: warning: no_baseline 1, first: p1 ")
    assert (
        done(milepost, "ingest", written(tmp_path, rows(3))).stdout
        == "accepted 1, rejected 0, duplicates 0\n"
    )


def test_for_programs_it_says_one_object(milepost: Milepost) -> None:
    ran = done(milepost, "ingest", "-", "--format", "json", status=3, stdin=b"\n".join([*rows(1, 1), b"bad"]))
    assert from_json(ran.stdout) == {"accepted": 1, "rejected": 1, "duplicates": 1}


def test_what_cannot_be_read_is_named_and_the_others_still_are(milepost: Milepost, tmp_path: Path) -> None:
    good, bad = written(tmp_path, rows(1), "good.jsonl"), written(tmp_path, [b"bad"], "bad.jsonl")
    table, folder = written(tmp_path, rows(2), "Table.CSV"), tmp_path / "folder"
    folder.mkdir()
    ran = done(milepost, "ingest", "missing.jsonl", good, table, "book.xlsx", folder, bad, status=2)
    assert ran.stdout == "accepted 1, rejected 1, duplicates 0\n"
    assert [line.split(": ")[1] for line in ran.stderr.splitlines()] == [
        "missing.jsonl", str(table), "book.xlsx", str(folder), "warning",
    ]  # fmt: skip
    assert "JSON lines" in ran.stderr


def test_without_anything_to_read_no_log_is_made(milepost: Milepost) -> None:
    assert done(milepost, "ingest", "mistyped", status=2).stdout == "accepted 0, rejected 0, duplicates 0\n"
    assert not milepost.home.exists()


def test_a_closed_standard_input_is_named(milepost: Milepost) -> None:
    words = [*milepost.command("ingest", "-")]
    ran = subprocess.run(
        ["sh", "-c", '"$@" <&-', "sh", *words],
        capture_output=True,
        text=True,
        env=milepost.environment(),
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith("milepost: -: cannot be read")


def test_rejections_name_the_file_and_the_line_and_the_same_file_again_adds_none(
    milepost: Milepost, tmp_path: Path
) -> None:
    folder = tmp_path / "报表"
    folder.mkdir()
    path = written(folder, [*rows(1), b"bad"], "二月.jsonl")
    done(milepost, "ingest", path, "-", status=3, stdin=b"\n\nworse")
    done(milepost, "ingest", path, status=3)
    done(milepost, "run", "--drain")
    told = asked(milepost, 'SELECT topic, partition, "offset", raw FROM rejected_events ORDER BY topic')
    assert [tuple(row.values()) for row in told] == [("-", 0, 3, "worse"), ("二月.jsonl", 0, 2, "bad")]


# -- where rows come to stand ------------------------------------------------------------------------------------


def test_one_file_or_ten_give_the_same_log(milepost: Milepost, tmp_path: Path) -> None:
    feed: list[bytes] = []
    for day in range(20):
        feed += [work("roof", day, day, project=f"p{number}") for number in range(15)]
        feed.append(closing_tick(day))
    parts = [written(tmp_path, feed[at : at + 32], f"part-{at}.jsonl") for at in range(0, len(feed), 32)]
    other = Milepost(tmp_path / "other", tmp_path)
    done(milepost, "ingest", written(tmp_path, feed))
    assert len(parts) == 10
    assert done(other, "ingest", *parts).stdout == "accepted 320, rejected 0, duplicates 0\n"
    assert events(other) == events(milepost)
    assert all(partition.count(closing_tick(3)) == 1 for partition in events(milepost))


def test_a_mark_in_front_of_a_file_and_foreign_line_breaks_are_no_part_of_its_rows(
    milepost: Milepost, tmp_path: Path
) -> None:
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(rows(1, 2)) + b"\r\n")
    done(milepost, "ingest", path)
    assert sorted(value for values in events(milepost) for value in values) == sorted(rows(1, 2))


def test_a_day_is_closed_afterwards(milepost: Milepost) -> None:
    done(milepost, "ingest", "-", "--as-of", "2024-02-17", stdin=rows(1)[0])
    with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
        last = [next(ticks_newest_first(log, TOPICS, number)).tick for number in range(8)]
    assert {(found.clock, str(found.closes)) for found in last} == {("live", "2024-02-17")}


def test_a_simulated_day_is_closed_at_its_end(milepost: Milepost) -> None:
    done(milepost, "ingest", "-", "--as-of", "2024-01-03", stdin=b"\n".join([*rows(1), tick(2)]))
    with closing(EmbeddedLog.open_existing(milepost.home / "log.db")) as log:
        assert next(ticks_newest_first(log, TOPICS, 5)).tick.at.isoformat() == "2024-01-03T23:59:59+08:00"


def test_a_day_ahead_is_refused_before_anything_is_appended(milepost: Milepost) -> None:
    ran = done(milepost, "ingest", "-", "--as-of", "2199-01-01", status=2, stdin=rows(1)[0])
    assert ran.stdout == ""
    assert "--as-of 2199-01-01" in ran.stderr
    assert counted(milepost) == 0


# -- what was there before ---------------------------------------------------------------------------------------


def feed_of_all_sorts() -> list[bytes]:
    """Plain and nested rows, any script, spaces and escapes, a tick."""
    spaced = status(4, id="spaced").replace(b'"as_of":', b'"as_of" : ').replace(b"}}", b" } }")
    escaped = status(5, id="escaped").replace(b'"status"', b'"st\\u0061tus"')
    finer = status(6, id="finer").replace(b"T18:00:00+08:00", b"T18:00:00.1234567+08:00")
    nested = baseline(name="油库 🛢️", sections={"region": {"city": "洛阳"}})
    braces = status(7, id="a {brace} in an id", source="قسم")
    return [*rows(1, 2), nested, spaced, escaped, finer, braces, tick(8)]


def test_a_file_that_is_stored_already_is_not_appended_again(milepost: Milepost, tmp_path: Path) -> None:
    path = written(tmp_path, feed_of_all_sorts())
    done(milepost, "ingest", path)
    done(milepost, "run", "--drain")
    before = counted(milepost)
    assert done(milepost, "ingest", path).stdout == "accepted 0, rejected 0, duplicates 8\n"
    more = written(tmp_path, [*feed_of_all_sorts(), *rows(9)], "more.jsonl")
    assert done(milepost, "ingest", more).stdout == "accepted 1, rejected 0, duplicates 8\n"
    assert counted(milepost) == before + 1


def test_while_a_service_runs_rows_arrive_and_those_of_before_are_known(
    milepost: Milepost, tmp_path: Path
) -> None:
    path = written(tmp_path, feed_of_all_sorts())
    service = milepost.start("up", "--no-clock", "--sql-listen", "localhost:0")
    try:
        assert service.stdout is not None
        assert service.stdout.readline().startswith("ready: ")
        assert done(milepost, "ingest", path).stdout == "accepted 8, rejected 0, duplicates 0\n"
        until(lambda: asked(milepost, "SELECT count(DISTINCT id) AS n FROM events") == [{"n": 8}])
        assert done(milepost, "ingest", path).stdout == "accepted 0, rejected 0, duplicates 8\n"
    finally:
        service.kill()
        service.communicate()


def test_the_store_of_another_log_makes_nobody_leave_out_a_row(milepost: Milepost, tmp_path: Path) -> None:
    path = written(tmp_path, rows(1, 2))
    done(milepost, "ingest", path)
    done(milepost, "run", "--drain")
    for file in milepost.home.glob("log.db*"):
        file.unlink()
    assert done(milepost, "ingest", path).stdout == "accepted 2, rejected 0, duplicates 0\n"


# -- interruptions -----------------------------------------------------------------------------------------------


def feeding(milepost: Milepost) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        milepost.command("ingest", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=milepost.environment(), cwd=milepost.folder,
    )  # fmt: skip


def say(process: subprocess.Popen[bytes], *lines: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(b"".join(line + b"\n" for line in lines))
    process.stdin.flush()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_rows_of_a_pipe_are_appended_as_they_come_and_kept_when_it_is_interrupted(
    number: signal.Signals, milepost: Milepost
) -> None:
    process = feeding(milepost)
    for day in range(3):
        say(process, *rows(day))
        until(partial(is_counted, milepost, day + 1))
    process.send_signal(number)
    said, complained = process.communicate(timeout=STOP_SECONDS_MAX)
    assert process.returncode == 130
    assert said == b"accepted 3, rejected 0, duplicates 0\n"
    assert complained.strip() == b"milepost: interrupted"
    assert counted(milepost) == 3


def is_counted(milepost: Milepost, number: int) -> bool:
    return counted(milepost) == number


def test_half_a_row_is_not_appended_before_its_end_has_come(milepost: Milepost) -> None:
    process = feeding(milepost)
    first, second = rows(1, 2)
    assert process.stdin is not None
    process.stdin.write(first + b"\n" + second[:50])
    process.stdin.flush()
    until(partial(is_counted, milepost, 1))
    process.stdin.write(second[50:])
    said, _ = process.communicate(timeout=STOP_SECONDS_MAX)
    assert said == b"accepted 2, rejected 0, duplicates 0\n"


def test_a_named_pipe_is_read_to_its_end(milepost: Milepost, tmp_path: Path) -> None:
    pipe = tmp_path / "feed"
    os.mkfifo(pipe)
    process = milepost.start("ingest", pipe)
    with pipe.open("wb") as feed:
        feed.write(b"\n".join([*rows(1, 2), b"bad"]))
    said, _ = process.communicate(timeout=20)
    assert said == "accepted 2, rejected 1, duplicates 0\n"


# -- the clock ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_clock_cuts_what_it_finds_and_stops_within_seconds(
    number: signal.Signals, milepost: Milepost
) -> None:
    done(milepost, "ingest", "-", stdin=rows(1)[0])
    clock = milepost.start("clock")
    until(partial(is_counted, milepost, 2))
    clock.send_signal(number)
    said, complained = clock.communicate(timeout=STOP_SECONDS_MAX)
    assert (clock.returncode, said, complained) == (0, "", "")


def test_a_second_clock_on_the_same_home_is_refused(milepost: Milepost) -> None:
    done(milepost, "ingest", "-", stdin=rows(1)[0])
    clock = milepost.start("clock")
    try:
        until(partial(is_counted, milepost, 2))
        refused = done(milepost, "clock", status=4)
        assert f"pid {clock.pid}" in refused.stderr
    finally:
        clock.kill()
        clock.communicate()


def test_a_clock_says_that_it_leaves_simulated_time_alone(milepost: Milepost) -> None:
    done(milepost, "ingest", "-", stdin=b"\n".join([*rows(1), tick(1), *rows(2)]))
    before = counted(milepost)
    clock = milepost.start("clock")
    assert clock.stderr is not None
    assert "simulated ticks" in clock.stderr.readline()
    clock.terminate()
    assert clock.wait(STOP_SECONDS_MAX) == 0
    clock.communicate()
    assert counted(milepost) == before


def test_the_clock_of_a_service_makes_history_of_what_it_finds(milepost: Milepost) -> None:
    done(milepost, "ingest", "-", stdin=b"\n".join([baseline(), *rows(1)]))
    service = milepost.start("up", "--sql-listen", "localhost:0")
    try:
        assert service.stdout is not None
        assert service.stdout.readline().startswith("ready: ")
        history = "SELECT count(*) > 0 AS some FROM kpi_snapshots"
        until(lambda: asked(milepost, history) == [{"some": True}])
        assert done(milepost, "clock", status=4).stderr.startswith("milepost: the clock of")
    finally:
        service.kill()
        service.communicate()


# -- what will stand among the findings ------------------------------------------------------------------------------

_PLAN: Final = baseline(sections={"work_items": [{"id": "w", "quantity": 10, "unit": "t"}]})
_ODD: Final = [
    work("x", 1, 1),
    work("x", 2, 1),
    work("w", 3, 1, "km"),
    work("w", 1, 11),
    status(1, project="p2"),
]
_WARNINGS: Final = [
    "milepost: warning: unknown_item 2, first: x of p1",
    "milepost: warning: unit_mismatch 1, first: w of p1",
    "milepost: warning: over_quantity 1, first: w of p1",
    "milepost: warning: no_baseline 1, first: p2 has no baseline",
]


def warnings(ran: Run) -> list[str]:
    return [line.split(" (id")[0].split(";")[0] for line in ran.stderr.splitlines()]


def test_a_file_is_checked_against_its_own_baselines_wherever_they_stand_in_it(
    milepost: Milepost, tmp_path: Path
) -> None:
    ran = done(milepost, "ingest", written(tmp_path, [*_ODD, _PLAN]))
    assert warnings(ran) == _WARNINGS
    assert ran.stdout == "accepted 6, rejected 0, duplicates 0\n"


def test_a_file_is_checked_against_baselines_that_only_the_log_or_also_the_store_has(
    milepost: Milepost, tmp_path: Path
) -> None:
    done(milepost, "ingest", written(tmp_path, [_PLAN]))
    assert warnings(done(milepost, "ingest", written(tmp_path, _ODD))) == _WARNINGS
    done(milepost, "run", "--drain")
    again = [row.replace(b'"id":"', b'"id":"again ') for row in _ODD]
    assert warnings(done(milepost, "ingest", written(tmp_path, again))) == _WARNINGS
    found = asked(
        milepost, "SELECT finding, count(*) AS times FROM findings GROUP BY finding ORDER BY finding"
    )
    assert [row["finding"] for row in found] == [
        "no_baseline",
        "over_quantity",
        "unit_mismatch",
        "unknown_item",
    ]
