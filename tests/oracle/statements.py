"""Statements of one log partition: which records are events, which statement of each natural key wins.

Semantics 2. Only the acceptance of single records is the product's (`schemas.acceptance`); everything that needs more
than one record is done here, by sorting.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from hashlib import sha256
from typing import Any, NamedTuple

from schemas.acceptance import accept
from schemas.codec import structured
from schemas.envelope import data_text
from schemas.rejections import Rejected

BASELINED = "milepost.project.baselined.v1"
STATUS = "milepost.project.status_reported.v1"
MILESTONE = "milepost.milestone.reported.v1"
WORK = "milepost.work.reported.v1"
VALUE = "milepost.value.reported.v1"
COST = "milepost.cost.reported.v1"
INVESTMENT = "milepost.investment.reported.v1"
PRODUCTION = "milepost.production.reported.v1"
SURVEY = "milepost.restart.surveyed.v1"
ASSIGNED = "milepost.task.assigned.v1"
TASK = "milepost.task.reported.v1"
TALLY = "milepost.tally.reported.v1"
READING = "milepost.reading.taken.v1"
RETRACTED = "milepost.statement.retracted.v1"
TICK = "milepost.clock.ticked.v1"

_KEYS: dict[str, tuple[str, ...]] = {
    BASELINED: ("baseline",),
    STATUS: ("as_of",),
    MILESTONE: ("milestone", "as_of"),
    WORK: ("item", "as_of"),
    VALUE: ("as_of",),
    COST: ("as_of",),
    INVESTMENT: ("year", "as_of"),
    PRODUCTION: ("line", "period_start", "period_end", "shift"),
    SURVEY: ("as_of",),
    ASSIGNED: ("task",),
    TASK: ("task", "as_of"),
    TALLY: ("district", "as_of"),
    READING: ("series", "at"),
}
_DAYS: dict[str, str | None] = {BASELINED: None, ASSIGNED: None, PRODUCTION: "period_end", READING: "at"}


class LogRecord(NamedTuple):
    """One record as the log holds it."""

    partition: int
    offset: int
    recorded_at_us: int
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Statement:
    """One accepted statement, or a retraction in the place of the statement that it names (`retraction` true)."""

    type: str
    project_id: str
    key: tuple[Any, ...]
    day: date | None
    revision: int
    time: datetime
    source: str
    id: str
    digest: bytes
    retraction: bool
    said_on: date
    data: dict[str, Any]

    @property
    def order(self) -> tuple[Any, ...]:
        """The greatest wins."""
        return (self.revision, self.time, self.source.encode(), self.id.encode(), self.digest)

    @property
    def identity(self) -> tuple[Any, ...]:
        """Equal for records that are copies of each other."""
        return (self.type, self.key, self.retraction, *self.order)

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Statement) and self.identity == other.identity


@dataclass(frozen=True)
class Tick:
    """One cut."""

    at: datetime
    closes: date | None


def read_record(record: LogRecord, zone: tzinfo) -> Statement | Tick | Rejected:
    """What a record says, or why it was refused."""
    try:
        event = accept(record.value, record.headers, record.recorded_at_us, zone)
    except Rejected as error:
        return error
    data = event["data"]
    if event["type"] == TICK:
        return Tick(data["at"], data.get("closes"))
    named = data["type"] if event["type"] == RETRACTED else event["type"]
    return Statement(
        type=named,
        project_id=event["subject"],
        key=tuple(data.get(field) for field in _KEYS[named]),
        day=_day(named, data, zone),
        revision=data.get("revision") or 0,
        time=event["time"],
        source=event["source"],
        id=event["id"],
        digest=sha256(data_text(structured(record.value, record.headers))).digest(),
        retraction=event["type"] == RETRACTED,
        said_on=event["time"].astimezone(zone).date(),
        data=data,
    )


def _day(type_name: str, data: dict[str, Any], zone: tzinfo) -> date | None:
    field = _DAYS.get(type_name, "as_of")
    if field is None:
        return None
    day = data[field]
    return day.astimezone(zone).date() if isinstance(day, datetime) else day


def contenders(statements: Iterable[Statement]) -> dict[tuple[Any, ...], list[Statement]]:
    """All statements and retractions of each natural key, the winner last."""
    by_key: dict[tuple[Any, ...], list[Statement]] = {}
    for statement in statements:
        by_key.setdefault((statement.type, *statement.key), []).append(statement)
    return {key: sorted(set(rivals), key=lambda rival: rival.order) for key, rivals in by_key.items()}


def winners(statements: Iterable[Statement]) -> list[Statement]:
    """The statements in force: of each key the greatest, unless that is a retraction."""
    last = [rivals[-1] for rivals in contenders(statements).values()]
    return [statement for statement in last if not statement.retraction]


def newest(statements: Sequence[Statement], day: date) -> Statement | None:
    """The statement of the newest day that is not after `day`."""
    return max((s for s in statements if _at(s) <= day), key=_at, default=None)


def carried(statements: Sequence[Statement], field: str, day: date) -> Any:
    """Value of a field that reports may leave out: of the newest day that has it; an explicit null clears it."""
    having = newest([s for s in statements if field in s.data], day)
    return None if having is None else having.data[field]


def _at(statement: Statement) -> date:
    assert statement.day is not None
    return statement.day


Place = Callable[[str], int]
