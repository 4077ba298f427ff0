"""Natural keys: which statements compete with each other, and which of them wins.

Of several statements with one key the greatest `(revision, time, source, id, SHA-256 of the bytes of data)` wins. The
append time plays no part, so the order of arrival cannot change a result.
"""

from typing import Any

__all__ = ["DAY_FIELD", "KEY_FIELDS", "OPTIONAL_KEY_FIELDS", "key_values"]

KEY_FIELDS: dict[str, tuple[str, ...]] = {
    "milepost.project.baselined.v1": ("baseline",),
    "milepost.project.status_reported.v1": ("as_of",),
    "milepost.milestone.reported.v1": ("milestone", "as_of"),
    "milepost.work.reported.v1": ("item", "as_of"),
    "milepost.value.reported.v1": ("as_of",),
    "milepost.cost.reported.v1": ("as_of",),
    "milepost.investment.reported.v1": ("year", "as_of"),
    "milepost.production.reported.v1": ("line", "period_start", "period_end", "shift"),
    "milepost.restart.surveyed.v1": ("as_of",),
    "milepost.task.assigned.v1": ("task",),
    "milepost.task.reported.v1": ("task", "as_of"),
    "milepost.tally.reported.v1": ("district", "as_of"),
    "milepost.reading.taken.v1": ("series", "at"),
}
"""Fields of `data` that, with the project, are the natural key of a type."""

OPTIONAL_KEY_FIELDS = frozenset({"shift", "district"})
"""Key fields that may be absent; null is the same as absent."""

DAY_FIELD: dict[str, str | None] = {
    "milepost.project.baselined.v1": None,
    "milepost.project.status_reported.v1": "as_of",
    "milepost.milestone.reported.v1": "as_of",
    "milepost.work.reported.v1": "as_of",
    "milepost.value.reported.v1": "as_of",
    "milepost.cost.reported.v1": "as_of",
    "milepost.investment.reported.v1": "as_of",
    "milepost.production.reported.v1": "period_end",
    "milepost.restart.surveyed.v1": "as_of",
    "milepost.task.assigned.v1": None,
    "milepost.task.reported.v1": "as_of",
    "milepost.tally.reported.v1": "as_of",
    "milepost.reading.taken.v1": "at",
}
"""Field of `data` that says whose day a statement is about; None: it has no day."""


def key_values(type_name: str, data: dict[str, Any]) -> tuple[Any, ...]:
    """Values of the natural key within a project, in the order of KEY_FIELDS."""
    return tuple(data.get(field) for field in KEY_FIELDS[type_name])
