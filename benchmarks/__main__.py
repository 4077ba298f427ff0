"""`python -m benchmarks [--events N] [--drain]`: the same-work feed through Milepost's real processes, beside a plain loop.

Every answer is checked. Figures are of one run on one machine; compare their ratios, and runs with runs.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.alert_delay import alert_delays_ms
from benchmarks.answers import all_stored, wrong_answers
from benchmarks.bench_log import append_lines, copy_of, open_bench_log
from benchmarks.closing import close_a_day
from benchmarks.feed import Feed
from benchmarks.measure import Cost, run_processes
from benchmarks.stream import MILEPOST, Watch, environment_of, file_reader, run_stream
from benchmarks.table import HEAD, Row


def main() -> None:
    options = _options()
    feed = Feed(options.events, damaged=0.01, doubled=0.05)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "feed"
        log = open_bench_log(home)
        records = append_lines(log, feed.lines())
        log.close()
        print(
            f"{records} records of {feed.events} events, {feed.projects} projects, 1 % damaged, 5 % doubled\n{HEAD}"
        )
        plain = _plain_loop(home, feed, records)
        for _ in range(options.runs):
            _stream(copy_of(home, Path(folder) / "stream"), feed, records, plain)
        if options.drain:
            _drain(copy_of(home, Path(folder) / "drain"), feed, records, plain)
        if options.alerts:
            _alerts(Path(folder) / "alerts", options.alerts)
        if options.closing:
            _closing(Path(folder) / "closing", options.closing)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--events", type=int, default=500_000, help="events of the feed before any is doubled"
    )
    parser.add_argument("--runs", type=int, default=3, help="how often the stream is run")
    parser.add_argument(
        "--drain", action="store_true", help="also `run --drain`, which writes a row of history per day"
    )
    parser.add_argument(
        "--alerts", type=int, metavar="EVENTS", help="also the delay of alerts, while so many events arrive"
    )
    parser.add_argument(
        "--closing", type=int, metavar="PROJECTS", help="also one closing tick for so many projects"
    )
    return parser.parse_args()


def _plain_loop(home: Path, feed: Feed, records: int) -> float:
    """Events per second of a loop that does the bare work on the same log."""
    out = home / "sums.json"
    command = [sys.executable, "-m", "benchmarks.plain_loop", str(home / "log.db"), str(out)]
    cost = run_processes([command], environment_of(home))
    wrong = sum(feed.sums().get(project) != total for project, total in json.loads(out.read_bytes()).items())
    _print("plain loop, json, no store", records, cost, wrong, steady=None, plain=records / cost.wall_s)
    return records / cost.wall_s


def _stream(home: Path, feed: Feed, records: int, plain: float) -> None:
    sums = feed.sums()
    watch = Watch(home, lambda reader: all_stored(reader, sums, records))
    cost = run_stream(home, watch)
    with file_reader(home) as reader:
        wrong = wrong_answers(reader, feed, records)
    _print(
        "worker + store, to committed rows", records, cost, wrong, steady=watch.steady(records), plain=plain
    )


def _drain(home: Path, feed: Feed, records: int, plain: float) -> None:
    cost = run_processes([[MILEPOST, "run", "--drain"]], environment_of(home))
    with file_reader(home) as reader:
        wrong = wrong_answers(reader, feed, records)
        history = reader.query("SELECT count(*) FROM kpi_snapshots").rows[0][0]
    _print(f"run --drain, {history} rows of history", records, cost, wrong, steady=None, plain=plain)


def _alerts(home: Path, events: int) -> None:
    median_ms, p99_ms, max_ms = alert_delays_ms(home, events)
    print(
        f"alert after its event, ms: median {median_ms:.0f}, p99 {p99_ms:.0f}, most {max_ms:.0f}", flush=True
    )


def _closing(home: Path, projects: int) -> None:
    closed, cost = close_a_day(home, projects)
    spent = " + ".join(f"{cpu_s:.1f}" for cpu_s in cost.cpu_s)
    print(
        f"one day closed for {projects} projects: {closed.rows} rows committed in {closed.seconds:.1f} s "
        f"(CPU s of the whole run, store + worker: {spent})",
        flush=True,
    )


def _print(name: str, records: int, cost: Cost, wrong: int, *, steady: float | None, plain: float) -> None:
    print(Row(name, records, cost.wall_s, cost.cpu_s, cost.peak_mb, wrong, steady, plain=plain), flush=True)


if __name__ == "__main__":
    main()
