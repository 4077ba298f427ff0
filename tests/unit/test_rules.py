"""Which rules look at a project, and what they say of a value."""

from typing import Any

import pytest

from schemas.alerts import Rule
from streams.core.plan import Labels
from streams.core.rules import AlertKey, Condition, RuleSet, condition
from streams.core.values import Value

LABELS = Labels("Depot", "油库", "construction", "Luoyang", frozenset({"energy", "key"}))


def rule(**fields: Any) -> Rule:
    return Rule.model_validate({"alert": "A", "kpi": "spi", "below": 0.9} | fields)


def value(number: float | None, kpi: str = "spi", scope: str = "") -> Value:
    return Value(kpi, scope, number, None, None, None, "1", None if number is not None else "no_data")


def raised(
    rules: RuleSet, *values: Value, project: str = "p", labels: Labels | None = LABELS
) -> dict[Any, Any]:
    found = rules.matching(project, labels).raised(values)
    return {key: said.condition.value for key, said in found.items()}


@pytest.mark.parametrize(
    ("fields", "number", "said"),
    [
        ({"below": 0.9}, 0.89, "breach"),
        ({"below": 0.9}, 0.9, "clear"),
        ({"below": 0.9, "clear": 0.95}, 0.9, "between"),
        ({"below": 0.9, "clear": 0.95}, 0.94, "between"),
        ({"below": 0.9, "clear": 0.95}, 0.95, "clear"),
        ({"below": -10.0}, -10.5, "breach"),
        ({"below": None, "above": 0.0}, 0.0, "clear"),
        ({"below": None, "above": 0.0}, 1.0, "breach"),
        ({"below": None, "above": 5.0, "clear": 3.0}, 3.0, "clear"),
        ({"below": None, "above": 5.0, "clear": 3.0}, 5.0, "between"),
        ({"below": 0.9}, None, "clear"),
        ({"below": None, "above": 0.0}, None, "clear"),
        ({"below": None, "is_null": True}, None, "breach"),
        ({"below": None, "is_null": True}, 1.0, "clear"),
        ({"below": None, "is_null": False}, 1.0, "breach"),
        ({"below": None, "is_null": False}, None, "clear"),
    ],
)
def test_thresholds_are_strict_clear_is_inclusive_and_null_is_false(
    fields: dict[str, Any], number: float | None, said: str
) -> None:
    assert condition(number, rule(**fields)) is Condition(said)


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"kind": "construction"},
        {"city": "Luoyang"},
        {"project": "p"},
        {"tags": ("key",)},
        {"tags": ("key", "energy"), "kind": "construction", "city": "Luoyang", "project": "p"},
    ],
)
def test_a_rule_looks_at_projects_that_match_every_field_of_where(where: dict[str, Any]) -> None:
    assert raised(RuleSet([rule(where=where)]), value(0.5)) == {("A", "warning", ""): "breach"}


@pytest.mark.parametrize(
    "where",
    [
        {"kind": "restart"},
        {"city": "Xinxiang"},
        {"project": "q"},
        {"tags": ("key", "water")},
        {"kind": "construction", "city": "Xinxiang"},
    ],
)
def test_a_rule_looks_away_from_projects_that_differ_in_one_field(where: dict[str, Any]) -> None:
    assert raised(RuleSet([rule(where=where)]), value(0.5)) == {}


def test_a_project_without_baseline_is_found_by_its_id_alone() -> None:
    rules = RuleSet([rule(where={"project": "p"}), rule(alert="B", where={"kind": "construction"})])
    assert [key.alert for key in raised(rules, value(0.5), labels=None)] == ["A"]


def test_a_rule_looks_at_its_scope_and_a_star_at_each() -> None:
    rules = RuleSet([rule(), rule(alert="Each", scope="*"), rule(alert="One", scope="m1")])
    found = raised(rules, value(0.5), value(0.5, scope="m1"), value(0.5, scope="m2"))
    assert sorted(found) == [
        ("A", "warning", ""),
        ("Each", "warning", ""),
        ("Each", "warning", "m1"),
        ("Each", "warning", "m2"),
        ("One", "warning", "m1"),
    ]


def test_what_is_clear_is_not_raised() -> None:
    rules = RuleSet([rule(clear=0.95)])
    assert raised(rules, value(0.99), value(0.1, kpi="cpi")) == {}
    assert raised(rules, value(0.92)) == {("A", "warning", ""): "between"}


def test_of_two_rules_for_one_alert_the_one_that_says_more_of_its_projects_holds() -> None:
    general, special = rule(below=0.9), rule(below=0.7, where={"project": "p"})
    for rules in (RuleSet([general, special]), RuleSet([special, general])):
        assert raised(rules, value(0.8)) == {}
        assert raised(rules, value(0.8), project="q") == {("A", "warning", ""): "breach"}


def test_an_alert_is_looked_at_by_name_when_its_row_is_clear_or_gone() -> None:
    rules = RuleSet([rule()])
    matched, key = rules.matching("p", LABELS), AlertKey("A", "warning", "")
    here, gone = matched.look(key, [value(0.95)]), matched.look(key, [])
    assert here is not None
    assert here.value is not None
    assert gone is not None
    assert (here.condition, gone.condition, gone.value) == (Condition.CLEAR, Condition.CLEAR, None)
    assert matched.look(AlertKey("B", "warning", ""), []) is None
    assert rules.named(key) is not None
    assert rules.named(AlertKey("A", "critical", "")) is None


def test_durations_are_microseconds() -> None:
    timed = RuleSet([rule(**{"for": "3d", "keep_firing_for": "5m"})]).named(AlertKey("A", "warning", ""))
    assert timed is not None
    assert (timed.hold_us, timed.keep_firing_us) == (3 * 86_400_000_000, 300_000_000)


def test_the_hash_names_the_set_and_not_its_order() -> None:
    one, other = rule(), rule(alert="B")
    assert RuleSet([one, other]).hash == RuleSet([other, one]).hash
    assert RuleSet([one]).hash != RuleSet([rule(below=0.8)]).hash
    assert len(RuleSet([one, other])) == 2
    assert list(RuleSet([one])) == [one]
