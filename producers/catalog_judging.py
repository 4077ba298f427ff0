"""Lets the schema of an event judge what a catalog says, and finds the line of what it refuses."""

import re
from datetime import UTC
from typing import Final

from producers.catalog_text import FieldPath, Located
from schemas.acceptance import accept
from schemas.events import Event
from schemas.rejections import Rejected

__all__ = ["judge", "with_advice"]

_ANY_TIME: Final = 2**60
"""An append time after everything: a catalog is judged for itself, not for when it is published."""
_FORMS: Final[dict[str | int, str]] = {
    "alert": "letters, digits and _",
    "for": "30s, 5m, 2h or 3d",
    "keep_firing_for": "30s, 5m, 2h or 3d",
}
"""How to write what a pattern describes."""
_DETAIL = re.compile(r"(?P<field>(data|subject)[\w.\[\]]*): (?P<problem>.*)", re.DOTALL)
_STEP = re.compile(r"(\w+)|\[(\d+)\]")


def judge(located: Located, at: FieldPath, raw: bytes) -> Event:
    """The event as the log's own reader gives it. Raises CatalogError at the field below `at` that it refuses."""
    try:
        return accept(raw, (), _ANY_TIME, UTC)
    except Rejected as error:
        found = _DETAIL.fullmatch(error.detail)
        path = _path_of(found["field"]) if found else ()
        problem = found["problem"] if found else error.detail
        raise located.error((*at, *path), with_advice(path, problem)) from error


def _path_of(field: str) -> FieldPath:
    steps = _STEP.findall(field)
    path = [int(number) if number else name for name, number in steps]
    return ("id",) if path[0] == "subject" else tuple(path[1:])


def with_advice(path: FieldPath, problem: str) -> str:
    """The problem, with how to write it better where that is known."""
    if "valid string" in problem:
        return f"{problem}; put it in quotes"
    if path and (form := _FORMS.get(path[-1])) and "should match pattern" in problem:
        _, _, written = problem.partition("$', not ")
        return f"write it as {form}, not {written}"
    return problem
