"""What a partition knew of one project at a moment, exact to the record: its journal folded anew, publishing nothing.

A record counts if it was recorded by the moment or lies before a cut that was known by then; without a moment all count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple

from schemas.acceptance import accept_structured, epoch_us
from schemas.events import TICK_TYPE, Event
from schemas.rejections import Rejected
from streams.core.constants import Constants
from streams.core.history import mark_rows
from streams.core.partition import LogRecord
from streams.core.project import Project
from streams.core.statements import Key, Statement, statement_of
from streams.core.status_date import status_date

__all__ = ["Known", "Said", "fold_known", "read_records"]


class Said(NamedTuple):
    """An accepted record: a statement about the project, or what a tick says, known at an instant."""

    offset: int
    recorded_at_us: int
    statement: Statement | None
    closes: int | None = None
    known_at_us: int | None = None

    def is_known(self, moment_us: int) -> bool:
        """Whether the record itself was there by a moment."""
        known_at_us = self.known_at_us
        return self.recorded_at_us <= moment_us or (known_at_us is not None and known_at_us <= moment_us)


@dataclass
class Known:
    """A project as known at a moment, with all that was stated of it."""

    project: Project
    closed_through: int | None = None
    stated: dict[Key, dict[tuple[Any, bytes], Statement]] = field(default_factory=dict)

    @property
    def status_day(self) -> int | None:
        """Status date; None before anything was stated or closed."""
        return status_date(self.project, self.closed_through) if self.stated else None

    def row_day(self, until: int) -> int | None:
        """The newest day until a day that has rows: one that was stated or, at its cut, closed."""
        stated = self.project.days.newest(until)
        marked = [day for day in self.project.row_days if day <= until]
        return max(*marked, stated) if marked and stated is not None else max(marked, default=stated)

    def losers(self, key: Key) -> list[Statement]:
        """Statements and retractions of a key that do not stand, the strongest first."""
        standing = self.project.slots[key]
        lost = [each for each in self.stated[key].values() if each is not standing]
        return sorted(lost, key=lambda each: (each.order, each.digest), reverse=True)


def read_records(records: Iterable[LogRecord], zone: tzinfo) -> list[Said]:
    """Statements and ticks among the records of a partition, in its order; what is refused says nothing."""
    said: list[Said] = []
    known_at_us: int | None = None
    for record, event, stated_at_us in _accepted(records, zone):
        place = (record.offset, record.recorded_at_us)
        if event["type"] == TICK_TYPE:
            at_us, closes = epoch_us(event["data"]["at"]), event["data"].get("closes")
            known_at_us = at_us if known_at_us is None else max(at_us, known_at_us + 1)
            said.append(Said(*place, None, None if closes is None else closes.toordinal(), known_at_us))
        else:
            statement = statement_of(event, record.value or b"", record.offset, stated_at_us)
            said.append(Said(*place, statement))
    return said


def _accepted(records: Iterable[LogRecord], zone: tzinfo) -> Iterator[tuple[LogRecord, Event, int]]:
    for record in records:
        try:
            yield record, *accept_structured(record.value or b"", record.recorded_at_us, zone)
        except Rejected:
            continue


def fold_known(
    said: Iterable[Said], project_id: str, zone: tzinfo, constants: Constants, moment_us: int | None = None
) -> Known:
    """Fold what counts at a moment."""
    known = Known(Project(project_id, zone))
    for each in _counting(list(said), moment_us):
        if each.statement is not None:
            _take(known, each.statement)
        else:
            _cut(known, each.closes, constants)
    known.project.settle()
    return known


def _counting(said: list[Said], moment_us: int | None) -> list[Said]:
    if moment_us is None:
        return said
    cuts = [each.offset for each in said if each.known_at_us is not None and each.known_at_us <= moment_us]
    last_cut = max(cuts, default=-1)
    return [each for each in said if each.offset < last_cut or each.is_known(moment_us)]


def _take(known: Known, statement: Statement) -> None:
    known.stated.setdefault(statement.key, {})[statement.order, statement.digest] = statement
    known.project.take(statement)


def _cut(known: Known, closes: int | None, constants: Constants) -> None:
    known.project.settle()
    if closes is not None and (known.closed_through is None or closes > known.closed_through):
        known.closed_through = closes
    if known.stated:
        mark_rows(known.project, closes, constants)
        known.project.forget_undo()
