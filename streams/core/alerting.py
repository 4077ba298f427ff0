"""The alerts of one partition: what a run of the lifecycle over the cuts says, what stands on the topic, and the difference.

At a cut the run decides and what differs from the topic is published, so that the same cut again publishes nothing.
Between cuts only what needs no time fires or resolves. Everything here follows from the values given; no clock is read.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Any, NamedTuple

from schemas.alerts import AlertData, AlertState, AlertTransition
from schemas.kpi import Position
from streams.core.alert_record import Change, alert_transition, annotations_of, first_data
from streams.core.lifecycle import (
    BETWEEN_CUTS,
    PUBLICATION,
    Decision,
    Reason,
    Run,
    State,
    signal_between_cuts,
    step,
)
from streams.core.plan import Plan
from streams.core.project import Project
from streams.core.rules import AlertKey, Condition, Matched, Observation, RuleSet
from streams.core.values import Value

__all__ = ["AlertBook", "KeptAlerts", "Seen"]

_PUBLISHED_STATE: dict[tuple[State, State], AlertState] = {
    (State.INACTIVE, State.PENDING): "pending",
    (State.INACTIVE, State.FIRING): "firing",
    (State.PENDING, State.FIRING): "firing",
    (State.PENDING, State.INACTIVE): "inactive",
    (State.FIRING, State.INACTIVE): "resolved",
}


class _Standing:
    """An alert that stands on the topic as pending or firing."""

    __slots__ = ("breach_day", "data", "state")

    def __init__(self, data: AlertData) -> None:
        self.data = data
        self.state = State(data["state"])
        as_of = data["as_of"]
        self.breach_day = None if as_of is None else date.fromisoformat(as_of).toordinal()


def _place(alert: _Standing) -> tuple[int, int]:
    position = alert.data["position"]
    return position["offset"], position["seq"]


class _Moment(NamedTuple):
    """One evaluation of a project; `known_at_us` None between cuts."""

    project_id: str
    plan: Plan | None
    day: int | None
    changed_at_us: int
    known_at_us: int | None
    position: Position


class Seen(NamedTuple):
    """What the newest evaluation at a cut said of an alert."""

    observation: Observation
    day: int | None
    known_at_us: int


class KeptAlerts(NamedTuple):
    """What is kept of one project beside what stands on the topic.

    Breach days are those of standing alerts, with the state and the place of the cause of what stands.
    """

    runs: Mapping[AlertKey, Run]
    seen: Mapping[AlertKey, Seen]
    breach_days: Mapping[AlertKey, tuple[State, tuple[int, int], int | None]]


class AlertBook:
    """Alerts of one partition."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self._runs: dict[str, dict[AlertKey, Run]] = {}
        self._seen: dict[str, dict[AlertKey, Seen]] = {}
        self._standing: dict[str, dict[AlertKey, _Standing]] = {}
        self._waiting: set[str] = set()
        self._published_offset = -1

    def restore(self, active: Iterable[Mapping[str, Any]], published_offset: int = -1) -> None:
        """Take over what stands on the topic: the data of the newest transitions that are pending or firing.

        `published_offset` is the greatest offset of a cause on the topic: no cut before it publishes again, for what
        stands there is already what later cuts made of it.
        """
        self._published_offset = published_offset
        for data in active:
            labels = data["labels"]
            key = AlertKey(labels["alertname"], labels["severity"], data["scope"])
            copied: AlertData = {**data}  # type: ignore[typeddict-item]  # an alert as this module published it
            self._standing.setdefault(data["project_id"], {})[key] = _Standing(copied)

    def kept(self, project_id: str) -> KeptAlerts:
        """What is kept of a project."""
        standing = self._standing.get(project_id, {})
        breach_days = {key: (alert.state, _place(alert), alert.breach_day) for key, alert in standing.items()}
        return KeptAlerts(self._runs.get(project_id, {}), self._seen.get(project_id, {}), breach_days)

    def keep(self, project_id: str, kept: KeptAlerts) -> None:
        """Go on with what was kept. An alert of which something else stands on the topic by now goes by that."""
        if kept.runs:
            self._runs[project_id], self._seen[project_id] = {**kept.runs}, {**kept.seen}
            self._note_waiting(project_id)
        for key, alert in self._standing.get(project_id, {}).items():
            state, place, breach_day = kept.breach_days.get(key, (None, None, None))
            if (state, place) == (alert.state, _place(alert)):
                alert.breach_day = breach_day

    @property
    def waiting(self) -> AbstractSet[str]:
        """Projects with alerts that the next cut can change without any change of the project."""
        return self._waiting

    # -- cuts --------------------------------------------------------------------------------------------------

    def at_cut(
        self,
        project: Project,
        day: int | None,
        values: Sequence[Value],
        known_at_us: int,
        position: Position,
        *,
        publish: bool,
    ) -> list[AlertTransition]:
        """Take the alerts of a project through a cut at its status date; `publish` False: the topic has it already."""
        publish = publish and position["offset"] >= self._published_offset
        matched, plan = self._matched(project, day)
        raised = matched.raised(values)
        keys = raised.keys() | self._runs.get(project.id, {}).keys()
        if publish:
            keys |= self._standing.get(project.id, {}).keys()
        if not keys:
            return []
        moment = _Moment(project.id, plan, day, known_at_us, known_at_us, position)
        transitions: list[AlertTransition] = []
        for key in sorted(keys):
            observation = raised.get(key) or self._quiet(matched, key, values, project.id)
            transitions += self._cut_alert(key, observation, moment, publish=publish)
        self._note_waiting(project.id)
        return transitions

    def pass_time(
        self, projects: Mapping[str, Project], known_at_us: int, position: Position, *, publish: bool
    ) -> list[AlertTransition]:
        """End of a cut: `for` and `keep_firing_for` go on in the projects that the cut did not evaluate."""
        publish = publish and position["offset"] >= self._published_offset
        transitions: list[AlertTransition] = []
        for project_id in sorted(self._waiting):
            for key, seen in sorted(self._seen[project_id].items()):
                if seen.known_at_us == known_at_us:
                    continue
                _, plan = self._matched(projects[project_id], seen.day)
                moment = _Moment(project_id, plan, seen.day, known_at_us, known_at_us, position)
                transitions += self._cut_alert(key, seen.observation, moment, publish=publish)
            self._note_waiting(project_id)
        return transitions

    def _cut_alert(
        self, key: AlertKey, observation: Observation | None, moment: _Moment, *, publish: bool
    ) -> list[AlertTransition]:
        before, decision = self._step(key, observation, moment)
        transitions = self._cut_published(key, observation, moment, before, decision) if publish else []
        self._note_breach_day(key, moment)
        return transitions

    def _cut_published(
        self,
        key: AlertKey,
        observation: Observation | None,
        moment: _Moment,
        before: State,
        decision: Decision,
    ) -> list[AlertTransition]:
        standing = self._standing.get(moment.project_id, {}).get(key)
        published = State.INACTIVE if standing is None else standing.state
        reason = self._reason(published, before, decision, standing)
        transitions: list[AlertTransition] = []
        if (published, decision.state) == (State.FIRING, State.PENDING):
            why = PUBLICATION[published, decision.state]
            transitions += self._publish(key, observation, moment, Decision(State.INACTIVE, why))
        return transitions + self._publish(key, observation, moment, Decision(decision.state, reason))

    def _note_breach_day(self, key: AlertKey, moment: _Moment) -> None:
        """Day of the last breach, also where a replay passes what was published; what came later knows better."""
        run = self._runs.get(moment.project_id, {}).get(key)
        standing = self._standing.get(moment.project_id, {}).get(key)
        if run is None or standing is None:
            return
        if moment.position["offset"] >= standing.data["position"]["offset"]:
            standing.breach_day = run.breach_day

    def _step(
        self, key: AlertKey, observation: Observation | None, moment: _Moment
    ) -> tuple[State, Decision]:
        """State of the run before the cut, and what the cut decides."""
        if observation is None:
            return State.INACTIVE, Decision(State.INACTIVE, Reason.RULES_CHANGED)
        runs = self._runs.setdefault(moment.project_id, {})
        run = runs.get(key) or Run(observation.timed)
        run.timed, before = observation.timed, run.state
        decision = step(run, observation.condition, moment.changed_at_us, moment.day)
        seen = self._seen.setdefault(moment.project_id, {})
        if run.state is State.INACTIVE:
            runs.pop(key, None)
            seen.pop(key, None)
        else:
            runs[key] = run
            seen[key] = Seen(observation, moment.day, moment.changed_at_us)
        return before, decision

    def _reason(
        self, published: State, before: State, decision: Decision, standing: _Standing | None
    ) -> Reason:
        """Why the cut publishes the new state: the step of the run if that explains it, else what stood on the topic."""
        after = decision.state
        if before is not after and (published is before or after is not State.INACTIVE):
            return decision.reason
        if standing is not None and standing.data["rule_hash"] != self.rules.hash:
            return Reason.RULES_CHANGED
        return PUBLICATION[published, after]

    def _note_waiting(self, project_id: str) -> None:
        runs = self._runs.get(project_id)
        if runs and any(run.waits for run in runs.values()):
            self._waiting.add(project_id)
        else:
            self._waiting.discard(project_id)
        if not runs:
            self._runs.pop(project_id, None)
            self._seen.pop(project_id, None)

    # -- between cuts ------------------------------------------------------------------------------------------

    def between_cuts(
        self,
        project: Project,
        day: int | None,
        values: Sequence[Value],
        last_known_at_us: int,
        newest_time_us: int,
        position: Position,
    ) -> list[AlertTransition]:
        """Fire and resolve early what needs no time; the next cut decides."""
        matched, plan = self._matched(project, day)
        raised = matched.raised(values)
        standing = self._standing.get(project.id, {})
        if not raised and not standing:
            return []
        moment = _Moment(project.id, plan, day, max(last_known_at_us, newest_time_us), None, position)
        transitions: list[AlertTransition] = []
        for key in sorted(raised.keys() | standing.keys()):
            observation = raised.get(key) or self._quiet(matched, key, values, project.id)
            if observation is not None:
                transitions += self._early(key, observation, moment)
        return transitions

    def _early(self, key: AlertKey, observation: Observation, moment: _Moment) -> list[AlertTransition]:
        standing = self._standing.get(moment.project_id, {}).get(key)
        published = State.INACTIVE if standing is None else standing.state
        breach_day = None if standing is None else standing.breach_day
        signal = signal_between_cuts(observation.timed, observation.condition, moment.day, breach_day)
        if standing is not None and observation.condition is Condition.BREACH:
            standing.breach_day = moment.day
        return self._publish(key, observation, moment, BETWEEN_CUTS[published, signal])

    # -- both --------------------------------------------------------------------------------------------------

    def _matched(self, project: Project, day: int | None) -> tuple[Matched, Plan | None]:
        plan = project.first_plan() if day is None else project.plan_on(day)
        return self.rules.matching(project.id, None if plan is None else plan.labels), plan

    def _quiet(
        self, matched: Matched, key: AlertKey, values: Sequence[Value], project_id: str
    ) -> Observation | None:
        """What is said of an alert that is not raised; None: its rule is gone."""
        observation = matched.look(key, values)
        if observation is not None:
            return observation
        run = self._runs.get(project_id, {}).get(key)
        timed = self.rules.named(key) if run is None else run.timed
        return None if timed is None else Observation(timed, None, Condition.CLEAR)

    def _publish(
        self, key: AlertKey, observation: Observation | None, moment: _Moment, decision: Decision
    ) -> list[AlertTransition]:
        """Bring the topic to the state decided; nothing when it is there."""
        standing = self._standing.get(moment.project_id, {}).get(key)
        published = State.INACTIVE if standing is None else standing.state
        state = _PUBLISHED_STATE.get((published, decision.state))
        if state is None:
            return []
        value = None if observation is None or observation.value is None else observation.value
        change = Change(
            state,
            decision.reason,
            None if value is None else value.value,
            moment.day,
            moment.changed_at_us,
            moment.known_at_us,
            moment.position,
        )
        over = state in ("resolved", "inactive")
        before, annotations = self._texts(key, observation, value, moment, standing, over=over)
        transition = alert_transition(before, change, annotations, self.rules.hash)
        self._stand(moment.project_id, key, transition["data"], decision.state)
        return [transition]

    def _texts(
        self,
        key: AlertKey,
        observation: Observation | None,
        value: Value | None,
        moment: _Moment,
        standing: _Standing | None,
        *,
        over: bool,
    ) -> tuple[AlertData, dict[str, str] | None]:
        """The alert as it stands, and its texts of now; None where its rule is gone and nothing can be said anew."""
        rule = None if observation is None else observation.timed.rule
        project_id = moment.project_id
        annotations = None
        if rule is not None:
            annotations = annotations_of(
                rule, project_id, key.scope, moment.plan, value, moment.day, over=over
            )
        if standing is not None:
            return standing.data, annotations
        kpi = "" if rule is None else rule.kpi
        return first_data(project_id, key, kpi, self.rules.hash, moment.position), annotations

    def _stand(self, project_id: str, key: AlertKey, data: AlertData, state: State) -> None:
        alerts = self._standing.setdefault(project_id, {})
        if state is not State.INACTIVE:
            alerts[key] = _Standing(data)
            return
        alerts.pop(key, None)
        if not alerts:
            del self._standing[project_id]
