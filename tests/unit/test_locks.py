"""One worker, one store, one clock per home; the kernel forgets a lock when its holder dies."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from eventlog.locks import HomeLock
from schemas.errors import ServiceUnavailable

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from eventlog.locks import HomeLock
lock = HomeLock(Path(sys.argv[1]), "worker")
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    with HomeLock(tmp_path, "worker"):
        with pytest.raises(
            ServiceUnavailable, match=rf"worker.*held by another process \(pid {os.getpid()}\)"
        ):
            HomeLock(tmp_path, "worker").acquire()
        with HomeLock(tmp_path, "store"):
            pass


def test_a_lock_can_be_taken_again_after_it_was_given_back(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path, "worker")
    for _ in range(2):
        with lock:
            pass
        lock.release()


def test_a_holder_does_not_lock_itself_out(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path, "worker")
    lock.acquire()
    lock.acquire()
    lock.release()
    with HomeLock(tmp_path, "worker"):
        pass


def test_the_home_is_made_when_it_is_not_there(tmp_path: Path) -> None:
    with HomeLock(tmp_path / "a" / "b", "clock"):
        assert (tmp_path / "a" / "b").is_dir()


def test_no_lock_survives_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ServiceUnavailable, match=f"pid {holder.pid}"):
            HomeLock(tmp_path, "worker").acquire()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with HomeLock(tmp_path, "worker"):
            pass


def test_the_holder_of_a_lock_can_be_asked_for_without_taking_it(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path, "worker")
    assert lock.holder() is None
    with HomeLock(tmp_path, "worker"):
        assert lock.holder() == str(os.getpid())
    assert lock.holder() is None
