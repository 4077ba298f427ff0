"""How long a killed worker takes to fold again with a million statements in its state: `python -m benchmarks.restart`.

The worker folds all of them from Kafka, is killed, one report and a tick are published, and it is started again at once;
the time runs from then until it says of every partition that the tick is folded, which it does once a second. It is killed
when it has just folded everything, whatever of it is saved by then, then again after a quiet while.
"""

import argparse
import os
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.bench_log import key_of
from benchmarks.feed import DAYS, LINES, START, Feed
from eventlog.log import Entry
from eventlog.partitioning import place_key
from producers.ticks import Tick, tick_event
from tests.fault_feed import PARTITIONS
from tests.kafka_broker import Broker, what_is_missing
from tests.kafka_run import KafkaRun, Process, kafka_run, passes
from tests.waiting import until

FOLD_SECONDS_MAX = 900
QUIET_SECONDS = (0, 10, 10)


def main() -> None:
    options = _options()
    if (lacking := what_is_missing()) is not None:
        raise SystemExit(lacking)
    with TemporaryDirectory() as name, closing(Broker(Path(name) / "kafka")) as broker:
        broker.start()
        with kafka_run(broker.url, "restart", Path(name)) as run:
            _measure(run, options.statements)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restart", description=__doc__)
    parser.add_argument("--statements", type=int, default=1_000_000, help="statements in the state")
    return parser.parse_args()


def _measure(run: KafkaRun, statements: int) -> None:
    projects = -(-statements // (LINES * DAYS))
    run.publish([*_reports(run, statements, projects), *_ticks(run, 0)])
    worker = run.start("worker")
    print(f"{statements} statements of {projects} projects folded in {_seconds_until_folded(run):.1f} s")
    for number, quiet in enumerate(QUIET_SECONDS, 1):
        passes(quiet)
        print(
            f"killed after {quiet} s of quiet: folds again in {_restarted(run, worker, number):.1f} s, "
            f"of which the worker computes {_cpu_seconds(worker):.1f} s",
            flush=True,
        )


def _reports(run: KafkaRun, events: int, projects: int) -> Iterator[Entry]:
    """Each report is a statement of its own."""
    for line in Feed(events, projects=projects, late=0.0).lines():
        key = key_of(line)
        yield Entry(run.topics.events, key, line, place_key(key, PARTITIONS))


def _ticks(run: KafkaRun, number: int) -> list[Entry]:
    at = START.astimezone(UTC) + timedelta(days=DAYS + 10, minutes=number)
    raw = tick_event(Tick(at, None, "simulated"), source="benchmark", event_id=f"tick-{number}")
    return [Entry(run.topics.events, b"clock", raw, place) for place in range(PARTITIONS)]


def _restarted(run: KafkaRun, worker: Process, number: int) -> float:
    worker.kill()
    run.publish([*_reports(run, 1, 1), *_ticks(run, number)])
    worker.restart()
    return _seconds_until_folded(run)


def _cpu_seconds(worker: Process) -> float:
    """What a running worker has spent in this life, as Linux says it; a busy machine makes only the wall time longer."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds_until_folded(run: KafkaRun) -> float:
    began = time.perf_counter()
    until(run.has_folded, FOLD_SECONDS_MAX)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
