"""What applying a project of the catalog means for a log in which some of its baselines stand. Pure.

The same plan again changes nothing. Another plan is either a correction of the baseline that stands (a revision) or the
next baseline, and somebody has to say which. A file that says no number means the newest baseline; one that says a
number means that baseline. `approved_on` counts only where the file has it: whoever leaves it out has nothing to say
about it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from producers.catalog import CatalogProject

__all__ = ["SOURCE", "Action", "Change", "Decision", "Standing", "decide", "differences"]

_OUTSIDE_THE_PLAN = frozenset({"baseline", "revision"})
_LEFT_OUT = object()

SOURCE = "milepost/apply"
"""CloudEvents source of what is applied."""


class Standing(NamedTuple):
    """The winner of one natural key; `data` None: it was retracted."""

    revision: int
    data: Mapping[str, Any] | None
    source: str = SOURCE


class Change(StrEnum):
    """What a plan that differs is."""

    UNSAID = "unsaid"
    REVISE = "revise"
    BASELINE = "baseline"


class Action(StrEnum):
    """What becomes of a project."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    REVISED = "revised"
    NEW_BASELINE = "new baseline"
    LEFT = "left"
    """Another source says something else, and stands."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a project; `project.data` is what to publish, `problem` why it is refused."""

    action: Action
    project: CatalogProject
    revision: int = 0
    changed: tuple[str, ...] = ()
    problem: str = ""

    @property
    def baseline(self) -> int:
        """Number of the baseline that is meant."""
        number: int = self.project.data["baseline"]
        return number

    @property
    def publishes(self) -> bool:
        """Whether a statement goes out."""
        return self.action in {Action.PUBLISHED, Action.REVISED, Action.NEW_BASELINE}


def decide(
    project: CatalogProject,
    plan: Mapping[str, Any],
    standing: Mapping[int, Standing],
    change: Change,
    today: date,
) -> Decision:
    """Compare a project with what stands; `plan` is its payload as the log's own decoder gives it."""
    in_force = {number: found for number, found in standing.items() if found.data is not None}
    if not in_force:
        return _publish(Action.PUBLISHED, project, project.data["baseline"], standing)
    newest = max(in_force)
    number = project.data["baseline"] if project.numbered else newest
    if number not in in_force:
        return _further(project, number, newest, standing, change, today)
    stands = in_force[number]
    changed = differences(stands.data or {}, plan, approval=plan.get("approved_on") is not None)
    if not changed:
        return Decision(Action.UNCHANGED, _numbered(project, number), stands.revision)
    if change is Change.UNSAID:
        return Decision(Action.REFUSED, _numbered(project, number), stands.revision, changed)
    if change is Change.REVISE:
        return _revise(project, number, stands, changed)
    if project.numbered:
        problem = f"its file says baseline {number}: write {newest + 1} there, or leave the number out"
        return Decision(Action.REFUSED, project, stands.revision, changed, problem)
    return _next(project, newest + 1, standing, changed, today)


def _further(
    project: CatalogProject,
    number: int,
    newest: int,
    standing: Mapping[int, Standing],
    change: Change,
    today: date,
) -> Decision:
    """A file that names a baseline which does not stand, while others do."""
    if change is Change.BASELINE:
        return _next(project, number, standing, ("baseline",), today)
    problem = f"its file says baseline {number} and {newest} stands: use --baseline"
    return Decision(Action.REFUSED, project, 0, ("baseline",), problem)


def _revise(project: CatalogProject, number: int, stands: Standing, changed: tuple[str, ...]) -> Decision:
    """The same baseline once more; the day of its approval stays unless the file gives another."""
    revised = _numbered(project, number)
    approved_on = (stands.data or {}).get("approved_on")
    if approved_on is not None:
        revised = _approved(revised, approved_on)
    return Decision(Action.REVISED, revised, stands.revision + 1, changed)


def _next(
    project: CatalogProject,
    number: int,
    standing: Mapping[int, Standing],
    changed: tuple[str, ...],
    today: date,
) -> Decision:
    """A further baseline, approved today unless the file knows better."""
    published = _publish(Action.NEW_BASELINE, _approved(project, today), number, standing)
    return replace(published, changed=changed)


def _publish(
    action: Action, project: CatalogProject, number: int, standing: Mapping[int, Standing]
) -> Decision:
    """A statement that also wins over a retraction of its key."""
    revision = standing[number].revision + 1 if number in standing else 0
    return Decision(action, _numbered(project, number), revision)


def _approved(project: CatalogProject, day: date) -> CatalogProject:
    """With a day of approval, unless the file gives one."""
    if project.data.get("approved_on") is not None:
        return project
    return replace(project, data={**project.data, "approved_on": day.isoformat()})


def _numbered(project: CatalogProject, number: int) -> CatalogProject:
    return replace(project, data={**project.data, "baseline": number})


def differences(old: Mapping[str, Any], new: Mapping[str, Any], *, approval: bool) -> tuple[str, ...]:
    """Fields of a plan that differ, as `finish` or `milestones[tank-1].weight`; null is the same as left out."""
    ignored = _OUTSIDE_THE_PLAN if approval else _OUTSIDE_THE_PLAN | {"approved_on"}
    fields = (old.keys() | new.keys()) - ignored
    found = (_differing(name, old.get(name), new.get(name)) for name in sorted(fields))
    return tuple(path for paths in found for path in paths)


def _differing(path: str, old: Any, new: Any) -> Iterator[str]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted(old.keys() | new.keys()):
            yield from _differing(f"{path}.{name}", old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        yield from _differing_parts(path, old, new)
    elif old != new:
        yield path


def _differing_parts(path: str, old: list[Any], new: list[Any]) -> Iterator[str]:
    """Parts with an id are compared by it; another order of the same parts is another plan."""
    before, after = _by_name(old), _by_name(new)
    found = [
        path_of_part
        for name in dict.fromkeys([*before, *after])
        for path_of_part in _differing(f"{path}[{name}]", before.get(name), after.get(name))
    ]
    if not found and list(before) != list(after):
        found = [path]
    yield from found


def _by_name(parts: Iterable[Any]) -> dict[str, Any]:
    return {_name_of(number, part): part for number, part in enumerate(parts)}


def _name_of(number: int, part: Any) -> str:
    named = part.get("id") if isinstance(part, Mapping) else None
    return str(number if named is None else named)
