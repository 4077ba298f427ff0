"""Which KPI records count, and what they change. Pure: knows neither Arrow nor DuckDB.

The topic may hold a record twice, or one of a worker that was overtaken. A cut counts if its position is above the
newest of its partition; a record moves kpi_latest if its offset is not below that of its project's newest record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple, Protocol

__all__ = ["NO_CUT", "Change", "Chosen", "Cut", "Standing", "choose"]

Cut = tuple[int, int]
"""Offset and seq of a cut."""

NO_CUT: Final[Cut] = (-1, -1)


class Standing(NamedTuple):
    """What the store knows of a project's newest KPI record, and the day of its last cut."""

    newest_offset: int
    live: bool
    cut_as_of: date | None


class KpiHeads(Protocol):
    """What decides whether records count, in order of arrival."""

    @property
    def partition(self) -> list[int]:
        """Partition of each record."""

    @property
    def offset(self) -> list[int]:
        """Offset of its cause."""

    @property
    def seq(self) -> list[int]:
        """Its number within the cut."""

    @property
    def project_id(self) -> list[str]:
        """Whose it is."""

    @property
    def cut(self) -> list[bool]:
        """Whether it belongs to a cut; else it is live."""

    @property
    def as_of(self) -> list[date | None]:
        """Status date."""


@dataclass(slots=True)
class Change:
    """What records do to a project, by their numbers: the last cuts of one day, and the live one after them.

    Only cuts of one day can share rows. `follows`: they may share rows with the last cut of before, too.
    """

    newest_offset: int = -1
    cuts: list[int] = field(default_factory=list)
    follows: bool = False
    live: int | None = None


@dataclass(slots=True)
class Chosen:
    """Cuts that append history, changes by project, and the newest cut of each partition."""

    history: list[int] = field(default_factory=list)
    changes: dict[str, Change] = field(default_factory=dict)
    cuts: dict[int, Cut] = field(default_factory=dict)


def choose(heads: KpiHeads, cuts: Mapping[int, Cut], standings: Mapping[str, Standing]) -> Chosen:
    """Choose among records that arrived when the store stood at `cuts` and `standings`."""
    chosen = Chosen()
    for number, (partition, offset) in enumerate(zip(heads.partition, heads.offset, strict=True)):
        if heads.cut[number]:
            cut = (offset, heads.seq[number])
            if cut <= chosen.cuts.get(partition, cuts.get(partition, NO_CUT)):
                continue
            chosen.cuts[partition] = cut
            chosen.history.append(number)
        _move(heads, number, chosen.changes, standings.get(heads.project_id[number]))
    return chosen


def _move(heads: KpiHeads, number: int, changes: dict[str, Change], standing: Standing | None) -> None:
    project_id, offset = heads.project_id[number], heads.offset[number]
    change = changes.get(project_id)
    newest = change.newest_offset if change else standing.newest_offset if standing else -1
    if offset < newest:
        return
    if change is None:
        change = changes[project_id] = Change()
    change.newest_offset = offset
    if heads.cut[number]:
        _cut(heads, number, change, standing)
    else:
        change.live = number


def _cut(heads: KpiHeads, number: int, change: Change, standing: Standing | None) -> None:
    day = heads.as_of[number]
    if not change.cuts:
        change.follows = standing is not None and day == standing.cut_as_of
        change.cuts = [number]
    elif day == heads.as_of[change.cuts[-1]]:
        change.cuts.append(number)
    else:
        change.follows, change.cuts = False, [number]
    change.live = None
