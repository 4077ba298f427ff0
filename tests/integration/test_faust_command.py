"""`faust -A streams.app worker` that cannot work: one line and the exit status of `milepost worker`, never a traceback."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from tests.cli import Milepost
from tests.kafka_broker import free_ports
from tests.waiting import until

FAUST = (sys.executable, "-m", "faust", "-A", "streams.app", "worker")
SECONDS_MAX = 60


def faust(milepost: Milepost, settings: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        FAUST, cwd=milepost.folder, env=milepost.environment(**settings), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=SECONDS_MAX, check=False,
    )  # fmt: skip


def test_a_second_worker_of_a_home_names_the_first_one(milepost: Milepost) -> None:
    first = milepost.start("worker")
    try:
        until((milepost.home / "log.db").exists, SECONDS_MAX)
        second = faust(milepost, {})
        assert second.returncode == 4
        assert second.stderr == (
            f"milepost: the worker of {milepost.home} is held by another process (pid {first.pid}); stop that one first\n"
        )
    finally:
        first.kill()
        first.communicate()


def test_a_broker_that_is_absent_is_one_line_and_exit_4(milepost: Milepost) -> None:
    [port] = free_ports(1)
    url = f"kafka://127.0.0.1:{port}"
    done = faust(milepost, {"MILEPOST_LOG": url})
    assert done.returncode == 4
    assert done.stderr == (
        f"milepost: no Kafka at {url}: nothing listens at 127.0.0.1:{port}; start Kafka or correct MILEPOST_LOG\n"
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"MILEPOST_LOG": "amqp://here"}, "amqp://here"),
        ({"MILEPOST_PARTITIONS": "none"}, "MILEPOST_PARTITIONS"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_2(
    milepost: Milepost, settings: dict[str, str], named: str
) -> None:
    done = faust(milepost, settings)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert named in line
