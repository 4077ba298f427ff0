"""Builds a store anew beside the old one, checks it and lets it take the old one's place. Appends nothing to the log.

The events come from the log, or from the old journal; what they mean comes from whoever calls, because the store knows
no KPI. Alerts and rejections are facts that were published: they are copied, never made again. Killed at any moment,
a rebuild leaves the old store where it was, and the same call begins again.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from eventlog.log import LogIdentity, Record
from schemas.errors import CheckFailed
from schemas.topics import Topics
from storage.errors import translated
from storage.positions import Ends
from storage.replacement import differing_rows, remove_store, replace_store
from storage.store import Batch, Store

__all__ = ["Folded", "OnProgress", "RebuildSource", "Rebuilt", "rebuild"]

OnProgress = Callable[[int, int], None]
"""Hears how many events were taken in, and of how many."""

SEQ_LAST: Final = 2**62
"""A cut that was folded here is complete, however its records were numbered when they were published."""

EVENTS_MAX: Final = 60_000
KPI_BYTES_MAX: Final = 32 << 20
"""A batch is written when either is reached."""


HISTORIES: Final = ("kpi_snapshots", "kpi_snapshots_original")


class RebuildSource(Protocol):
    """Where a rebuild takes its records from."""

    @property
    def identity(self) -> LogIdentity:
        """The log that they belong to."""

    @property
    def ends(self) -> Ends:
        """Where each partition of each topic ended when the rebuild began."""

    def events(self, partition: int) -> Iterator[list[Record]]:
        """Every record of a partition of the topic of events before its end, in pages."""

    def copy_facts(self, store: Store, updated_at_us: int) -> None:
        """Store the alerts and rejections that were published."""


class Folded(Protocol):
    """What folding one partition of events gives: KPI records as they stand on the topic."""

    def fold(self, records: list[Record]) -> list[bytes]:
        """Records of the cuts among these events."""

    def rest(self) -> list[bytes]:
        """Live records of what no cut follows."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild made. `differing`: rows of history that stand in one of both stores only, None without an old one."""

    events: int
    snapshots: int
    differing: int | None
    kept: Path | None


def rebuild(
    source: RebuildSource,
    topics: Topics,
    path: Path,
    open_fold: Callable[[int], Folded],
    *,
    now_us: Callable[[], int],
    on_progress: OnProgress,
) -> Rebuilt:
    """Build the store at `path` anew. The caller holds the locks of the worker and of the store.

    Raises CheckFailed if the new store does not hold what it should; the old one stays then.
    """
    new = path.with_name(path.name + ".new")
    with translated(new):
        remove_store(new)
    with Store.open(new, source.identity, topics) as store:
        filling = _Filling(store, source, topics, now_us, on_progress)
        filling.fill(open_fold)
        _check(store, filling)
        snapshots = _number(store, "SELECT count(*) FROM kpi_snapshots")
    with translated(path):
        differing = differing_rows(path, new, HISTORIES)
        kept = replace_store(path, new)
    return Rebuilt(filling.read.total(), snapshots, differing, kept)


@dataclass
class _Filling:
    """Reads everything once and writes it in batches."""

    store: Store
    source: RebuildSource
    topics: Topics
    now_us: Callable[[], int]
    on_progress: OnProgress
    read: Counter[int] = field(default_factory=Counter)
    """Events read by partition."""
    _batch: Batch = field(default_factory=Batch)
    _kpi_bytes: int = 0
    _kpi_offset: int = 0

    def fill(self, open_fold: Callable[[int], Folded]) -> None:
        for partition in range(self.source.identity.partitions):
            folded = open_fold(partition)
            for page in self.source.events(partition):
                self._batch.events += page
                self.read[partition] += len(page)
                self._add_kpis(partition, folded.fold(page))
                if len(self._batch.events) >= EVENTS_MAX or self._kpi_bytes >= KPI_BYTES_MAX:
                    self._write()
            self._add_kpis(partition, folded.rest())
        self._write()
        self.source.copy_facts(self.store, self.now_us())
        cuts = {
            (self.topics.kpis, partition): (offset, SEQ_LAST)
            for partition, (offset, _) in self.store.positions.cuts(self.topics.kpis).items()
        }
        self.store.take_as_read(self.source.ends, cuts, self.now_us())

    def _add_kpis(self, partition: int, values: list[bytes]) -> None:
        """Let KPI records look as if they had been read; their places in the topic are not known and not needed."""
        for value in values:
            self._batch.kpis.append(Record(self.topics.kpis, partition, self._kpi_offset, 0, None, value))
            self._kpi_offset += 1
            self._kpi_bytes += len(value)

    def _write(self) -> None:
        self.store.write(self._batch, self.now_us())
        self._batch, self._kpi_bytes = Batch(), 0
        whole = sum(end for (topic, _), end in self.source.ends.items() if topic == self.topics.events)
        self.on_progress(self.read.total(), whole)


_DOUBLED: Final = """
SELECT count(*) FROM (
    SELECT 1 FROM {table} GROUP BY project_id, kpi, scope, as_of, known_at HAVING count(*) > 1
)
"""


def _check(store: Store, filling: _Filling) -> None:
    """What was read stands in the journal, once, and no row of history stands twice."""
    kept = dict(
        store.connection.execute(
            'SELECT partition, count(DISTINCT "offset") FROM internal.journal GROUP BY partition'
        ).fetchall()
    )
    if kept != dict(filling.read):
        raise CheckFailed(
            f"the new store holds {kept} events by partition, but {dict(filling.read)} were read"
        )
    for table in HISTORIES:
        if doubled := _number(store, _DOUBLED.format(table=table)):
            raise CheckFailed(f"the new store holds {doubled} rows of {table} more than once")


def _number(store: Store, sql: str) -> int:
    row = store.connection.execute(sql).fetchone()
    return int(row[0]) if row else 0
