"""Runs processes side by side, until they end or their work is done, and says what they cost."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

__all__ = ["Cost", "run_processes", "run_quietly"]

LOOK_SECONDS = 0.5
MEMORY_SECONDS = 0.2
SECONDS_MAX = 900.0


@dataclass(frozen=True)
class Cost:
    """Wall seconds until done, CPU seconds and peak memory in MB of each process."""

    wall_s: float
    cpu_s: tuple[float, ...]
    peak_mb: tuple[float, ...]

    @property
    def cpu_all_s(self) -> float:
        return sum(self.cpu_s)


def run_processes(
    commands: Sequence[Sequence[str]],
    environment: Mapping[str, str],
    done: Callable[[], bool] | None = None,
    errors: IO[bytes] | None = None,
) -> Cost:
    """Run commands; without `done` they end by themselves, with it they are stopped once it answers True."""
    began = time.perf_counter()
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        for command in commands
    ]
    with _guarded(running) as guard:
        if done is not None:
            _wait_until(done, running, began + SECONDS_MAX)
            wall_s = time.perf_counter() - began
            for process in running:
                process.send_signal(signal.SIGTERM)
        spent = [_reap(process, guard) for process in running]
        if done is None:
            wall_s = time.perf_counter() - began
    return Cost(wall_s, tuple(cpu_s for cpu_s, _ in spent), tuple(peak_mb for _, peak_mb in spent))


def run_quietly(
    commands: Sequence[Sequence[str]],
    environment: Mapping[str, str],
    errors: Path,
    done: Callable[[], bool] | None = None,
) -> Cost:
    """The same; what the processes say is shown only when one fails: some warn hundreds of times in a good run."""
    with errors.open("wb") as out:
        try:
            return run_processes(commands, environment, done, out)
        except AssertionError as failed:
            raise AssertionError(f"{failed}\n{errors.read_text(errors='replace')[-4000:]}") from failed


def _wait_until(
    done: Callable[[], bool], running: Sequence[subprocess.Popen[bytes]], deadline: float
) -> None:
    pause = threading.Event()
    while not done():
        ended = [process for process in running if process.poll() is not None]
        assert not ended, f"{ended[0].args!r} ended before the work was done"
        assert time.perf_counter() < deadline, "the work was not done in time"
        pause.wait(LOOK_SECONDS)


class _Guard(threading.Thread):
    """Looks at the memory of running processes, and kills them after the longest time that any work may take.

    What the system itself notes as a process's greatest size begins with the size of the process that started it.
    """

    def __init__(self, running: Sequence[subprocess.Popen[bytes]]) -> None:
        super().__init__(daemon=True)
        self._running = running
        self._over = threading.Event()
        self.peak_mb: dict[int, float] = {}

    def run(self) -> None:
        deadline = time.perf_counter() + SECONDS_MAX
        while not self._over.wait(MEMORY_SECONDS):
            for process in self._running:
                self._look(process.pid)
                if time.perf_counter() > deadline:
                    process.kill()

    def _look(self, pid: int) -> None:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return
        for line in lines:
            if line.startswith("VmHWM:"):
                self.peak_mb[pid] = int(line.split()[1]) / 1024

    def stop(self) -> None:
        """No more looking."""
        self._over.set()


@contextmanager
def _guarded(running: Sequence[subprocess.Popen[bytes]]) -> Iterator[_Guard]:
    guard = _Guard(running)
    guard.start()
    try:
        yield guard
    finally:
        guard.stop()
        for process in running:
            if process.returncode is None:
                process.kill()
                process.wait()


def _reap(process: subprocess.Popen[bytes], guard: _Guard) -> tuple[float, float]:
    """CPU seconds and peak memory of a process that ends."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{process.args!r} ended with status {process.returncode}"
    return usage.ru_utime + usage.ru_stime, guard.peak_mb.get(process.pid, usage.ru_maxrss / 1024)
