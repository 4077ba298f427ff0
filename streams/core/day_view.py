"""A project as seen at the end of one day: the baseline in force, which sections it has, what is computed once and used by several families."""

from collections.abc import Callable
from functools import cached_property

from schemas.kpi import NullReason
from streams.core.plan import CampaignPlan, Plan, RestartPlan
from streams.core.progress import Progress
from streams.core.project import Project
from streams.core.schedule import Schedule

__all__ = ["DayView"]

_SECTIONS_BY_TYPE: dict[str, tuple[str, ...]] = {
    "milepost.milestone.reported.v1": ("earned_value", "milestones"),
    "milepost.work.reported.v1": ("earned_value",),
    "milepost.value.reported.v1": ("earned_value",),
    "milepost.cost.reported.v1": ("earned_value",),
    "milepost.investment.reported.v1": ("investment",),
    "milepost.restart.surveyed.v1": ("restart",),
    "milepost.task.reported.v1": ("campaign",),
    "milepost.tally.reported.v1": ("campaign",),
    "milepost.reading.taken.v1": ("readings",),
}


class DayView:
    """One project on one day (ordinal). Families read it; nothing is changed through it.

    With `original` it is measured by its first baseline, whatever is in force.
    """

    def __init__(
        self,
        project: Project,
        day: int,
        finished_since: Callable[[Project, int], int | None],
        *,
        original: bool = False,
    ) -> None:
        self._finished_since = finished_since
        self._original = original
        self.project = project
        self.day = day
        self.plan: Plan | None = self._plan_on(day)

    def _plan_on(self, day: int) -> Plan | None:
        return self.project.first_plan() if self._original else self.project.plan_on(day)

    @cached_property
    def sections(self) -> frozenset[str]:
        """Sections that the baseline in force has; before a baseline, those of the statement types present."""
        return _planned_sections(self.plan) if self.plan else self._stated_sections()

    def _stated_sections(self) -> frozenset[str]:
        project, day = self.project, self.day
        found: set[str] = set()
        for (kind, _), timeline in project.timelines.items():
            if timeline.count_until(day):
                found.update(_SECTIONS_BY_TYPE.get(kind, ()))
        if any(line.reported_until(day) for line in project.lines.values()):
            found.add("production")
        if any(a.data["assigned_on"].toordinal() <= day for a in project.assignments.values()):
            found.add("campaign")
        return frozenset(found)

    @property
    def restart(self) -> RestartPlan | None:
        """Restart section of the baseline in force."""
        return self.plan.restart if self.plan else None

    @property
    def campaign(self) -> CampaignPlan | None:
        """Campaign section of the baseline in force."""
        return self.plan.campaign if self.plan else None

    @cached_property
    def progress(self) -> Progress:
        """BAC, PV, EV and AC of the day."""
        return Progress(self.project, self.plan, self.day)

    @cached_property
    def schedule(self) -> Schedule:
        """Earned schedule of the day; once the project is finished, of its finish."""
        day = self.day if self.finish is None else self.finish
        plan, progress = self.plan, self.progress
        if day != self.day:
            plan = self._plan_on(day)
            progress = Progress(self.project, plan, day)
        return Schedule(plan, day, progress, self._replanned(plan))

    def _replanned(self, plan: Plan | None) -> Progress | None:
        """Progress on the day on which a later baseline than the first was approved, by its measure."""
        if plan is None or plan is self.project.first_plan():
            return None
        return Progress(self.project, plan, self.project.effective_from(plan))

    @cached_property
    def finish(self) -> int | None:
        """Day on which the project was finished, if it is finished on this day."""
        return self._finished_since(self.project, self.day)

    def plan_gap(self, *, planned: bool) -> NullReason | None:
        """Why a KPI that needs a plan has none: `no_baseline`, or `not_planned` when the baseline lacks what it needs."""
        if self.plan is None:
            return "no_baseline"
        return None if planned else "not_planned"


def _planned_sections(plan: Plan) -> frozenset[str]:
    present = {
        "earned_value": plan.has_earned_value,
        "milestones": bool(plan.milestones),
        "production": bool(plan.lines),
        "investment": bool(plan.annual_plan),
        "restart": plan.restart is not None,
        "campaign": plan.campaign is not None,
        "readings": bool(plan.series),
    }
    return frozenset(name for name, here in present.items() if here)
