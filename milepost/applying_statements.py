"""What applying a published statement of the catalog means for a log in which some statements stand. Pure.

The same statement again changes nothing, whoever made it. Where a file says something else than it said before, that is
a correction, and somebody has to say that it is meant. A report of another source knows better and is left alone unless
somebody says so. What a file no longer says stays said: a statement is taken back by a retraction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from milepost.applying import SOURCE, Action, Change, Standing, differences
from producers.catalog import CatalogStatement

__all__ = ["StatementDecision", "decide_statement"]

_PUBLISHING: Final = frozenset({Action.PUBLISHED, Action.REVISED})


@dataclass(frozen=True, slots=True)
class StatementDecision:
    """What to do about a statement of a project."""

    action: Action
    project_id: str
    statement: CatalogStatement
    revision: int = 0
    changed: tuple[str, ...] = ()

    @property
    def publishes(self) -> bool:
        """Whether a statement goes out."""
        return self.action in _PUBLISHING


def decide_statement(
    project_id: str,
    statement: CatalogStatement,
    data: Mapping[str, Any],
    standing: Standing | None,
    change: Change,
) -> StatementDecision:
    """Compare a statement with the winner of its key; `data` is its payload as the log's own decoder gives it."""
    if standing is None or standing.data is None:
        # Above a retraction, so that it wins over it.
        revision = 0 if standing is None else standing.revision + 1
        return StatementDecision(Action.PUBLISHED, project_id, statement, revision)
    changed = differences(standing.data, data, approval=True)
    if not changed:
        return StatementDecision(Action.UNCHANGED, project_id, statement, standing.revision)
    if change is Change.UNSAID:
        action = Action.REFUSED if standing.source == SOURCE else Action.LEFT
        return StatementDecision(action, project_id, statement, standing.revision, changed)
    return StatementDecision(Action.REVISED, project_id, statement, standing.revision + 1, changed)
