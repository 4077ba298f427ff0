"""Folds events anew for a rebuild: the same pure core as the worker's, publishing nothing and resuming nowhere."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from eventlog.log import LogIdentity, Record
from eventlog.partitioning import partition_of
from schemas.codec import to_json
from streams.core.constants import Constants
from streams.core.partition import Output, Partition
from streams.core.rules import RuleSet

__all__ = ["Refold", "refolding"]


@dataclass(frozen=True, slots=True)
class Refold:
    """One partition, folded from its start."""

    partition: Partition

    def fold(self, records: Iterable[Record]) -> list[bytes]:
        """KPI records of the cuts among these events. What else they cause was published long ago."""
        return _kpis(self.partition.fold(records))

    def rest(self) -> list[bytes]:
        """Live KPI records of the projects that no cut follows."""
        return _kpis(self.partition.evaluate_live())


def refolding(identity: LogIdentity) -> Callable[[int], Refold]:
    """Opens partitions of this log. Without rules: alerts are facts, which a rebuild does not make again."""
    place = partial(partition_of, partitions=identity.partitions)

    def open_partition(number: int) -> Refold:
        return Refold(
            Partition(
                number,
                place=place,
                zone=ZoneInfo(identity.timezone),
                constants=Constants.of(identity.constants),
                rules=RuleSet(()),
            )
        )

    return open_partition


def _kpis(output: Output) -> list[bytes]:
    return [to_json(record) for record in output.kpis]
