"""The other tools: how each is started, and what a run of it came to."""

import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kafka.answers import Answers
from benchmarks.kafka.environments import PEERS, java_classes, python_of, versions_in
from benchmarks.kafka.feeding import Cluster, Published
from benchmarks.measure import run_quietly
from benchmarks.table import Row

__all__ = ["ALL", "Peer", "run_peer"]

JVM = (
    "-Xmx1g",
    "-XX:+UseParallelGC",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    # Flink's serializers look into these.
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
)


@dataclass(frozen=True)
class Peer:
    """A tool in an environment of its own; `pinned` are the parts that a reader wants to know the versions of."""

    name: str
    folder: str
    pinned: Sequence[str]
    words: Sequence[str] = ()
    slow: bool = False
    """Gets a shorter feed."""

    def command(self) -> list[str]:
        """A script in a virtual environment; the job follows."""
        return [str(python_of(self.folder)), str(PEERS / self.folder / "main.py")]

    def versions(self) -> str:
        """What does the work."""
        return versions_in(self.folder, self.pinned)


@dataclass(frozen=True)
class JavaPeer(Peer):
    """The same on a folder of jars."""

    def command(self) -> list[str]:
        """A class; the job follows."""
        return ["java", *JVM, "-cp", java_classes(self.folder), "Main"]


_FAUST = ("faust-streaming", "aiokafka", "msgspec")
ALL: Mapping[str, Peer] = {
    "plain": Peer("plain loop", "plain", ("confluent-kafka", "msgspec")),
    "bytewax": Peer("Bytewax", "bytewax", ("bytewax", "confluent-kafka", "msgspec")),
    "quix": Peer("Quix Streams", "quix", ("quixstreams", "confluent-kafka", "msgspec")),
    "kafka-streams": JavaPeer("Kafka Streams", "kafka_streams", ("kafka-streams", "jackson-databind")),
    "flink": JavaPeer(
        "Flink", "flink", ("flink-streaming-java", "flink-connector-kafka", "jackson-databind")
    ),
    "faust": Peer("stock Faust, dicts", "faust", _FAUST, slow=True),
    "faust-tables": Peer("stock Faust, tables", "faust", _FAUST, ("tables",), slow=True),
}


def run_peer(peer: Peer, cluster: Cluster, feed: Published) -> Row:
    """Run one from the start of its process until its last answer stands on its output topic."""
    group = f"peer-{peer.folder}-{time.time_ns() // 1_000_000}"
    cluster.make(output := f"{group}-kpis")
    answers = Answers(cluster, output, feed.source.sums)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measured(peer, _job(Path(folder), cluster, feed, group, output), feed, answers)
    finally:
        cluster.drop(group)


def _measured(peer: Peer, job: Path, feed: Published, answers: Answers) -> Row:
    command = [*peer.command(), str(job), *peer.words]
    began = time.time()
    cost = run_quietly([command], _environment(), job.with_name("errors.txt"))
    answers.read_on()
    word = json.loads((job.parent / "word.json").read_bytes())
    miscounted = (word["taken"] != feed.records) + (word["damaged"] != feed.source.feed.damaged_count)
    return Row(
        f"{peer.name} ({feed.records:,})" if peer.slow else peer.name,
        feed.records,
        answers.ended_at - began,
        cost.cpu_s,
        cost.peak_mb,
        answers.wrong + miscounted,
        steady=feed.records / (answers.ended_at - word["first_at"]),
        kpis=answers.records,
    )


def _job(folder: Path, cluster: Cluster, feed: Published, group: str, output: str) -> Path:
    file = folder / "job.json"
    job = {
        "bootstrap": cluster.bootstrap,
        "topic": feed.topic,
        "output": output,
        "ends": feed.ends,
        "answers": str(folder / "word.json"),
        "group": group,
        "folder": str(folder),
    }
    file.write_text(json.dumps(job))
    return file


def _environment() -> dict[str, str]:
    """Ours without what belongs to our own interpreter; what the Python peers share can be imported."""
    mine = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    return mine | {"PYTHONPATH": str(PEERS / "shared")}
