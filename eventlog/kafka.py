"""The log on Apache Kafka, behind the same port as the embedded one. Puts together connection, topics, reader and writer.

The brokers give offsets and append times. A record that was answered for stands in every replica in sync; what a
failure left unanswered may stand there too, and twice: duplicates are absorbed by their keys.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from time import monotonic
from typing import Any, Final, NoReturn, Self

from kafka import KafkaAdminClient
from kafka.structs import OffsetAndMetadata, TopicPartition

from eventlog.identity import check_settings
from eventlog.kafka_connection import PATIENCE_SECONDS, KafkaConnection
from eventlog.kafka_reading import KafkaReader, Place
from eventlog.kafka_topics import IDENTITY_KEY, KafkaTopics, identity_in, identity_value, parse_identity
from eventlog.kafka_writing import KafkaWriter
from eventlog.log import Entry, LogIdentity, Member, Record
from eventlog.partitioning import place_key
from eventlog.scan import records_between
from schemas.errors import ServiceUnavailable, SettingsError
from schemas.settings import KafkaOptions
from schemas.topics import Topics

__all__ = ["KafkaLog"]

_LOOK_SECONDS: Final = 0.1
_IDENTITY_RECORDS: Final = 100
_WIDER: Final = 16


class KafkaLog:
    """A log on Kafka. An object belongs to the thread that made it."""

    def __init__(self, connection: KafkaConnection, topics: Topics, identity: LogIdentity) -> None:
        """Use `open` or `open_existing`."""
        self.identity = identity
        self._connection = connection
        self._names = frozenset({*topics.all, topics.state})
        self._where = f"{connection.place} under {topics.prefix}"
        self._reader = KafkaReader(connection)
        self._writer = KafkaWriter(connection)
        self._open_parts = ExitStack()
        self._admin_client: KafkaAdminClient | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        timezone: str,
        partitions: int,
        topics: Topics,
        log_id: Callable[[], str],
        constants: Mapping[str, int],
        options: KafkaOptions | None = None,
    ) -> Self:
        """Open a log; where there is none under this prefix, create it with this identity. An existing one keeps its own."""
        connection = KafkaConnection.open(url, options or KafkaOptions())
        try:
            with connection.admin() as admin:
                made = KafkaTopics(admin, topics, connection.place)
                existing = connection.patiently(made.existing)
                is_log = topics.state in existing
                if not is_log:
                    connection.patiently(lambda: made.check(existing, partitions, of_log=False))
                created = not is_log and connection.patiently(lambda: made.create_state(partitions))
                new = LogIdentity(log_id(), timezone, partitions, constants)
                identity = _settled_identity(connection, topics, new, created=created)
                existing = connection.patiently(made.existing)
                connection.patiently(lambda: made.check(existing, identity.partitions, of_log=True))
                connection.patiently(lambda: made.create_public(existing, identity.partitions))
            return cls._on(connection, topics, identity)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def open_existing(cls, url: str, *, topics: Topics, options: KafkaOptions | None = None) -> Self:
        """Open a log that must exist."""
        connection = KafkaConnection.open(url, options or KafkaOptions())
        try:
            with connection.admin() as admin:
                made = KafkaTopics(admin, topics, connection.place)
                existing = connection.patiently(made.existing)
                identity = _identity(connection, topics) if topics.state in existing else None
                if identity is None or not existing.keys() >= set(topics.all):
                    _refuse_missing(url, topics)
                connection.patiently(lambda: made.check(existing, identity.partitions, of_log=True))
            return cls._on(connection, topics, identity)
        except BaseException:
            connection.close()
            raise

    @classmethod
    def _on(cls, connection: KafkaConnection, topics: Topics, identity: LogIdentity) -> Self:
        connection.watch([*topics.all, topics.state])
        return cls(connection, topics, identity)

    # -- the port ----------------------------------------------------------------------------------------------

    def check_identity(self, *, timezone: str | None = None, partitions: int | None = None) -> None:
        """Refuse settings that contradict what the log was created with."""
        check_settings(self.identity, self._where, timezone, partitions)

    def append(self, entries: Sequence[Entry]) -> list[tuple[int, int]]:
        """Append in order; each is durable when this answers. A failure may leave a part of them in the log."""
        placed = [(entry, self._partition(entry)) for entry in entries]
        places = self._writer.append(placed) if placed else []
        self._reader.forget_ends()
        return places

    def read(self, topic: str, partition: int, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on; fewer when they are big, none only at the end.

        The end may be that of 20 ms ago, so that whoever reads many partitions in turn asks once for all.
        """
        return self._reader.read(self._place(topic, partition), offset, limit)

    def end_offset(self, topic: str, partition: int) -> int:
        """Offset that the next record will have, or a later one: transactions of others take offsets too."""
        return self._reader.end(self._place(topic, partition))

    def last(self, topic: str, partition: int) -> Record | None:
        """Newest record of a partition."""
        end = self.end_offset(topic, partition)
        width = 1
        while end > 0:
            start = max(0, end - width)
            newest = None
            for newest in records_between(self, topic, partition, start, end):  # noqa: B007 - the last one is wanted
                pass
            if newest is not None:
                return newest
            end, width = start, width * _WIDER
        return None

    def partitions(self, topic: str) -> int:
        """Number of partitions of a topic."""
        self._check_topic(topic)
        return self.identity.partitions

    def commit(self, consumer: str, offsets: Mapping[tuple[str, int], int]) -> None:
        """Note which offset a consumer group takes next; it never goes back. A group with members notes by itself."""
        self._connection.patiently(lambda: self._commit(consumer, offsets))

    def _commit(self, group: str, offsets: Mapping[tuple[str, int], int]) -> None:
        known = self._committed(group)
        wanted = {
            TopicPartition(*self._place(*place)): OffsetAndMetadata(offset, "", -1)
            for place, offset in offsets.items()
            if offset > known.get(place, -1)
        }
        for problem in self._admin().alter_group_offsets(group, wanted).values():
            if problem.errno and problem.errno != _UNKNOWN_MEMBER:
                raise problem(group)

    def committed(self, consumer: str) -> dict[tuple[str, int], int]:
        """What was noted for a consumer group."""
        return self._connection.patiently(lambda: self._committed(consumer))

    def _committed(self, group: str) -> dict[tuple[str, int], int]:
        found = self._admin().list_group_offsets({group: None})[group]
        return {
            (place.topic, place.partition): noted.offset
            for place, noted in found.items()
            if noted.offset >= 0 and place.topic in self._names
        }

    def members(self, consumer: str) -> list[Member]:
        """Who is in a consumer group now. While the group shares its partitions anew they have none."""
        group = self._connection.patiently(lambda: self._admin().describe_groups([consumer])[consumer])
        return [
            Member(each["client_host"].lstrip("/"), tuple(_given(each["member_assignment"])))
            for each in group["members"]
        ]

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
        self._open_parts.close()
        self._connection.close()

    # -- inside ------------------------------------------------------------------------------------------------

    def _admin(self) -> KafkaAdminClient:
        if self._admin_client is None:
            self._admin_client = self._open_parts.enter_context(self._connection.admin())
        return self._admin_client

    def _check_topic(self, topic: str) -> None:
        if topic not in self._names:
            known = ", ".join(sorted(self._names))
            raise SettingsError(f"the log at {self._where} has no topic {topic}; it has {known}")

    def _place(self, topic: str, partition: int) -> Place:
        self._check_topic(topic)
        if not 0 <= partition < self.identity.partitions:
            raise SettingsError(
                f"{topic} at {self._where} has partitions 0 to {self.identity.partitions - 1}, not {partition}"
            )
        return topic, partition

    def _partition(self, entry: Entry) -> int:
        if entry.partition is not None:
            return self._place(entry.topic, entry.partition)[1]
        self._check_topic(entry.topic)
        return 0 if entry.key is None else place_key(entry.key, self.identity.partitions)


