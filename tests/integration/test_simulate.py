"""`milepost simulate` and the three scripts as processes, on a real log."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.log import Record
from producers.ticks import Tick, append_closing, tick_entries, tick_event
from schemas.errors import MilepostError
from schemas.topics import Topics
from tests.builders import instant
from tests.cli import Milepost
from tests.simulated import feed
from tests.waiting import until

TOPICS: Final = Topics()
RESTART: Final = "plant-restart"
NAMES: Final = {line.key for line in feed(RESTART) if not line.is_tick}


def records(milepost: Milepost) -> list[Record]:
    """Everything in the topic of events, partition by partition."""
    log = EmbeddedLog.open_existing(milepost.home / "log.db", now_us=lambda: 2**51)
    try:
        partitions = range(log.partitions(TOPICS.events))
        return [each for number in partitions for each in log.read(TOPICS.events, number, 0, 100_000)]
    finally:
        log.close()


def standing(milepost: Milepost) -> list[Record]:
    """Everything in the topic, nothing while the log is still being made."""
    try:
        return records(milepost)
    except MilepostError:
        return []


def written(milepost: Milepost, *words: object) -> list[bytes]:
    """Lines of a feed on standard output."""
    done = subprocess.run(
        milepost.command("simulate", *words, "--out", "-"),
        capture_output=True, cwd=milepost.folder, env=milepost.environment(), timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_what_is_published_are_the_bytes_that_would_be_written(milepost: Milepost) -> None:
    faults = ("--duplicates", 0.1, "--reorder", 0.1, "--late", 0.1, "--corrupt", 0.1)
    published = milepost("simulate", RESTART, "--seed", 3, *faults)
    assert published.returncode == 0, published.stderr
    lines = written(milepost, RESTART, "--seed", 3, *faults)
    found = records(milepost)
    per_partition = Counter(record.value for record in found)
    ticks = {record.value for record in found if record.key == b"clock"}
    assert Counter(lines) == Counter({raw: 1 if raw in ticks else n for raw, n in per_partition.items()})
    assert {record.key for record in found} == {name.encode() for name in (*NAMES, "clock")}
    for partition in range(8):
        mine = [record.value for record in found if record.partition == partition]
        assert mine == [line for line in lines if line in set(mine)]
    events, counted = published.stdout.split()[1], published.stdout.split()[3]
    assert (int(events) + int(counted), int(counted)) == (len(lines), len(ticks))


def test_the_seed_alone_decides_about_the_bytes(milepost: Milepost, tmp_path: Path) -> None:
    outputs = []
    for hash_seed, zone in (("1", "UTC"), ("2", "America/New_York")):
        out = tmp_path / f"{hash_seed}.jsonl"
        env = {"PYTHONHASHSEED": hash_seed, "TZ": zone, "LC_ALL": "C"}
        done = milepost(
            "simulate", "all", "--seed", 7, "--to", "2021-01-31", "--corrupt", 0.02, "--out", out, env=env
        )
        assert done.returncode == 0, done.stderr
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1]
    assert outputs[0].count(b"\n") > 1000


def test_the_closing_line_tells_how_much_there_was(milepost: Milepost, tmp_path: Path) -> None:
    out = tmp_path / "f.jsonl"
    assert milepost("simulate", RESTART, "--out", out).stdout == "wrote 132 events, 17 ticks\n"
    assert len(out.read_bytes().splitlines()) == 149
    done = milepost("simulate", RESTART, "--format", "json")
    assert json.loads(done.stdout) == {"events": 132, "ticks": 17}
    assert done.stderr == ""


def test_without_ticks_there_are_none(milepost: Milepost) -> None:
    done = milepost("simulate", RESTART, "--no-ticks")
    assert done.stdout == "published 132 events, 0 ticks\n"
    assert {record.key for record in records(milepost)} == {name.encode() for name in NAMES}


def test_a_log_with_a_live_clock_gets_no_ticks_and_is_told_so(milepost: Milepost) -> None:
    milepost("simulate", "crude-reserve", "--to", "2020-09-03", "--no-ticks")
    log = EmbeddedLog.open_existing(milepost.home / "log.db", now_us=lambda: 2**51)
    raw = tick_event(Tick(instant(0), None, "live"), source="clock", event_id="cut-1")
    log.append(tick_entries(raw, TOPICS, range(8)))
    log.close()
    done = milepost("simulate", RESTART)
    assert done.returncode == 0
    assert done.stdout == "published 132 events, 0 ticks\n"
    assert "live clock" in done.stderr
    assert sum(record.key == b"clock" for record in records(milepost)) == 8


def test_a_log_with_simulated_ticks_gets_more_of_them(milepost: Milepost) -> None:
    milepost("simulate", RESTART)
    done = milepost("simulate", "crude-reserve", "--to", "2020-09-03")
    assert done.stdout.endswith(", 3 ticks\n")
    assert done.stderr == ""


def test_a_plan_simulated_twice_is_unchanged_for_apply(milepost: Milepost, tmp_path: Path) -> None:
    milepost("simulate", RESTART, "--seed", 1)
    milepost("simulate", RESTART, "--seed", 2)
    done = milepost("apply", "--format", "json")
    assert done.returncode == 0, done.stderr
    actions: dict[str, Any] = {
        each["project_id"]: each["action"] for each in json.loads(done.stdout)["projects"]
    }
    assert {actions[name] for name in NAMES} == {"unchanged"}


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--late", "1.01"), "--late"),
        (("--corrupt", "-0.1"), "--corrupt"),
        (("--reorder", "nan"), "--reorder"),
        (("--duplicates", "often"), "--duplicates"),
        (("--speed", "0"), "--speed"),
        (("--speed", "inf"), "--speed"),
        (("--projects", "0"), "--projects"),
        (("--seed", "-1"), "--seed"),
        (("--from", "2024-02-20", "--to", "2024-02-19"), "--to 2024-02-19"),
        (("--to", "1999-12-31"), "--to 1999-12-31"),
        (("--from", "2199-12-31"), "--from 2199-12-31"),
        (("--from", "gestern"), "--from"),
        (("--out", "f", "--speed", "2"), "--speed"),
        (("--out", "no/such/folder/f"), "--out no/such/folder/f"),
        (("--out", "."), "--out ."),
    ],
)
def test_a_refused_option_is_named_and_nothing_is_made(
    milepost: Milepost, options: tuple[str, ...], named: str
) -> None:
    done = milepost("simulate", RESTART, *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert named in done.stderr
    assert done.stderr.count("\n") == 1
    assert not milepost.home.exists()
    assert list(milepost.folder.iterdir()) == []


def test_a_named_feed_that_the_catalog_lacks_is_refused(milepost: Milepost, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "projects:\n  - {id: own, name: Own, start: 2024-01-01, finish: 2024-01-05}\n"
    )
    done = milepost("simulate", "crude-reserve", "--catalog", tmp_path / "own.yaml", "--out", "-")
    assert done.returncode == 2
    assert "luoyang-crude-reserve-2" in done.stderr
    own = milepost("simulate", "all", "--catalog", tmp_path / "own.yaml", "--out", "-")
    assert own.returncode == 0
    assert own.stdout.count('"subject":"own"') == 6


def test_a_file_that_was_not_finished_does_not_stay(milepost: Milepost, tmp_path: Path) -> None:
    out = tmp_path / "f.jsonl"
    out.write_text("before")
    running = milepost.start("simulate", "battery-foil", "--projects", 10_000, "--out", out)
    until(lambda: list(tmp_path.glob(".f.jsonl.*.part")))
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=30)
    assert (running.returncode, told.strip()) == (130, "milepost: interrupted")
    assert [path.name for path in tmp_path.iterdir()] == ["f.jsonl"]
    assert out.read_text() == "before"


def test_a_device_is_written_and_stays_a_device(milepost: Milepost) -> None:
    done = milepost("simulate", RESTART, "--out", os.devnull)
    assert done.stdout == "wrote 132 events, 17 ticks\n"
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_feed_keeps_what_it_says_it_published(milepost: Milepost, end: signal.Signals) -> None:
    running = milepost.start("simulate", RESTART, "--speed", 86_400)
    until(lambda: len(standing(milepost)) > 3)
    running.send_signal(end)
    out, told = running.communicate(timeout=10)
    assert (running.returncode, told.strip()) == (130, "milepost: interrupted")
    found = records(milepost)
    ticks = len({record.value for record in found if record.key == b"clock"})
    events = sum(record.key != b"clock" for record in found)
    assert out == f"published {events} events, {ticks} ticks\n"
    assert events > 0


@pytest.mark.parametrize(
    ("script", "scenario"),
    [
        ("crude_reserve", "crude-reserve"),
        ("battery_foil", "battery-foil"),
        ("plant_restart", "plant-restart"),
    ],
)
def test_a_feed_is_a_plain_script_as_well(milepost: Milepost, script: str, scenario: str) -> None:
    command = [sys.executable, "-m", f"producers.{script}", "--speed", "1e9", "--seed", "5"]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=milepost.folder,
        env=milepost.environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert {record.value for record in records(milepost)} == set(written(milepost, scenario, "--seed", 5))


def test_a_script_takes_its_time_unless_told_otherwise(milepost: Milepost) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "producers.plant_restart"],
        stdout=subprocess.PIPE, text=True, cwd=milepost.folder, env=milepost.environment(),
    )  # fmt: skip
    until(lambda: any(record.key == b"clock" for record in standing(milepost)))
    assert len(records(milepost)) < 149
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=10)[0].startswith("published ")
    assert running.returncode == 130


def test_what_was_simulated_can_be_closed_further(milepost: Milepost) -> None:
    milepost("simulate", RESTART)
    log = EmbeddedLog.open_existing(milepost.home / "log.db", now_us=lambda: 2**51)
    append_closing(log, TOPICS, feed(RESTART)[-1].day, instant(100))
    log.close()
    assert sum(record.key == b"clock" for record in records(milepost)) == 18 * 8
