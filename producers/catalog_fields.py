"""Which fields a project, a statement and a rule may have, read from their types, and what a misspelt one may have meant."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, Optional, TypeAlias, get_args

from typing_extensions import get_type_hints, is_typeddict

from producers.catalog_text import FieldPath
from schemas.alerts import Rule, RuleScope
from schemas.baseline import Baseline
from schemas.events import BASELINE_TYPE, DATA_TYPES, STATEMENT_TYPES

__all__ = ["CATALOG_FIELDS", "PROJECT_FIELDS", "RULE_FIELDS", "STATEMENT_FIELDS", "Fields", "first_unknown"]

Fields: TypeAlias = Mapping[str, Optional["Fields"]]
"""Name of a field → fields of the objects in it, None where it holds no objects."""


def _of_typed_dict(kind: Any) -> dict[str, Fields | None]:
    hints = get_type_hints(kind)
    return {name: next(map(_of_typed_dict, _typed_dicts(hint)), None) for name, hint in hints.items()}


def _typed_dicts(hint: Any) -> Iterator[Any]:
    """TypedDicts in `X`, `X | None` and `list[X] | None`."""
    if is_typeddict(hint):
        yield hint
    for argument in get_args(hint):
        yield from _typed_dicts(argument)


def _without_revision(kind: Any) -> dict[str, Fields | None]:
    """A revision is no part of what is said: `apply` counts it."""
    return {name: fields for name, fields in _of_typed_dict(kind).items() if name != "revision"}


def _project_fields() -> Fields:
    return {"id": None, **_without_revision(Baseline), "simulated": None, "statements": None}


def _statement_fields() -> Mapping[str, Fields]:
    return {
        name: {"type": None, "time": None, **_without_revision(DATA_TYPES[name])}
        for name in STATEMENT_TYPES
        if name != BASELINE_TYPE
    }


def _rule_fields() -> Fields:
    names = [field.alias or name for name, field in Rule.model_fields.items()]
    return {**dict.fromkeys(names), "where": dict.fromkeys(RuleScope.model_fields)}


PROJECT_FIELDS: Final = _project_fields()
RULE_FIELDS: Final = _rule_fields()
STATEMENT_FIELDS: Final = _statement_fields()
"""By event type."""
CATALOG_FIELDS: Final[Fields] = {"time": None, "projects": None, "rules": None}


def first_unknown(data: Any, fields: Fields, path: FieldPath = ()) -> tuple[FieldPath, str] | None:
    """The first field that has no place, and what to do about it."""
    if isinstance(data, list):
        found = (first_unknown(item, fields, (*path, number)) for number, item in enumerate(data))
        return next(filter(None, found), None)
    if not isinstance(data, dict):
        return None
    for name, value in data.items():
        if name not in fields:
            return (*path, name), _advice(name, fields)
        inner = fields[name]
        if inner is not None and (unknown := first_unknown(value, inner, (*path, name))):
            return unknown
    return None


def _advice(name: str, fields: Fields) -> str:
    if near := get_close_matches(name, fields, n=1, cutoff=0.5):
        return f"unknown field; did you mean {near[0]}?"
    return f"unknown field; known are {', '.join(fields)}"
