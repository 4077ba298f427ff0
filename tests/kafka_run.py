"""The parts of the product as processes on a broker, for tests that disturb them: started, killed, frozen, watched.

Progress is read from outside: what the group of the workers has committed, and what the stores say by live SQL.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

from confluent_kafka import KafkaError, Message, Producer

from eventlog.kafka import KafkaLog
from eventlog.kafka_topics import IDENTITY_KEY
from eventlog.log import Entry, Record
from eventlog.scan import records_between
from schemas.errors import ServiceUnavailable
from schemas.settings import ENGINE_CONSTANTS, Settings
from schemas.topics import Topics
from storage.reader import open_reader
from tests.builders import ZONE
from tests.cli import ROOT, product_environment
from tests.fault_feed import PARTITIONS, TIMES, Exports, exports
from tests.waiting import until

__all__ = ["KafkaRun", "Process", "kafka_run", "passes"]

SETTLE_SECONDS_MAX: Final = 240 * TIMES
MESSAGE_BYTES_MAX: Final = 4 << 20
QUEUE_MAX: Final = 50_000
STOP_SECONDS_MAX: Final = 25
"""A part stops within 20 s, with a broker and without."""
_PROGRESS: Final = "SELECT topic, partition, next_offset FROM ingest_progress"


def passes(seconds: float) -> None:
    """Let time pass for others: how long somebody is away is the fault that is tried."""
    began = monotonic()
    until(lambda: monotonic() - began >= seconds, seconds + 5)


class Process:
    """One `milepost …`; what it says on standard error and output stands in `heard`."""

    def __init__(
        self, words: Sequence[str], home: Path, environment: Mapping[str, str], log_file: Path
    ) -> None:
        self.words, self.home, self._environment, self._log_file = words, home, environment, log_file
        self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log_file.open("ab") as out:
            self._born_at = out.tell()
            return subprocess.Popen(
                [sys.executable, "-m", "milepost", *self.words], cwd=self._log_file.parent,
                env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip

    @property
    def heard(self) -> str:
        """All that this part has said in all its lives."""
        return self._log_file.read_text(encoding="utf-8")

    @property
    def heard_in_this_life(self) -> str:
        """What it has said since it was started last."""
        return self._log_file.read_bytes()[self._born_at :].decode()

    @property
    def pid(self) -> int:
        """Its process id in this life."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def restart(self) -> None:
        """Start it anew when it has ended."""
        assert self.returncode is not None
        self._process = self._started()

    def freeze(self) -> None:
        """Let it stand still."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> int:
        """End it in good order, within the promised time."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.words} does not stop:\n{self.heard[-4000:]}") from None

    def wait(self, seconds_max: float) -> int:
        """Its exit status when it ends by itself."""
        return self._process.wait(seconds_max)

    def close(self) -> None:
        """End it if it runs."""
        if self.returncode is None:
            self.thaw()
            self.kill()


