"""Alert rules applied to the values of a project: which rules look at it, and what each says of a value.

A rule says one of three things: its condition is breached, clear, or between the two thresholds of a rule that has a
`clear` of its own. It keeps nothing from one evaluation to the next; that is what `streams.core.lifecycle` is for.
"""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from schemas.alerts import Rule, RuleScope, duration_us, rule_set_hash
from streams.core.plan import Labels
from streams.core.values import Value

__all__ = ["AlertKey", "Condition", "Matched", "Observation", "RuleSet", "TimedRule", "condition", "owner_of"]

EACH_SCOPE = "*"
_NO_LABELS: tuple[str, str, frozenset[str]] = ("", "", frozenset())


class Condition(StrEnum):
    """What a rule says of a value."""

    BREACH = "breach"
    BETWEEN = "between"
    CLEAR = "clear"


class TimedRule(NamedTuple):
    """A rule with its durations in microseconds; 0 where it has none."""

    rule: Rule
    hold_us: int
    keep_firing_us: int


class AlertKey(NamedTuple):
    """Identity of an alert within its project; with the project id these are its labels."""

    alert: str
    severity: str
    scope: str


class Observation(NamedTuple):
    """What a rule says of a scope of a project; `value` None: there is no such row."""

    timed: TimedRule
    value: Value | None
    condition: Condition


def condition(value: float | None, rule: Rule) -> Condition:
    """What a rule says of a number or null: thresholds strict, `clear` inclusive; null breaches nothing but `is_null`."""
    if rule.is_null is not None:
        return Condition.BREACH if (value is None) == rule.is_null else Condition.CLEAR
    if value is None:
        return Condition.CLEAR
    if rule.above is not None:
        return _beyond(value, rule.above, rule.clear)
    threshold = 0.0 if rule.below is None else rule.below
    return _beyond(-value, -threshold, None if rule.clear is None else -rule.clear)


def _beyond(value: float, threshold: float, clear: float | None) -> Condition:
    if value > threshold:
        return Condition.BREACH
    if clear is None or value <= clear:
        return Condition.CLEAR
    return Condition.BETWEEN


class Matched:
    """The rules that look at a project, by KPI. Of several rules for one alert the one that stands first owns it."""

    def __init__(self, rules: Sequence[TimedRule]) -> None:
        self._rules = tuple(rules)
        self._by_kpi: dict[str, list[TimedRule]] = {}
        for timed in rules:
            self._by_kpi.setdefault(timed.rule.kpi, []).append(timed)
        names = [(timed.rule.alert, timed.rule.severity) for timed in rules]
        self._shared = frozenset(name for name in names if names.count(name) > 1)

    def raised(self, values: Iterable[Value]) -> dict[AlertKey, Observation]:
        """Observations that are not clear."""
        found: dict[AlertKey, Observation] = {}
        by_kpi = self._by_kpi
        for value in values:
            for timed in by_kpi.get(value.kpi, ()):
                rule = timed.rule
                if rule.scope not in (value.scope, EACH_SCOPE):
                    continue
                said = condition(value.value, rule)
                if said is not Condition.CLEAR and self._owns(timed, value.scope):
                    key = AlertKey(rule.alert, rule.severity, value.scope)
                    found[key] = Observation(timed, value, said)
        return found

    def look(self, key: AlertKey, values: Iterable[Value]) -> Observation | None:
        """What is said of one alert; None: none of the rules is its."""
        timed = owner_of(key, self._rules)
        if timed is None:
            return None
        kpi = timed.rule.kpi
        row = next((value for value in values if value.kpi == kpi and value.scope == key.scope), None)
        return Observation(timed, row, Condition.CLEAR if row is None else condition(row.value, timed.rule))

    def _owns(self, timed: TimedRule, scope: str) -> bool:
        rule = timed.rule
        if (rule.alert, rule.severity) not in self._shared:
            return True
        return owner_of(AlertKey(rule.alert, rule.severity, scope), self._rules) is timed


class RuleSet:
    """All rules of a worker; `hash` names them. Their order does not matter.

    Where two rules with one name and severity look at the same scope of a project, the one whose `where` says more
    holds, so that a general rule can be given another threshold for one project.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.hash = rule_set_hash(rules)
        self._rules = tuple(_timed(rule) for rule in sorted(rules, key=_precedence))
        self._named_projects = frozenset(rule.where.project for rule in rules)
        self._matched: dict[tuple[str | None, str, str, frozenset[str]], Matched] = {}

    def __iter__(self) -> Iterator[Rule]:
        return (timed.rule for timed in self._rules)

    def __len__(self) -> int:
        return len(self._rules)

    def number_of(self, timed: TimedRule) -> int:
        """Place of one of these rules, which is the same in every set with this hash."""
        return next(number for number, known in enumerate(self._rules) if known.rule is timed.rule)

    def numbered(self, number: int) -> TimedRule:
        """The rule in a place."""
        return self._rules[number]

    def matching(self, project_id: str, labels: Labels | None) -> Matched:
        """Rules that look at a project; `labels` are those of its baseline in force, None where it has none."""
        project = project_id if project_id in self._named_projects else None
        kind, city, tags = _NO_LABELS if labels is None else (labels.kind, labels.city, labels.tags)
        known = self._matched.get((project, kind, city, tags))
        if known is None:
            chosen = [
                timed for timed in self._rules if _looks_at(timed.rule.where, project, kind, city, tags)
            ]
            known = self._matched[project, kind, city, tags] = Matched(chosen)
        return known

    def named(self, key: AlertKey) -> TimedRule | None:
        """A rule of that name, whatever projects it looks at; None: the alert belongs to no rule any more."""
        return owner_of(key, self._rules)


def owner_of(key: AlertKey, rules: Iterable[TimedRule]) -> TimedRule | None:
    """The first rule that an alert can come from."""
    for timed in rules:
        rule = timed.rule
        if (rule.alert, rule.severity) == key[:2] and rule.scope in (key.scope, EACH_SCOPE):
            return timed
    return None


def _precedence(rule: Rule) -> tuple[int, bool, str]:
    where = rule.where
    given = [where.project, where.kind, where.city, *(where.tags or ())]
    said = sum(1 for field in given if field is not None)
    return -said, rule.scope == EACH_SCOPE, rule.model_dump_json(by_alias=True)


def _timed(rule: Rule) -> TimedRule:
    hold = 0 if rule.hold is None else duration_us(rule.hold)
    keep = 0 if rule.keep_firing_for is None else duration_us(rule.keep_firing_for)
    return TimedRule(rule, hold, keep)


def _looks_at(where: RuleScope, project: str | None, kind: str, city: str, tags: frozenset[str]) -> bool:
    wanted = ((where.project, project), (where.kind, kind), (where.city, city))
    if any(want is not None and want != has for want, has in wanted):
        return False
    return tags.issuperset(where.tags or ())
