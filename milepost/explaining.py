"""Explains one KPI value of a project as the journal tells it: for programs as one object, for people as tables."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from milepost.folded_kpis import stands_since
from milepost.near_names import near
from milepost.project_records import ProjectRecords, row_of
from milepost.render import JsonText
from schemas.envelope import data_text
from schemas.errors import UsageError
from schemas.events import RETRACTION_TYPE
from streams.core.evaluation import evaluate
from streams.core.explain.explanation import Explanation, explain
from streams.core.explain.record import Known
from streams.core.explain.superseded import superseded
from streams.core.project import day_of
from streams.core.statements import Statement

__all__ = ["Explained", "Question", "explained", "object_of"]

_VALUES: Final = ("baseline", "value", "value_date", "numerator", "denominator", "unit", "reason")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Question:
    """Which value is to be explained, as known when; `since` asks what has changed since then."""

    project: str
    kpi: str
    scope: str
    as_of: date | None = None
    known_at: datetime | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The row at an earlier moment, None if there was none, and what was stated since then that bears on the value."""

    since: datetime
    before: dict[str, Any] | None
    statements: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """The answer: the row, why it is so, what was superseded, what has changed."""

    row: dict[str, Any]
    explanation: Explanation
    superseded: tuple[Statement, ...]
    known: Known
    change: Change | None


def explained(records: ProjectRecords, asked: Question) -> Explained:
    """Answer a question. Raises UsageError for a day, KPI or scope that there is not."""
    known = records.known_at(asked.known_at)
    if not known.stated:
        raise UsageError(
            f"nothing was known of {asked.project!r} at {asked.known_at}; ask for a later moment"
        )
    day = _day(known, asked)
    found = explain(known.project, day, asked.kpi, asked.scope)
    if found is None:
        raise _nothing_there(known, day, asked)
    row = row_of(asked.project, day, found.baseline, found.value)
    return Explained(
        row=stands_since(row, _stored(records, asked, day)),
        explanation=found,
        superseded=superseded(known, found),
        known=known,
        change=None if asked.since is None else _change(records, asked, asked.since, known, found),
    )


def _day(known: Known, asked: Question) -> int:
    """The status date; of a day that is asked for, the newest day until then that has rows."""
    day = known.status_day if asked.as_of is None else known.row_day(asked.as_of.toordinal())
    if day is None and asked.as_of is None:
        raise UsageError(
            f"{asked.project!r} has no status date yet: nothing was reported and no day was closed"
        )
    if day is None:
        raise UsageError(f"{asked.project!r} has no values on {asked.as_of} or before; ask for a later day")
    return day


def _nothing_there(known: Known, day: int, asked: Question) -> UsageError:
    """Which scopes the KPI has on the day, or which KPIs there are."""
    values = evaluate(known.project, day)[1]
    scopes = [value.scope for value in values if value.kpi == asked.kpi]
    where = f"{asked.project!r} on {date.fromordinal(day)}"
    if scopes:
        named = [scope for scope in scopes if scope]
        listed = f"its scopes: {', '.join(named[:8])}" if named else "leave --scope away"
        whole = "" if asked.scope else "it is not of the project as a whole; "
        return UsageError(
            f"{asked.kpi} has no scope {asked.scope!r} in {where}; {whole}{near(asked.scope, named, listed)}"
        )
    kpis = sorted({value.kpi for value in values})
    return UsageError(
        f"{where} has no {asked.kpi}: nothing is planned or reported for it; {near(asked.kpi, kpis, 'it has ' + ', '.join(kpis[:8]))}"
    )


def _stored(records: ProjectRecords, asked: Question, day: int) -> dict[str, Any] | None:
    """The row that the store keeps of the value."""
    newest = asked.as_of is None and asked.known_at is None
    rows = records.rows(None if newest else date.fromordinal(day), asked.known_at)
    return next((row for row in rows if (row["kpi"], row["scope"]) == (asked.kpi, asked.scope)), None)


# -- what has changed ----------------------------------------------------------------------------------------------


def _change(
    records: ProjectRecords, asked: Question, since: datetime, known: Known, now: Explanation
) -> Change:
    """The value of the same day as known at an earlier moment, and what stands now that was not known then."""
    earlier = records.known_at(since)
    then = explain(earlier.project, now.day, asked.kpi, asked.scope) if earlier.stated else None
    before = None if then is None else row_of(asked.project, now.day, then.baseline, then.value)
    keys = {each.key: None for each in (*(then.statements if then else ()), *now.statements)}
    standing = (known.project.slots[key] for key in keys if key in known.project.slots)
    new = (each for each in standing if not _was_known(earlier, each))
    return Change(since, before, tuple(new))


def _was_known(earlier: Known, statement: Statement) -> bool:
    return (statement.order, statement.digest) in earlier.stated.get(statement.key, {})


# -- for programs --------------------------------------------------------------------------------------------------


def object_of(answer: Explained) -> dict[str, Any]:
    """The public object."""
    told = dict(answer.row)
    told["formula"] = answer.explanation.formula
    told["inputs"] = [
        {"name": each.name, "value": each.value, "unit": each.unit} for each in answer.explanation.inputs
    ]
    told["statements"] = _statements(answer, answer.explanation.statements)
    told["superseded"] = _statements(answer, answer.superseded)
    if answer.change is not None:
        told["since"] = _change_object(answer, answer.change)
    return told


def _change_object(answer: Explained, change: Change) -> dict[str, Any]:
    """What the value was, and which statements have changed it."""
    before = change.before or {}
    values = {column: before.get(column) for column in _VALUES}
    return {"known_at": change.since, **values, "statements": _statements(answer, change.statements)}


def _statements(answer: Explained, statements: Iterable[Statement]) -> list[dict[str, Any]]:
    return [statement_object(each, answer.known.project.zone) for each in statements]


def statement_object(statement: Statement, zone: tzinfo) -> dict[str, Any]:
    """One statement in its public shape; its data as received."""
    day = day_of(statement.key, zone)
    return {
        "source": statement.source,
        "id": statement.id,
        "type": RETRACTION_TYPE if statement.retracts else statement.key[0],
        "as_of": None if day is None else date.fromordinal(day),
        "revision": statement.order[0],
        "time": (_EPOCH + timedelta(microseconds=statement.stated_at_us)).astimezone(zone),
        "data": JsonText(data_text(statement.raw).decode()),
    }
