"""Which projects of a catalog a scenario simulates, by which model, and over which days.

The three named feeds have models of their own; any other project is simulated by the sections that its plan has. A
project of which the catalog knows published statements repeats them instead, unless its file says `simulated: true`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count, islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from producers.battery_foil import battery_foil
from producers.campaign import Campaign
from producers.catalog import Catalog, CatalogProject
from producers.construction import Construction, Manner
from producers.crude_reserve import crude_reserve
from producers.milestones import Milestones
from producers.monitoring_network import MonitoringNetwork, moves
from producers.plant_restart import RestartOf, plant_restart
from producers.production_lines import ProductionLines
from producers.published import Published
from producers.simulation import Member, Span
from producers.site import Part, Site
from schemas.errors import UsageError
from schemas.periods import days_of_period

__all__ = ["SCENARIOS", "days_of", "members_of"]

_NAMED: Final = {
    "crude-reserve": "luoyang-crude-reserve-2",
    "battery-foil": "xinxing-battery-foil-1",
    "plant-restart": "luoyang-restart-2024",
}
SCENARIOS: Final = (*_NAMED, "catalog", "all")

_AFTER_THE_END: Final = timedelta(days=90)
"""How long after its planned end a project is given to come to it."""
_WITHOUT_END: Final = timedelta(days=365)
_MANNER: Final = Manner(vigour=1.2)


def members_of(scenario: str, catalog: Catalog, number: int | None = None) -> list[Member]:
    """The first `number` projects of a scenario, by default all; beyond them come numbered copies of all.

    Raises UsageError for a catalog that lacks the project of a named scenario.
    """
    projects = _projects(scenario, catalog)
    if not projects:
        raise UsageError(
            f"the catalog has no project for the scenario {scenario}; choose another one, or all"
        )
    wanted = len(projects) if number is None else number
    return list(islice(_with_copies(projects, catalog), wanted))


def days_of(members: Sequence[Member], span: Span) -> list[date]:
    """Every day from the first of the first member to the last one of the span. Raises UsageError for an empty span."""
    first = min(member.first_day for member in members)
    ends = [member.ends for member in members if member.ends is not None]
    natural = max(ends) + _AFTER_THE_END if ends else first + _WITHOUT_END
    last = span.last or natural
    if last < first:
        raise UsageError(f"--to {last}: nothing happens before {first}; give a later day")
    if span.first is not None and span.first > last:
        raise UsageError(f"--from {span.first}: nothing happens after {last}; give an earlier day")
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


# -- choosing ------------------------------------------------------------------------------------------------------


def _projects(scenario: str, catalog: Catalog) -> list[CatalogProject]:
    if scenario in _NAMED:
        return _feed(_NAMED[scenario], catalog)
    present = {project.project_id for project in catalog.projects}
    feeds = [project for named in _NAMED.values() if named in present for project in _feed(named, catalog)]
    taken = {project.project_id for project in feeds}
    others = [project for project in catalog.projects if project.project_id not in taken]
    others.sort(key=lambda project: not project.simulated)
    return others if scenario == "catalog" else [*feeds, *others]


def _feed(project_id: str, catalog: Catalog) -> list[CatalogProject]:
    """A named project, and its districts where it is a restart."""
    project = catalog.project(project_id)
    return [project, *(_districts(project, catalog.projects))]


def _districts(project: CatalogProject, projects: Sequence[CatalogProject]) -> list[CatalogProject]:
    if not project.data.get("restart"):
        return []
    return [
        each
        for each in projects
        if each.data.get("parent") == project.project_id and each.data.get("restart")
    ]


def _with_copies(projects: Sequence[CatalogProject], catalog: Catalog) -> Iterator[Member]:
    """Each project, then copies of those that a model speaks for: what was published was published once."""
    taken = {project.project_id for project in catalog.projects}
    for number in count(1):
        names = {each.project_id: _copy_name(each.project_id, number, taken) for each in projects}
        copies = [_copy(each, number, names) for each in projects]
        for original, copied in zip(projects, copies, strict=True):
            yield _member(original.project_id, copied, copies)
        projects = [each for each in projects if each.simulated] or projects


def _copy_name(project_id: str, number: int, taken: set[str]) -> str:
    """`id-2` for the second; a name that is taken is passed over, and the one given is taken from then on."""
    if number == 1:
        return project_id
    name = f"{project_id}-{number}"
    while name in taken:
        name = f"{name}-{number}"
    taken.add(name)
    return name


def _copy(project: CatalogProject, number: int, names: Mapping[str, str]) -> CatalogProject:
    """A copy has a number in its names, and the copy of its parent where there is one."""
    if number == 1:
        return project
    data = {**project.data, "name": f"{project.data['name']} ({number})"}
    if project.data.get("name_zh"):
        data["name_zh"] = f"{project.data['name_zh']}（{number}）"
    if project.data.get("parent") in names:
        data["parent"] = names[project.data["parent"]]
    return replace(project, project_id=names[project.project_id], data=data)


# -- models --------------------------------------------------------------------------------------------------------


def _member(original_id: str, project: CatalogProject, copies: Sequence[CatalogProject]) -> Member:
    if not project.simulated:
        return _published(project)

    def build(seed: int, zone: ZoneInfo) -> Site:
        if original_id == _NAMED["crude-reserve"]:
            return crude_reserve(project.project_id, project.data, seed)
        if original_id == _NAMED["battery-foil"]:
            return battery_foil(project.project_id, project.data, seed)
        if project.data.get("restart"):
            return _restart(project, copies, seed)
        return _by_sections(project, seed, zone)

    return Member(project, build, date.fromisoformat(project.data["start"]), _end(project.data))


def _published(project: CatalogProject) -> Member:
    lives = Published(project.statements)
    return Member(
        project, lambda _seed, _zone: Published(project.statements), lives.first_day, lives.last_day
    )


def _restart(project: CatalogProject, copies: Sequence[CatalogProject], seed: int) -> Site:
    """A city is simulated with its districts, a district as a part of its city."""
    parts = [RestartOf(each.project_id, each.data) for each in _districts(project, copies)]
    parent = project.data.get("parent")
    whole = next(
        (each.data for each in copies if each.project_id == parent and each.data.get("restart")), None
    )
    return plant_restart(project.project_id, project.data, seed, parts, whole)


def _by_sections(project: CatalogProject, seed: int, zone: ZoneInfo) -> Site:
    site = Site(project.project_id, project.data, seed)
    parts = list(_parts(site, zone))
    only_readings = len(parts) == 1 and isinstance(parts[0], MonitoringNetwork)
    site.begin(*parts or (_Calendar(site),), heartbeat=not only_readings)
    return site


def _parts(site: Site, zone: ZoneInfo) -> Iterator[Part]:
    plan = site.plan
    if plan.get("work_items") or plan.get("milestones"):
        construction = Construction(site, _MANNER)
        yield construction
        yield Milestones(site, construction)
    if plan.get("lines"):
        yield ProductionLines(site)
    if plan.get("campaign"):
        yield Campaign(site)
    if any(map(moves, plan.get("series") or ())):
        yield MonitoringNetwork(site, zone)


class _Calendar:
    """A project of which nothing is known but its dates: it goes on until its finish, if it has one."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._finish = _day(site.plan.get("finish"))

    @property
    def finished(self) -> bool:
        """Whether the plan's last day has come."""
        return self._finish is not None and self._site.today >= self._finish


def _end(plan: Mapping[str, Any]) -> date | None:
    """The last day that a plan names, if what it plans comes to an end."""
    parts = [*(plan.get("milestones") or ()), *(plan.get("work_items") or ())]
    days = [plan.get("finish"), *(part.get("finish") for part in parts)]
    days += [(plan.get(section) or {}).get("due") for section in ("campaign", "restart")]
    periods = [each["period"] for line in plan.get("lines") or () for each in line.get("plan") or ()]
    ends = [date.fromisoformat(text) for text in days if text] + [days_of_period(each)[1] for each in periods]
    goes_on = plan.get("series") and not plan.get("finish")
    return None if goes_on else max(ends, default=None)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