@dataclass
class KafkaRun:
    """One log on a broker, under a prefix of its own, with the parts that a test starts on it."""

    url: str
    topics: Topics
    folder: Path
    _log: KafkaLog
    _running: ExitStack
    _names: list[str] = field(default_factory=list)

    # -- records -----------------------------------------------------------------------------------------------

    def publish(self, found: Sequence[Entry]) -> None:
        """Publish as a foreign client does; each record is on the broker when this returns, in order."""
        self._produce(self.topics.events, found)

    def events(self) -> list[Record]:
        """All records of events, partition by partition."""
        ends = self.ends(self.topics.events).items()
        return [record for place, end in ends for record in records_between(self._log, *place, 0, end)]

    def newest_events(self) -> list[Record | None]:
        """The last record of each partition of events."""
        return [self._log.last(self.topics.events, number) for number in range(PARTITIONS)]

    def damage_saved_states(self) -> list[int]:
        """Change a byte of the last record of each partition's saved state; answers in which there was one."""
        damage = []
        for number in range(PARTITIONS):
            end = self._log.end_offset(self.topics.state, number)
            saved = [
                record
                for record in records_between(self._log, self.topics.state, number, 0, end)
                if record.key != IDENTITY_KEY and record.value
            ]
            if saved:
                value = bytearray(saved[-1].value or b"")
                value[-1] ^= 1
                damage.append(Entry(self.topics.state, saved[-1].key, bytes(value), number))
        self._produce(self.topics.state, damage)
        return [entry.partition for entry in damage if entry.partition is not None]

    def _produce(self, topic: str, found: Sequence[Entry]) -> None:
        refused: list[KafkaError] = []

        def told(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                refused.append(error)

        producer = Producer(
            {
                "bootstrap.servers": self.url.removeprefix("kafka://"),
                "enable.idempotence": True,
                "linger.ms": 5,
                "message.max.bytes": MESSAGE_BYTES_MAX,
            }
        )
        for entry in found:
            assert entry.partition is not None
            if len(producer) >= QUEUE_MAX:
                producer.flush(SETTLE_SECONDS_MAX)
            producer.produce(
                topic, entry.value, entry.key, entry.partition, told, headers=list(entry.headers)
            )
            producer.poll(0)
        assert producer.flush(SETTLE_SECONDS_MAX) == 0
        assert not refused, refused[0]

    def ends(self, *names: str) -> dict[tuple[str, int], int]:
        """Where the partitions of these topics end."""
        places = [(name, number) for name in names for number in range(PARTITIONS)]
        return {place: self._log.end_offset(*place) for place in places}

    # -- processes ---------------------------------------------------------------------------------------------

    def environment(self, home: Path) -> dict[str, str]:
        """The settings of a part."""
        return product_environment(
            MILEPOST_LOG=self.url,
            MILEPOST_TOPIC_PREFIX=self.topics.prefix,
            MILEPOST_PARTITIONS=str(PARTITIONS),
            MILEPOST_HOME=str(home),
            MILEPOST_SQL_LISTEN="localhost:0",
            PYTHONPATH=str(ROOT),
        )

    def start(self, *words: str, home: str = "home") -> Process:
        """Start a part; whatever happens, it ends with the test."""
        name = f"{words[0]}-{len(self._names)}"
        self._names.append(name)
        place = self.folder / home
        process = Process(words, place, self.environment(place), self.folder / f"{name}.log")
        return self._running.enter_context(closing(process))

    # -- progress ----------------------------------------------------------------------------------------------

    def folded(self) -> int:
        """How many records of events the workers have told to be done; -1: the broker does not say."""
        try:
            return sum(self._log.committed(self.topics.worker_group).values())
        except ServiceUnavailable:
            return -1

    def has_folded(self) -> bool:
        """Whether the workers have come to the end of the events."""
        try:
            done = self._log.committed(self.topics.worker_group)
            return all(done.get(place, 0) >= end for place, end in self.ends(self.topics.events).items())
        except ServiceUnavailable:
            return False

    def shares(self) -> list[int]:
        """How many partitions each worker of the group has been given; nothing while the broker does not say."""
        with suppress(ServiceUnavailable):
            return sorted(len(member.places) for member in self._log.members(self.topics.worker_group))
        return []

    def stored(self, home: Path) -> dict[tuple[str, int], int]:
        """How far a store has come; nothing while it does not answer."""
        with suppress(ServiceUnavailable), open_reader(Settings.model_validate({"home": home})) as reader:
            return {
                (topic, number): next_offset for topic, number, next_offset in reader.query(_PROGRESS).rows
            }
        return {}

    def has_stored(self, home: Path) -> bool:
        """Whether a store has come to the end of all topics."""
        done = self.stored(home)
        with suppress(ServiceUnavailable):
            return bool(done) and all(
                done.get(at, 0) >= end for at, end in self.ends(*self.topics.all).items()
            )
        return False

    def settle(self, *stores: Process, seconds_max: float = SETTLE_SECONDS_MAX) -> None:
        """Wait until everything is folded and stored."""
        until(lambda: self.has_folded() and all(self.has_stored(store.home) for store in stores), seconds_max)

    def exports_of(self, store: Process, *others: Process) -> Exports:
        """Wait until all is folded and stored, stop the parts, and answer what the store holds."""
        self.settle(store)
        for process in (*others, store):
            assert process.stop() == 0, process.heard[-4000:]
        return exports(store.home)


@contextmanager
def kafka_run(url: str, prefix: str, folder: Path) -> Iterator[KafkaRun]:
    """A new log on a broker."""
    topics = Topics(prefix)
    log = KafkaLog.open(
        url, timezone=ZONE.key, partitions=PARTITIONS, topics=topics, log_id=lambda: prefix,
        constants=ENGINE_CONSTANTS,
    )  # fmt: skip
    with closing(log), ExitStack() as running:
        yield KafkaRun(url, topics, folder, log, running)
