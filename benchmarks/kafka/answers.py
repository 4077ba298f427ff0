"""The answers on an output topic: the last KPI of each project, and when the last of them was right for good."""

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from confluent_kafka import TopicPartition

from benchmarks.kafka.feeding import Cluster

__all__ = ["Answers"]

PAGE_RECORDS = 10_000
SECONDS_MAX = 30.0


class Answers:
    """Follows an output topic. Records with a time of the broker say when an answer came, whoever looks when."""

    def __init__(self, cluster: Cluster, topic: str, wanted: Mapping[str, float]) -> None:
        self._cluster = cluster
        self._topic = topic
        self._wanted = wanted
        self._read = [0] * cluster.partitions
        self._right_at: dict[str, float] = {}
        self._last_at = 0.0
        self.records = 0

    @property
    def wrong(self) -> int:
        """Projects whose last KPI is missing or not what it must be."""
        return len(self._wanted) - len(self._right_at)

    @property
    def ended_at(self) -> float:
        """When the last answer became right; with wrong ones, when the last record came. Seconds since the epoch."""
        return max(self._right_at.values(), default=0.0) if not self.wrong else self._last_at

    def read_on(self) -> None:
        """Take what came since the last call."""
        ends = self._cluster.ends(self._topic)
        waiting = sum(ends) - sum(self._read)
        if not waiting:
            return
        with closing(self._cluster.consumer("answers")) as consumer:
            consumer.assign(
                [
                    TopicPartition(self._topic, number, at)
                    for number, at in enumerate(self._read)
                    if at < ends[number]
                ]
            )
            while any(at < end for at, end in zip(self._read, ends, strict=True)):
                page = consumer.consume(PAGE_RECORDS, SECONDS_MAX)
                assert page, f"{self._topic} could not be read to its end"
                for message in page:
                    partition, offset, value = message.partition(), message.offset(), message.value()
                    assert partition is not None, message.error()
                    assert offset is not None, message.error()
                    self._read[partition] = offset + 1
                    self._take(json.loads(value or b"{}"), message.timestamp()[1] / 1000)

    def _take(self, kpi: dict[str, Any], at: float) -> None:
        self.records += 1
        self._last_at = max(self._last_at, at)
        for project, total in _sums_in(kpi):
            if self._wanted.get(project) == total:
                self._right_at.setdefault(project, at)
            else:
                self._right_at.pop(project, None)


def _sums_in(kpi: dict[str, Any]) -> list[tuple[str, float]]:
    """Rolling sums in a record: a peer's flat one, or an evaluation of Milepost, whose value is the sum per day."""
    if "project" in kpi:
        return [(kpi["project"], kpi["output_rolling_7d"])]
    data = kpi["data"]
    return [
        (data["project_id"], float(value["numerator"]))
        for value in data["values"]
        if value["kpi"] == "output_rolling_7d" and value["scope"] == ""
    ]
