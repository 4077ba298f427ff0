"""What was published about a project of the catalog: statements, each with the instant at which its source made it.

A statement has the fields of its event as the contract has them, and `type` without the product's name and version
(`tally.reported`). `time` is that of the file where the statement gives none.
"""

from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final

from producers.catalog_fields import STATEMENT_FIELDS, first_unknown
from producers.catalog_judging import judge
from producers.catalog_text import FieldPath, Located
from schemas.codec import to_json
from schemas.keys import key_values

__all__ = ["CatalogStatement", "file_time", "statement_event", "statements_of"]

_TYPES: Final = {name.removeprefix("milepost.").removesuffix(".v1"): name for name in STATEMENT_FIELDS}
_EXAMPLE: Final = "2024-02-17T09:00:00+08:00"
_ENVELOPE: Final = frozenset({"type", "time"})


@dataclass(frozen=True, slots=True)
class CatalogStatement:
    """A statement as its file has it; `type` is that of the event, `data` its payload, dates as ISO text."""

    type: str
    data: dict[str, Any]
    stated_at: datetime
    file: str
    line: int

    @property
    def kind(self) -> str:
        """The type without the product's name and version."""
        return self.type.removeprefix("milepost.").removesuffix(".v1")


def statement_event(
    project_id: str, statement: CatalogStatement, *, source: str, event_id: str, revision: int = 0
) -> bytes:
    """A statement as a structured CloudEvent."""
    return to_json(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": statement.type,
            "subject": project_id,
            "time": statement.stated_at.isoformat(),
            "datacontenttype": "application/json",
            "data": {**statement.data, "revision": revision} if revision else statement.data,
        }
    )


def file_time(located: Located) -> datetime | None:
    """When the source of a file made its statements, if the file says so. Raises CatalogError."""
    return _instant(located, ("time",), located.data["time"]) if "time" in located.data else None


def statements_of(
    located: Located, at: FieldPath, project_id: str, entries: Any, stated_at: datetime | None
) -> tuple[CatalogStatement, ...]:
    """The statements below a project; `stated_at` is the time of the file. Raises CatalogError."""
    if not isinstance(entries, list):
        raise located.error(at, "must be a list; begin each entry with a dash")
    places: dict[tuple[Any, ...], int] = {}
    found = []
    for number, entry in enumerate(entries):
        here = (*at, number)
        statement = _statement(located, here, entry, stated_at)
        raw = statement_event(project_id, statement, source="catalog", event_id="catalog")
        key = (statement.type, *key_values(statement.type, judge(located, here, raw)["data"]))
        if first := places.get(key):
            problem = f"says again what line {first} says; keep one"
            raise located.error(here, problem)
        places[key] = statement.line
        found.append(statement)
    return tuple(found)


def _statement(located: Located, at: FieldPath, entry: Any, stated_at: datetime | None) -> CatalogStatement:
    if not isinstance(entry, dict):
        raise located.error(at, "must have fields, for example `type: tally.reported`")
    type_name = _type(located, at, entry)
    if "revision" in entry:
        raise located.error((*at, "revision"), "is counted by `milepost apply --revise`; remove it")
    if unknown := first_unknown(entry, STATEMENT_FIELDS[type_name], at):
        raise located.error(*unknown)
    if "time" in entry:
        stated_at = _instant(located, (*at, "time"), entry["time"])
    if stated_at is None:
        raise located.error((*at, "time"), f"is missing here and for the whole file; write {_EXAMPLE}")
    data = {name: value for name, value in entry.items() if name not in _ENVELOPE}
    return CatalogStatement(type_name, data, stated_at, located.file, located.line(at))


def _type(located: Located, at: FieldPath, entry: dict[str, Any]) -> str:
    if "type" not in entry:
        raise located.error((*at, "type"), f"the field is missing; it is one of {', '.join(_TYPES)}")
    given = entry["type"]
    if (known := _TYPES.get(given) if isinstance(given, str) else None) is not None:
        return known
    near = get_close_matches(str(given), _TYPES, n=1, cutoff=0.5)
    advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(_TYPES)}"
    raise located.error((*at, "type"), f"unknown type {given!r}; {advice}")


def _instant(located: Located, at: FieldPath, given: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(given) if isinstance(given, str) else None
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise located.error(at, f"must be an instant with its offset such as {_EXAMPLE}, not {given!r}")
    return instant
