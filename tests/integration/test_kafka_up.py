"""`milepost worker`, `up` and `run --drain` on a broker, and Faust's own command: what an office sees of them."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic_core import from_json

from tests.builders import baseline, day, status, tick
from tests.cli import Milepost
from tests.kafka_broker import Broker
from tests.waiting import until

STOP_SECONDS_MAX = 5.0
LATE = "SELECT value FROM kpi_latest WHERE kpi = 'target_days_late'"
PLAN = baseline(sections={"finish": day(10)}, name="Tank farm 油库 🛢️")


@pytest.fixture
def settings(broker: Broker, topic_prefix: str) -> dict[str, str]:
    return {
        "MILEPOST_LOG": broker.url, "MILEPOST_TOPIC_PREFIX": topic_prefix, "MILEPOST_PARTITIONS": "4",
        "MILEPOST_SQL_LISTEN": "localhost:0",
    }  # fmt: skip


@pytest.fixture
def secure(secure_broker: Broker, settings: dict[str, str]) -> dict[str, str]:
    return settings | {
        "MILEPOST_LOG": secure_broker.secure_url, "MILEPOST_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "MILEPOST_KAFKA_SASL_USERNAME": secure_broker.user, "MILEPOST_KAFKA_SSL_CAFILE": str(secure_broker.ca_file),
        "MILEPOST_KAFKA_SASL_PASSWORD": secure_broker.password,
    }  # fmt: skip


@contextmanager
def started(milepost: Milepost, settings: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    milepost.folder.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=milepost.folder, env=milepost.environment(**settings),
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stop(process: subprocess.Popen[str], how: signal.Signals) -> str:
    began = time.monotonic()
    process.send_signal(how)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    assert time.monotonic() - began < STOP_SECONDS_MAX
    return said


def ingest(milepost: Milepost, settings: dict[str, str], *events: bytes) -> None:
    done = milepost("ingest", "-", stdin=b"\n".join(events), env=settings)
    assert done.returncode == 0, done.stderr


def shows(
    milepost: Milepost, settings: dict[str, str], sql: str, rows: list[dict[str, Any]]
) -> Callable[[], bool]:
    def look() -> bool:
        answer = milepost("query", sql, "--format", "json", env=settings)
        return answer.returncode == 0 and bool(from_json(answer.stdout) == rows)

    return look


def test_up_moves_kpis_and_alerts_while_events_arrive(milepost: Milepost, settings: dict[str, str]) -> None:
    with started(milepost, settings, "milepost", "up", "--no-clock") as service:
        assert service.stdout is not None
        assert service.stdout.readline().startswith("ready: sql=localhost:")
        ingest(milepost, settings, PLAN, status(12))
        until(shows(milepost, settings, LATE, [{"value": 2}]))
        ingest(milepost, settings, status(15))
        until(shows(milepost, settings, LATE, [{"value": 5}]))
        ingest(milepost, settings, status(16, "completed"), tick(16, closes=16))
        until(shows(milepost, settings, "SELECT DISTINCT state FROM alerts", [{"state": "resolved"}]))
        stop(service, signal.SIGINT)


def test_a_drain_folds_and_stores_all_and_a_second_one_adds_nothing(
    milepost: Milepost, settings: dict[str, str]
) -> None:
    ingest(milepost, settings, PLAN, status(12))
    rows = []
    for _ in range(2):
        assert milepost("run", "--drain", "--as-of", day(13), env=settings).returncode == 0
        assert shows(milepost, settings, LATE, [{"value": 3}])()
        rows.append(
            milepost("query", "FROM kpi_snapshots ORDER BY ALL", "--format", "csv", env=settings).stdout
        )
    assert rows[0] == rows[1]
    assert "target_days_late" in rows[0]


def test_a_worker_with_tls_and_a_password_does_the_same(milepost: Milepost, secure: dict[str, str]) -> None:
    ingest(milepost, secure, PLAN, status(12), tick(13, closes=13))
    done = milepost("run", "--drain", env=secure)
    assert (done.returncode, done.stderr) == (0, "")
    assert shows(milepost, secure, LATE, [{"value": 3}])()


def test_certificates_that_cannot_be_read_are_one_line(milepost: Milepost, secure: dict[str, str]) -> None:
    broken = milepost.folder / "broken.pem"
    broken.write_text("no certificate")
    done = milepost("worker", env=secure | {"MILEPOST_KAFKA_SSL_CAFILE": str(broken)})
    assert done.returncode == 2
    assert done.stderr.startswith("milepost: cannot use the certificates of MILEPOST_KAFKA_SSL_")
    assert done.stderr.count("\n") == 1


def test_faust_s_own_command_runs_the_worker(milepost: Milepost, settings: dict[str, str]) -> None:
    ingest(milepost, settings, PLAN, status(12), tick(13, closes=13))
    words = ("faust", "-A", "streams.app", "worker", "--loglevel", "warn")
    with (
        started(milepost, settings, "milepost", "store") as store,
        started(milepost, settings, *words) as worker,
    ):
        until(shows(milepost, settings, LATE, [{"value": 3}]))
        assert "Traceback" not in stop(worker, signal.SIGTERM)
        stop(store, signal.SIGTERM)
