"""The topics of a Kafka log: makes those that are missing, refuses those that do not fit, keeps the log's identity.

The identity is a record of the compacted topic `state`. Whoever makes that topic writes it; the others wait for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError
from pydantic_core import from_json

from eventlog.identity import LOG_FORMAT, check_format
from eventlog.kafka_writing import MESSAGE_BYTES_MAX
from eventlog.log import LogIdentity, Record
from schemas.codec import to_json
from schemas.errors import ServiceUnavailable
from schemas.topics import Topics

__all__ = ["IDENTITY_KEY", "KafkaTopics", "identity_in", "identity_value", "parse_identity"]

IDENTITY_KEY: Final = b"identity"
_THIRTY_DAYS_MS: Final = str(30 * 24 * 60 * 60 * 1000)
_BY_BROKER: Final = "LogAppendTime"
_TIME: Final = "message.timestamp.type"
_CLEANUP: Final = "cleanup.policy"
_BROKER_DEFAULT: Final = -1
_PUBLIC: Final = {
    _CLEANUP: "delete",
    _TIME: _BY_BROKER,
    "max.message.bytes": str(MESSAGE_BYTES_MAX),
    "retention.bytes": "-1",
    "retention.ms": "-1",
}
# The store has all evaluations. The newest one of a project stays: a worker reads from it what is published.
_KPIS: Final = {**_PUBLIC, _CLEANUP: "compact", "min.compaction.lag.ms": _THIRTY_DAYS_MS}
_STATE: Final = {
    _CLEANUP: "compact",
    "max.compaction.lag.ms": "300000",
    "min.cleanable.dirty.ratio": "0.2",
    "segment.bytes": str(64 << 20),
    "max.message.bytes": str(MESSAGE_BYTES_MAX),
}


@dataclass(frozen=True)
class KafkaTopics:
    """The topics of one prefix at one cluster."""

    admin: KafkaAdminClient
    topics: Topics
    place: str

    def existing(self) -> dict[str, int]:
        """Number of partitions of each topic that there is."""
        found = self.admin.describe_topics([*self.topics.all, self.topics.state])
        return {each["name"]: len(each["partitions"]) for each in found if not each["error_code"]}

    def check(self, existing: Mapping[str, int], partitions: int, *, of_log: bool) -> None:
        """Refuse topics that have another number of partitions or are kept in another way."""
        for name, number in existing.items():
            if number != partitions:
                wanted = f"the log {partitions}" if of_log else f"MILEPOST_PARTITIONS says {partitions}"
                raise ServiceUnavailable(
                    f"the topic {name} at {self.place} has {number} partitions, {wanted}; use another "
                    f"MILEPOST_TOPIC_PREFIX, or {'delete that topic' if of_log else f'set MILEPOST_PARTITIONS={number}'}"
                )
        for name, setting, wanted in (
            (self.topics.events, _TIME, _BY_BROKER),
            (self.topics.state, _CLEANUP, "compact"),
        ):
            if name in existing and (found := self._setting(name, setting)) != wanted:
                raise ServiceUnavailable(
                    f"the topic {name} at {self.place} has {setting} {found}, Milepost needs {wanted}; set that with "
                    "kafka-configs, or use another MILEPOST_TOPIC_PREFIX"
                )

    def _setting(self, topic: str, name: str) -> str:
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic)]
        found = self.admin.describe_configs(asked, config_filter="all")
        return str(found["topic"][topic][name]["value"])

    def create_state(self, partitions: int) -> bool:
        """Whether this call made the topic: then the identity is ours to write."""
        return self._create(self.topics.state, partitions, _STATE)

    def create_public(self, existing: Mapping[str, int], partitions: int) -> None:
        """Make those of the public topics that are missing."""
        for name in self.topics.all:
            if name not in existing:
                self._create(name, partitions, _KPIS if name == self.topics.kpis else _PUBLIC)

    def _create(self, name: str, partitions: int, configs: Mapping[str, str]) -> bool:
        wanted: dict[str, Any] = {
            "num_partitions": partitions,
            "replication_factor": _BROKER_DEFAULT,
            "configs": dict(configs),
        }
        try:
            self.admin.create_topics({name: wanted}, wait_for_metadata=True)
        except TopicAlreadyExistsError:
            return False
        return True


def identity_value(identity: LogIdentity) -> bytes:
    """The record of an identity."""
    return to_json(
        {
            "format": LOG_FORMAT,
            "log_id": identity.log_id,
            "timezone": identity.timezone,
            "partitions": identity.partitions,
            "constants": dict(identity.constants),
        }
    )


def identity_in(read: Callable[[int], list[Record]]) -> Record | None:
    """The first record of an identity: compaction keeps it where it stands, near the beginning."""
    offset = 0
    while records := read(offset):
        for record in records:
            if record.key == IDENTITY_KEY:
                return record
        offset = records[-1].offset + 1
    return None


def parse_identity(place: str, record: Record) -> LogIdentity:
    """The identity that a record holds."""
    try:
        held = from_json(record.value or b"")
        check_format(place, held["format"])
        return LogIdentity(held["log_id"], held["timezone"], held["partitions"], held["constants"])
    except (ValueError, KeyError, TypeError) as error:
        raise ServiceUnavailable(
            f"the identity of the log at {place} ({record.topic}, offset {record.offset}) cannot be read; "
            "use another MILEPOST_TOPIC_PREFIX, or restore that topic"
        ) from error
