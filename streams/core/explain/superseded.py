"""What does not count for a value, because something else stands in its place or it was taken back."""

from streams.core.explain.explanation import Explanation, explain
from streams.core.explain.record import Known
from streams.core.project import Project
from streams.core.statements import Key, Statement

__all__ = ["superseded"]

_BEYOND = 1 << 62
"""A revision above every other."""


def superseded(known: Known, explanation: Explanation) -> tuple[Statement, ...]:
    """Statements that lost to those that the value rests on; of what was taken back and would count otherwise, also the retraction."""
    found = [loser for winner in explanation.statements for loser in known.losers(winner.key)]
    for key in _taken_back(known, explanation):
        found += [known.project.slots[key], *known.losers(key)]
    return tuple(found)


def _taken_back(known: Known, explanation: Explanation) -> list[Key]:
    """Keys that a retraction has won, and whose statement the value would rest on without it."""
    project, value = known.project, explanation.value
    retracted = [key for key, standing in project.slots.items() if standing.retracts]
    what_if = Project(project.id, project.zone)
    what_if.load(project.slots.values())
    found = []
    for key in retracted:
        said = [loser for loser in known.losers(key) if not loser.retracts]
        if not said:
            continue
        restored = _stronger(said[0], _BEYOND)
        what_if.fold(restored)
        without = explain(what_if, explanation.day, value.kpi, value.scope)
        if without is not None and restored in without.statements:
            found.append(key)
        what_if.fold(_stronger(project.slots[key], _BEYOND + 1))
    return found


def _stronger(statement: Statement, revision: int) -> Statement:
    """The same statement with a revision that wins."""
    order = (revision, *statement.order[1:])
    return Statement(
        statement.key, order, statement.raw, statement.data, statement.offset, statement.retracts
    )
