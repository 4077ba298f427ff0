"""Upcasters: events of superseded versions become the current version before they are decoded.

Every type is in its first version, so the table is empty. A change of a payload that old events do not satisfy adds a
version `….v2` and a function here from the old data to the new; golden files of all published versions stay in the tests.
"""

from collections.abc import Callable
from typing import Any

__all__ = ["UPCASTERS", "upcast"]

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: dict[str, tuple[str, Upcaster]] = {}
"""By superseded type: the type that follows and the function from its data."""


def upcast(event: dict[str, Any], upcasters: dict[str, tuple[str, Upcaster]] | None = None) -> dict[str, Any]:
    """The event in the newest version of its type."""
    table = UPCASTERS if upcasters is None else upcasters
    while event["type"] in table:
        successor, change = table[event["type"]]
        event = {**event, "type": successor, "data": change(event["data"])}
    return event
