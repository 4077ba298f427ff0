"""What of the rows of an input will stand among the findings, as far as rows and baselines can tell. Pure.

Rows are only counted by what they are about, so that a row costs little and a baseline may come after its reports; what
is wrong with them is said at the end. What needs more than a baseline (figures that fell, periods that overlap) is
left to the worker.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas.events import BASELINE_TYPE, Event
from schemas.findings import FindingName
from schemas.quantities import conversion, convertible

__all__ = ["Forewarning", "Warned"]

Data = Mapping[str, Any]


class _Kind(NamedTuple):
    """Fields of a type of report, and what its part is called when no baseline has it."""

    part: str = ""
    unknown: FindingName = "unknown_item"
    figure: str = ""
    whole: str = ""
    """A field that says itself what the figure is measured against."""
    over: FindingName = "over_quantity"


_KINDS: Final = {
    "milepost.milestone.reported.v1": _Kind("milestone", "unknown_milestone"),
    "milepost.work.reported.v1": _Kind("item", "unknown_item", "quantity"),
    "milepost.production.reported.v1": _Kind("line", "unknown_line"),
    "milepost.tally.reported.v1": _Kind("district", "unknown_district", "done", "total", "over_total"),
    "milepost.task.assigned.v1": _Kind("district", "unknown_district"),
    "milepost.reading.taken.v1": _Kind("series", "unknown_series"),
    "milepost.restart.surveyed.v1": _Kind("", figure="resumed", whole="population", over="over_population"),
    "milepost.cost.reported.v1": _Kind(),
    "milepost.investment.reported.v1": _Kind(),
}
_NONE: Final = _Kind()


class _About(NamedTuple):
    """What rows are about: equal for all that stand or fall together."""

    project: str
    type: str
    part: str | None
    unit: str | None


@dataclass(slots=True)
class _Rows:
    """The rows about one thing: how many, the first, and the greatest figure that is measured against the plan."""

    first: tuple[str, str]
    count: int = 0
    greatest: float = 0.0
    of: tuple[str, str] = ("", "")
    whole_told: bool = False
    """A report says itself what the figures are measured against; later ones keep that."""


class Warned(NamedTuple):
    """A finding to be expected: how often, and the first example."""

    finding: FindingName
    times: int
    example: str


class Forewarning:
    """Rows of a run and the baselines among them."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str | None, str | None], _Rows] = {}
        self._plans: dict[str, list[Data]] = {}

    def note(self, event: Event) -> None:
        """Remember what an accepted row is about."""
        name, project = event["type"], event["subject"]
        data: Any = event["data"]
        if name == BASELINE_TYPE:
            self._plans.setdefault(project, []).append(data)
            return
        kind = _KINDS.get(name, _NONE)
        about = (project, name, data.get(kind.part) if kind.part else None, data.get("unit"))
        rows = self._rows.get(about)
        if rows is None:
            rows = self._rows[about] = _Rows((event["source"], event["id"]))
        rows.count += 1
        if kind.figure and data[kind.figure] > rows.greatest:
            rows.greatest, rows.of = data[kind.figure], (event["source"], event["id"])
        if kind.whole and data.get(kind.whole) is not None:
            rows.whole_told = True

    def projects(self) -> set[str]:
        """Projects of which something is said."""
        return {project for project, *_ in self._rows}

    def warned(self, earlier: Mapping[str, Iterable[Data]], judged: Collection[str]) -> list[Warned]:
        """What is to be expected against these earlier baselines, for projects of which all baselines are known."""
        plans = {
            project: [*earlier.get(project, ()), *self._plans.get(project, ())]
            for project in self.projects() & set(judged)
        }
        found: dict[FindingName, Warned] = {}
        unplanned: set[str] = set()
        for said_of, rows in self._rows.items():
            about = _About(*said_of)
            if about.project not in plans:
                continue
            for name, count, example in _doubts(about, rows, plans[about.project]):
                if name == "no_baseline" and about.project in unplanned:
                    continue
                unplanned.update([about.project] if name == "no_baseline" else [])
                before = found.get(name)
                found[name] = (
                    Warned(name, count, example)
                    if before is None
                    else before._replace(times=before.times + count)
                )
        return list(found.values())


def _doubts(about: _About, rows: _Rows, plans: list[Data]) -> Iterator[tuple[FindingName, int, str]]:
    kind, where = _KINDS.get(about.type, _NONE), _where(about, rows.first)
    if not plans:
        yield "no_baseline", 1, f"{about.project} has no baseline; `milepost apply` publishes one"
    elif about.part is not None and not any(_knows(plan, about) for plan in plans):
        yield (
            kind.unknown,
            rows.count,
            f"{where} is in no baseline of {about.project}; correct the id, or put it into the next one",
        )
    elif units := _misfits(about, plans):
        yield "unit_mismatch", rows.count, f"{where}: {about.unit} cannot be converted to {units[0]}"
    elif kind.figure and not rows.whole_told:
        totals = [total for plan in plans for total in _totals(plan, about)]
        if totals and rows.greatest > max(totals):
            yield kind.over, 1, f"{_where(about, rows.of)}: {rows.greatest:g} is above {max(totals):g}"


def _where(about: _About, said: tuple[str, str]) -> str:
    what = f"{about.part} of {about.project}" if about.part else about.project
    return f"{what} (id {said[1]} of {said[0]})"


def _parts(plan: Data, about: _About) -> list[Data]:
    """Parts of the baseline among which that of the rows should be."""
    match about.type.split(".")[1]:
        case "milestone":
            return list(plan.get("milestones") or ())
        case "work":
            return list(plan.get("work_items") or ())
        case "production":
            return list(plan.get("lines") or ())
        case "reading":
            return list(plan.get("series") or ())
        case _:
            return list((plan.get("campaign") or {}).get("districts") or ())


def _part(plan: Data, about: _About) -> Data:
    return next((part for part in _parts(plan, about) if part["id"] == about.part), {})


def _knows(plan: Data, about: _About) -> bool:
    return bool(_part(plan, about))


def _planned_unit(plan: Data, about: _About) -> str | None:
    match about.type.split(".")[1]:
        case "cost" | "investment":
            return (plan.get("budget_at_completion") or {}).get("unit")
        case "tally":
            return (plan.get("campaign") or {}).get("unit")
        case "production":
            return (_part(plan, about).get("capacity") or {}).get("unit")
        case _:
            return _part(plan, about).get("unit")


def _misfits(about: _About, plans: list[Data]) -> list[str]:
    """Planned units, if the unit of the rows fits none of them."""
    units = [unit for plan in plans if (unit := _planned_unit(plan, about)) is not None]
    fits = (
        about.unit is None or len(units) < len(plans) or any(convertible(about.unit, unit) for unit in units)
    )
    return [] if fits else units


def _totals(plan: Data, about: _About) -> Iterator[float]:
    """What the figures are measured against, in the unit of the rows."""
    match about.type.split(".")[1]:
        case "work":
            total = _part(plan, about).get("quantity")
        case "tally":
            campaign = plan.get("campaign") or {}
            total = _part(plan, about).get("total") if about.part else campaign.get("total")
        case _:
            total = (plan.get("restart") or {}).get("population")
    unit = _planned_unit(plan, about)
    if total is None or (unit and about.unit and not convertible(unit, about.unit)):
        return
    yield total * float(conversion(unit, about.unit)) if unit and about.unit else total
