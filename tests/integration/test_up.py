"""`milepost up` as an office runs it: one process that folds, stores, answers SQL and feeds those who follow alerts."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from pydantic_core import from_json

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from tests.builders import baseline, day, status, tick
from tests.cli import Milepost
from tests.stores import TOPICS
from tests.waiting import until

STOP_SECONDS_MAX = 5.0


@contextmanager
def running(milepost: Milepost, *words: object) -> Iterator[subprocess.Popen[str]]:
    """A service that has said that it is ready; it is ended if the test does not."""
    process = milepost.start(*words)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready: sql=localhost:")
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def up(milepost: Milepost) -> Any:
    return running(milepost, "up", "--no-clock", "--sql-listen", "localhost:0")


def publish(milepost: Milepost, *events: bytes) -> None:
    path = milepost.home / "log.db"
    with closing(EmbeddedLog.open_existing(path, now_us=lambda: time.time_ns() // 1000)) as log:
        entries = []
        for event in events:
            subject = from_json(event)["subject"]
            places = range(log.identity.partitions) if subject == "clock" else [None]
            entries += [Entry(TOPICS.events, subject.encode(), event, place) for place in places]
        log.append(entries)


def asked(milepost: Milepost, sql: str) -> Any:
    answer = milepost("query", sql, "--format", "json")
    assert answer.returncode == 0, answer.stderr
    return from_json(answer.stdout)


LATE = "SELECT value FROM kpi_latest WHERE kpi = 'target_days_late'"
PLAN = baseline(sections={"finish": day(10)}, name="Tank farm 油库 🛢️")


def test_kpis_move_and_alerts_arrive_while_it_runs(milepost: Milepost) -> None:
    with up(milepost) as service:
        follower = milepost.start("alerts", "--follow", "--format", "json")
        assert follower.stderr is not None
        assert follower.stderr.readline().startswith("following milepost.alerts")
        publish(milepost, PLAN, status(12))
        until(lambda: asked(milepost, LATE) == [{"value": 2}])
        publish(milepost, status(15))
        until(lambda: asked(milepost, LATE) == [{"value": 5}])
        assert asked(milepost, "SELECT name FROM projects") == [{"name": "Tank farm 油库 🛢️"}]
        publish(milepost, status(16, "completed"), tick(16, closes=16))
        until(lambda: asked(milepost, "SELECT DISTINCT state FROM alerts") == [{"state": "resolved"}])
        follower.send_signal(signal.SIGINT)
        told, _ = follower.communicate(timeout=STOP_SECONDS_MAX)
        began = time.monotonic()
        service.send_signal(signal.SIGINT)
        assert service.wait(STOP_SECONDS_MAX) == 0
        assert time.monotonic() - began < STOP_SECONDS_MAX
    assert follower.returncode == 0
    states = [from_json(line)["data"]["state"] for line in told.splitlines()]
    assert "firing" in states
    assert states[-1] == "resolved"


def test_a_second_one_on_the_same_home_is_refused_at_once_and_the_first_goes_on(milepost: Milepost) -> None:
    with up(milepost):
        for words in (("up", "--no-clock"), ("worker",), ("store",), ("run", "--drain"), ("rebuild",)):
            refused = milepost(*words)
            assert (refused.returncode, refused.stdout) == (4, "")
            assert "held by another process (pid" in refused.stderr
            assert len(refused.stderr.splitlines()) == 1
        publish(milepost, PLAN, status(12))
        until(lambda: asked(milepost, LATE) == [{"value": 2}])


def test_after_a_kill_nothing_stale_is_in_the_way(milepost: Milepost) -> None:
    with up(milepost) as service:
        publish(milepost, PLAN, status(12))
        until(lambda: asked(milepost, LATE) == [{"value": 2}])
        service.kill()
        service.wait()
    assert asked(milepost, LATE) == [{"value": 2}]
    with up(milepost):
        publish(milepost, status(13))
        until(lambda: asked(milepost, LATE) == [{"value": 3}])


def test_a_port_that_is_taken_is_named(milepost: Milepost) -> None:
    with up(milepost):
        address = asked(milepost, "SELECT 1 AS one") and from_json((milepost.home / "sql.json").read_bytes())
        other = Milepost(home=milepost.folder / "other", folder=milepost.folder)
        refused = other("up", "--no-clock", "--sql-listen", f"localhost:{address['port']}")
    assert refused.returncode == 4
    assert "MILEPOST_SQL_LISTEN" in refused.stderr


def test_the_token_is_for_the_owner_alone(milepost: Milepost) -> None:
    with up(milepost):
        assert (milepost.home / "sql.json").stat().st_mode & 0o077 == 0
