"""From the append of an event until the alert that it fires can be read on its topic, at a steady rate of events."""

import threading
import time
from pathlib import Path
from statistics import quantiles

from benchmarks.bench_log import TOPICS, append_lines, open_bench_log
from benchmarks.feed import Feed
from benchmarks.measure import run_processes
from benchmarks.stream import MILEPOST, environment_of
from consumers.follow import alert_of, end_positions
from eventlog.embedded import EmbeddedLog

__all__ = ["alert_delays_ms"]

EVENTS_PER_APPEND = 10
PAUSE_SECONDS = 0.01
ALARM_EVERY = 20
"""One event in so many is about a project of its own and fires an alert."""
LIMIT = 10**6
PATIENCE_SECONDS = 30.0
_RULES = (
    f"rules:\n  - alert: TooMuch\n    kpi: output_cumulative\n    above: {LIMIT}\n    severity: critical\n"
)
_PERCENTS = 100


class _Load:
    """Appends events at its pace, reads alerts, and notes when each was appended and when read."""

    def __init__(self, home: Path, events: int) -> None:
        self._home = home
        self._lines = list(Feed(events).lines())
        self.appended: dict[str, float] = {}
        self.read: dict[str, float] = {}
        self._thread = threading.Thread(target=self._append_all, daemon=True)

    def done(self) -> bool:
        """Append and read until every alert was seen; the worker is given the time to start first."""
        log = open_bench_log(self._home)
        while log.committed(TOPICS.worker_group) == {}:
            _pause.wait(PAUSE_SECONDS)
        self._thread.start()
        self._read_all(log)
        log.close()
        return True

    def _append_all(self) -> None:
        log = open_bench_log(self._home)
        due = time.perf_counter()
        for start in range(0, len(self._lines), EVENTS_PER_APPEND):
            batch = [self._alarming(number) for number in range(start, start + EVENTS_PER_APPEND)]
            append_lines(log, [line for _, line in batch])
            now = time.perf_counter()
            self.appended.update({project: now for project, _ in batch if project})
            due += PAUSE_SECONDS
            _pause.wait(max(0.0, due - now))
        log.close()

    def _alarming(self, number: int) -> tuple[str, bytes]:
        line = self._lines[number]
        if number % ALARM_EVERY:
            return "", line
        project = f"alarm-{number:06d}"
        at, end = line.index(b'"quantity":') + 11, line.index(b',"unit"')
        line = line[:at] + str(LIMIT + 1).encode() + line[end:]
        start = line.index(b'"subject":"') + 11
        return project, line[:start] + project.encode() + line[line.index(b'"', start) :]

    def _read_all(self, log: EmbeddedLog) -> None:
        offsets = end_positions(log, TOPICS.alerts)
        deadline = (
            time.perf_counter() + PATIENCE_SECONDS + len(self._lines) / EVENTS_PER_APPEND * PAUSE_SECONDS
        )
        while len(self.read) < len(self._lines) // ALARM_EVERY:
            assert time.perf_counter() < deadline, f"only {len(self.read)} alerts came"
            for partition, offset in offsets.items():
                for record in log.read(TOPICS.alerts, partition, offset, 1000):
                    offsets[partition] = record.offset + 1
                    alert = alert_of(record)
                    assert alert is not None
                    self.read.setdefault(alert["data"]["project_id"], time.perf_counter())
            _pause.wait(0.001)


_pause = threading.Event()


def alert_delays_ms(home: Path, events: int) -> tuple[float, float, float]:
    """Median, 99th percentile and maximum in milliseconds."""
    catalog = home / "catalog"
    catalog.mkdir(parents=True)
    (catalog / "rules.yaml").write_text(_RULES)
    log = open_bench_log(home)
    append_lines(log, Feed(EVENTS_PER_APPEND).lines())
    log.close()
    load = _Load(home, events)
    run_processes(
        [[MILEPOST, "worker"]], environment_of(home) | {"MILEPOST_CATALOG": str(catalog)}, load.done
    )
    delays = sorted((load.read[project] - at) * 1000 for project, at in load.appended.items())
    cuts = quantiles(delays, n=_PERCENTS)
    return cuts[49], cuts[98], delays[-1]
