"""The feed on the broker: one topic, made as Milepost makes it, that every competitor reads from its start to its end."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from confluent_kafka import Consumer, Producer, TopicPartition
from kafka import KafkaAdminClient

from benchmarks.bench_log import key_of
from benchmarks.feed import Feed

__all__ = ["Cluster", "Published", "Source"]

_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_BY_BROKER = {"message.timestamp.type": "LogAppendTime"}
SECONDS_MAX = 120.0


@dataclass
class Source:
    """A feed that was drawn: its records, and what must come out of them."""

    feed: Feed
    lines: Sequence[bytes] = field(init=False)
    sums: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = list(self.feed.lines())
        self.sums = self.feed.sums()


@dataclass(frozen=True)
class Published:
    """Where the records of a feed stand."""

    source: Source
    topic: str
    ends: tuple[int, ...]

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(self.ends)


@dataclass(frozen=True)
class Cluster:
    """One broker and the number of partitions that all topics have."""

    bootstrap: str
    partitions: int

    def make(self, *topics: str) -> None:
        """Topics whose records carry the time at which the broker took them."""
        how = {
            "num_partitions": self.partitions,
            "replication_factor": 1,
            "configs": {**_FOR_EVER, **_BY_BROKER},
        }
        with closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)) as admin:
            admin.create_topics(dict.fromkeys(topics, how))

    def drop(self, prefix: str) -> None:
        """Delete the topics whose names begin so."""
        with closing(KafkaAdminClient(bootstrap_servers=self.bootstrap)) as admin:
            admin.delete_topics([name for name in admin.list_topics() if name.startswith(prefix)])

    def publish(self, source: Source, topic: str) -> Published:
        """Make the topic and put every record on the partition where Kafka's own clients would put it."""
        self.make(topic)
        producer = Producer(
            {
                "bootstrap.servers": self.bootstrap,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": 50,
                "batch.size": 500_000,
                "log_level": 3,
                "queue.buffering.max.messages": 10_000_000,
            }
        )
        for line in source.lines:
            producer.produce(topic, line, key_of(line))
        producer.poll(0)
        assert producer.flush(SECONDS_MAX) == 0, "the broker did not take the feed in time"
        published = Published(source, topic, self.ends(topic))
        assert published.records == len(source.lines), f"{topic} holds other records than those published"
        return published

    def ends(self, topic: str) -> tuple[int, ...]:
        """End offset of each partition."""
        consumer = self.consumer("none")
        with closing(consumer):
            return tuple(
                consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=SECONDS_MAX)[1]
                for number in range(self.partitions)
            )

    def committed(self, group: str, topic: str) -> int:
        """How many records a group says it has done."""
        consumer = self.consumer(group)
        with closing(consumer):
            asked = [TopicPartition(topic, number) for number in range(self.partitions)]
            return sum(max(0, each.offset) for each in consumer.committed(asked, timeout=SECONDS_MAX))

    def consumer(self, group: str) -> Consumer:
        """A reader that never commits."""
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": group,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
