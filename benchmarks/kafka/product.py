"""Milepost itself, by the processes that its users start: on a topic of its own on the broker, and on its embedded log."""

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.answers import all_stored, wrong_answers
from benchmarks.bench_log import append_lines, open_bench_log
from benchmarks.kafka.answers import Answers
from benchmarks.kafka.feeding import Cluster, Published, Source
from benchmarks.measure import run_quietly
from benchmarks.stream import MILEPOST, Watch, environment_of, file_reader
from benchmarks.table import Row
from schemas.topics import Topics

__all__ = ["ALL", "run_product"]

STREAM = ((MILEPOST, "store"), (MILEPOST, "worker"))

PATIENCE_SECONDS = 30.0
"""When nothing more has come for so long after everything was folded, the answers are judged as they are."""


def _worker(cluster: Cluster, source: Source, home: Path) -> Row:
    """One worker, from the start of its process until its last KPI stands on the topic."""
    topics, feed = _published(cluster, source)
    answers = Answers(cluster, topics.kpis, source.sums)
    first: list[tuple[float, int]] = []

    def done() -> bool:
        folded = cluster.committed(topics.worker_group, topics.events)
        if folded and not first:
            first.append((time.time(), folded))
        if folded < feed.records:
            return False
        answers.read_on()
        return answers.wrong == 0 or time.time() > max(answers.ended_at, first[0][0]) + PATIENCE_SECONDS

    began = time.time()
    cost = run_quietly([[MILEPOST, "worker"]], _environment(cluster, topics, home), _errors(home), done)
    answers.read_on()
    rejected = sum(cluster.ends(topics.rejected))
    cluster.drop(topics.prefix)
    return Row(
        "Milepost worker, to KPIs on the topic",
        feed.records,
        answers.ended_at - began,
        cost.cpu_s,
        cost.peak_mb,
        answers.wrong + (rejected != source.feed.damaged_count),
        steady=_steady(feed.records, first[0], answers.ended_at),
        kpis=answers.records,
    )


def _steady(records: int, first: tuple[float, int], ended_at: float) -> float:
    at, folded = first
    return (records - folded) / (ended_at - at) if folded < records else float("nan")


def _stored(cluster: Cluster, source: Source, home: Path) -> Row:
    """Worker and store, until every answer, the journal and the rejections stand in committed rows."""
    topics, feed = _published(cluster, source)
    watch = Watch(
        home,
        lambda reader: all_stored(reader, source.sums, feed.records),
        lambda: cluster.committed(topics.worker_group, topics.events),
    )
    cost = run_quietly(STREAM, _environment(cluster, topics, home), _errors(home), watch)
    with file_reader(home) as reader:
        wrong = wrong_answers(reader, source.feed, feed.records)
    cluster.drop(topics.prefix)
    name = "Milepost store + worker, to rows"
    return Row(
        name, feed.records, cost.wall_s, cost.cpu_s, cost.peak_mb, wrong, steady=watch.steady(feed.records)
    )


def _embedded(_: Cluster, source: Source, home: Path) -> Row:
    """The same without a broker."""
    with closing(open_bench_log(home)) as log:
        records = append_lines(log, source.lines)
    watch = Watch(home, lambda reader: all_stored(reader, source.sums, records))
    cost = run_quietly(STREAM, environment_of(home), _errors(home), watch)
    with file_reader(home) as reader:
        wrong = wrong_answers(reader, source.feed, records)
    name = "Milepost embedded, store + worker"
    return Row(name, records, cost.wall_s, cost.cpu_s, cost.peak_mb, wrong, steady=watch.steady(records))


ALL: Mapping[str, Callable[[Cluster, Source, Path], Row]] = {
    "milepost": _worker,
    "milepost-store": _stored,
    "milepost-embedded": _embedded,
}


def run_product(name: str, cluster: Cluster, source: Source) -> Row:
    """One run with an empty home."""
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        return ALL[name](cluster, source, home)


def _errors(home: Path) -> Path:
    return home.with_name("errors.txt")


def _published(cluster: Cluster, source: Source) -> tuple[Topics, Published]:
    """The feed under a prefix that nobody used; the worker makes the other topics."""
    topics = Topics(f"run{time.time_ns() // 1_000_000}")
    return topics, cluster.publish(source, topics.events)


def _environment(cluster: Cluster, topics: Topics, home: Path) -> dict[str, str]:
    return environment_of(home) | {
        "MILEPOST_LOG": f"kafka://{cluster.bootstrap}",
        "MILEPOST_TOPIC_PREFIX": topics.prefix,
        "MILEPOST_PARTITIONS": str(cluster.partitions),
    }
