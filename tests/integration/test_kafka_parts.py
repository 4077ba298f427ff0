"""Parts of the product as processes on a broker: what they do there, and what they say when there is none."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from eventlog.kafka import KafkaLog
from eventlog.scan import records_between
from producers.ticks import tick_in
from schemas.topics import Topics
from tests.builders import ZONE, baseline, milestone, tick
from tests.cli import Milepost, Run
from tests.kafka_broker import Broker, free_ports
from tests.waiting import until

SECONDS_MAX = 10
STOP_SECONDS_MAX = 5


def on(broker: Broker, prefix: str, **more: str) -> dict[str, str]:
    return {
        "MILEPOST_LOG": broker.url, "MILEPOST_TOPIC_PREFIX": prefix, "MILEPOST_PARTITIONS": "4",
        "MILEPOST_SQL_LISTEN": "localhost:0", **more,
    }  # fmt: skip


@contextmanager
def part(milepost: Milepost, word: str, settings: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A service whose words stand in `<word>.log`; whoever starts it stops it, else it is killed."""
    milepost.folder.mkdir(exist_ok=True)
    with (milepost.folder / f"{word}.log").open("ab") as out:
        process = subprocess.Popen(
            milepost.command(word), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=milepost.folder,
            env=milepost.environment(**settings),
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def heard(milepost: Milepost, word: str) -> str:
    return (milepost.folder / f"{word}.log").read_text(encoding="utf-8")


def stop(process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert time.monotonic() - began < STOP_SECONDS_MAX


def ingest(milepost: Milepost, settings: Mapping[str, str], *events: bytes) -> Run:
    return milepost("ingest", "-", stdin=b"\n".join(events), env=settings)


def asked(milepost: Milepost, settings: Mapping[str, str], sql: str) -> object:
    done = milepost("query", sql, "--format", "json", env=settings)
    return json.loads(done.stdout) if done.returncode == 0 else done.stderr


def counts(milepost: Milepost, settings: Mapping[str, str], events: int) -> Callable[[], bool]:
    wanted = [{"n": events}]
    sql = "SELECT count(DISTINCT (source, id)) AS n FROM events"
    return lambda: asked(milepost, settings, sql) == wanted


def test_what_is_ingested_is_stored_and_answers(
    broker: Broker, topic_prefix: str, milepost: Milepost
) -> None:
    settings = on(broker, topic_prefix)
    done = ingest(milepost, settings, baseline(), milestone("m1", 1, percent=1), tick(1), b"{rubbish")
    assert (done.returncode, done.stdout) == (3, "accepted 3, rejected 1, duplicates 0\n")
    with part(milepost, "store", settings) as store:
        until(counts(milepost, settings, 3))
        assert asked(milepost, settings, "SELECT count(*) AS n FROM rejected_events") == [{"n": 1}]
        assert ingest(milepost, settings, milestone("m1", 2, percent=2)).returncode == 0
        until(counts(milepost, settings, 4))
        stop(store)
    assert counts(milepost, settings, 4)()
    again = ingest(milepost, settings, milestone("m1", 2, percent=2))
    assert again.stdout == "accepted 0, rejected 0, duplicates 1\n"


def test_a_store_outlasts_a_broker_that_was_killed_and_says_so_once(
    own_broker: Broker, topic_prefix: str, milepost: Milepost
) -> None:
    settings = on(own_broker, topic_prefix)
    ingest(milepost, settings, baseline())
    with part(milepost, "store", settings) as store:
        until(counts(milepost, settings, 1))
        own_broker.kill()
        until(lambda: "waiting until it does" in heard(milepost, "store"))
        own_broker.start()
        ingest(milepost, settings, milestone("m1", 1, percent=1))
        until(counts(milepost, settings, 2))
        stop(store)
    said = heard(milepost, "store")
    assert said.count("waiting until it does") == said.count("the log answers again") == 1
    assert "kafka.net" not in said


def test_a_store_without_its_broker_stops_in_good_order(
    own_broker: Broker, topic_prefix: str, milepost: Milepost
) -> None:
    settings = on(own_broker, topic_prefix)
    ingest(milepost, settings, baseline())
    with part(milepost, "store", settings) as store:
        until(counts(milepost, settings, 1))
        own_broker.kill()
        until(lambda: "waiting until it does" in heard(milepost, "store"))
        stop(store)
    assert counts(milepost, settings, 1)()


def test_two_clocks_at_once_cut_what_there_is_and_harm_nobody(
    broker: Broker, topic_prefix: str, tmp_path: Path
) -> None:
    settings, topics = on(broker, topic_prefix), Topics(topic_prefix)
    first, second = (Milepost(home=tmp_path / name / "home", folder=tmp_path / name) for name in ("a", "b"))
    first.folder.mkdir()
    ingest(first, settings, baseline())

    def ticks() -> int:
        with closing(KafkaLog.open_existing(broker.url, topics=topics)) as log:
            records = [
                record
                for partition in range(4)
                for record in records_between(log, topics.events, partition, 0, 1000)
            ]
        return sum(tick_in(record, ZONE) is not None for record in records)

    with part(first, "clock", settings) as one, part(second, "clock", settings) as other:
        until(ticks)
        until(lambda: other.poll() is None)
        stop(one)
        stop(other)
    assert 1 <= ticks() <= 8


@pytest.mark.parametrize("words", [("ingest", "-"), ("store",), ("clock",), ("simulate", "battery-foil")])
def test_without_a_broker_a_command_ends_in_time_with_one_line(
    milepost: Milepost, words: tuple[str, ...]
) -> None:
    [port] = free_ports(1)
    began = time.monotonic()
    done = milepost(*words, env={"MILEPOST_LOG": f"kafka://127.0.0.1:{port}"})
    assert time.monotonic() - began < SECONDS_MAX
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.count("\n") == 1
    assert f"nothing listens at 127.0.0.1:{port}" in done.stderr


def test_a_password_is_never_printed(secure_broker: Broker, topic_prefix: str, milepost: Milepost) -> None:
    settings = on(
        secure_broker, topic_prefix,
        MILEPOST_LOG=secure_broker.secure_url, MILEPOST_KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        MILEPOST_KAFKA_SASL_USERNAME=secure_broker.user, MILEPOST_KAFKA_SASL_PASSWORD=secure_broker.password,
        MILEPOST_KAFKA_SSL_CAFILE=str(secure_broker.ca_file),
    )  # fmt: skip
    assert ingest(milepost, settings, baseline()).returncode == 0
    calls = [
        milepost("doctor", env=settings),
        milepost("doctor", "--verbose", "--format", "json", env=settings),
        ingest(milepost, {**settings, "MILEPOST_KAFKA_SASL_USERNAME": "mallory"}, baseline()),
        milepost("simulate", "battery-foil", "--verbose", env={**settings, "MILEPOST_KAFKA_SSL_CAFILE": ""}),
    ]
    assert [call.returncode for call in calls] == [0, 0, 4, 4]
    assert "refuses the password of mallory" in calls[2].stderr
    for call in calls:
        assert secure_broker.password not in call.stdout + call.stderr


def test_doctor_knows_the_workers_of_other_homes(
    broker: Broker, topic_prefix: str, milepost: Milepost
) -> None:
    settings = on(broker, topic_prefix)
    ingest(milepost, settings, baseline())

    def worker_check() -> dict[str, str]:
        checks: list[dict[str, str]] = json.loads(
            milepost("doctor", "--format", "json", env=settings).stdout
        )["checks"]
        [found] = [check for check in checks if check["subject"] == "worker"]
        return found

    assert worker_check()["state"] == "note"
    elsewhere = Milepost(home=milepost.folder / "elsewhere", folder=milepost.folder)
    with part(elsewhere, "worker", settings) as worker:
        until(lambda: "folding partitions" in heard(elsewhere, "worker"))
        found = worker_check()
        assert found["state"] == "ok"
        assert f"1 in the group {topic_prefix}.worker (on 127.0.0.1), 4 of 4 partitions" in found["detail"]
        stop(worker)


def test_topics_with_other_partitions_are_refused_in_one_line(
    broker: Broker, topic_prefix: str, milepost: Milepost
) -> None:
    with broker.admin() as admin:
        admin.create_topics({f"{topic_prefix}.events": {"num_partitions": 2, "replication_factor": 1}})
    done = ingest(milepost, on(broker, topic_prefix), baseline())
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "has 2 partitions" in done.stderr