_UNKNOWN_MEMBER: Final = 25


def _given(assignment: Any) -> Iterator[Place]:
    """The partitions of a member; nothing yet while the group is being joined."""
    for each in assignment["assigned_partitions"] if assignment else ():
        yield from ((each["topic"], number) for number in each["partitions"])


def _refuse_missing(url: str, topics: Topics) -> NoReturn:
    raise ServiceUnavailable(
        f"there is no log at {url} under the prefix {topics.prefix}; publish something first, or check "
        "MILEPOST_TOPIC_PREFIX"
    )


def _settled_identity(
    connection: KafkaConnection, topics: Topics, new: LogIdentity, *, created: bool
) -> LogIdentity:
    """The identity of the log: ours if we made it, else that of whoever did; ours again if that one died in between."""
    deadline = monotonic() + (0 if created else PATIENCE_SECONDS)
    never = threading.Event()
    while (found := _identity(connection, topics)) is None:
        if monotonic() >= deadline:
            _write_identity(connection, topics, new)
        else:
            never.wait(_LOOK_SECONDS)
    return found


def _write_identity(connection: KafkaConnection, topics: Topics, identity: LogIdentity) -> None:
    """Write it. Two may do so at once: the first one counts, and stands last as well, since compaction keeps the last."""
    writer = KafkaWriter(connection)
    try:
        writer.append([(Entry(topics.state, IDENTITY_KEY, identity_value(identity)), 0)])
        first = _identity_record(connection, topics)
        if first is not None and first.value != identity_value(identity):
            writer.append([(Entry(topics.state, IDENTITY_KEY, first.value), 0)])
    finally:
        writer.close()


def _identity(connection: KafkaConnection, topics: Topics) -> LogIdentity | None:
    record = _identity_record(connection, topics)
    return None if record is None else parse_identity(connection.place, record)


def _identity_record(connection: KafkaConnection, topics: Topics) -> Record | None:
    connection.watch([topics.state])
    reader = KafkaReader(connection)
    return identity_in(lambda offset: reader.read((topics.state, 0), offset, _IDENTITY_RECORDS))
