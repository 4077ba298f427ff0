"""The alert lifecycle: its tables are complete, and `for` and `keep_firing_for` go as in Prometheus."""

from itertools import product

import pytest

from schemas.alerts import Rule
from streams.core.lifecycle import (
    AT_CUT,
    BETWEEN_CUTS,
    PUBLICATION,
    Reason,
    Run,
    Signal,
    State,
    signal_between_cuts,
    step,
)
from streams.core.rules import Condition, TimedRule

BREACH, BETWEEN, CLEAR = Condition.BREACH, Condition.BETWEEN, Condition.CLEAR
MINUTE = 60_000_000
DAY = 739_000
RULE = Rule.model_validate({"alert": "A", "kpi": "spi", "below": 0.9, "clear": 0.95})


def run(hold: int = 0, keep: int = 0) -> Run:
    return Run(TimedRule(RULE, hold * MINUTE, keep * MINUTE))


def steps(alert: Run, *told: tuple[int, Condition]) -> list[tuple[str, str]]:
    """State and reason after each cut, at minutes; every cut has a status date of its own."""
    decisions = [step(alert, said, minute * MINUTE, DAY + minute) for minute, said in told]
    return [(decision.state.value, decision.reason.value) for decision in decisions]


@pytest.mark.parametrize("table", [AT_CUT, BETWEEN_CUTS])
def test_every_state_and_signal_has_a_decision(table: dict[tuple[State, Signal], object]) -> None:
    assert set(table) == set(product(State, Signal))


def test_every_pair_of_published_and_decided_state_has_a_reason() -> None:
    assert set(PUBLICATION) == set(product(State, State))


def test_every_reason_stands_in_a_table() -> None:
    decisions = [*AT_CUT.values(), *BETWEEN_CUTS.values()]
    assert {decision.reason for decision in decisions} | set(PUBLICATION.values()) == set(Reason)


def test_between_cuts_nothing_moves_that_is_pending() -> None:
    assert {BETWEEN_CUTS[State.PENDING, signal].state for signal in Signal} == {State.PENDING}


def test_a_rule_without_for_fires_at_the_first_breach() -> None:
    assert steps(run(), (0, BREACH), (1, BREACH)) == [("firing", "breached"), ("firing", "still_breached")]


def test_a_breach_fires_when_it_has_held_for_as_long_as_for_asks() -> None:
    told = ((0, BREACH), (4, BREACH), (5, BREACH), (6, CLEAR))
    assert steps(run(hold=5), *told) == [
        ("pending", "breach_began"),
        ("pending", "waits_for_hold"),
        ("firing", "breach_held"),
        ("inactive", "cleared"),
    ]


@pytest.mark.parametrize("interruption", [CLEAR, BETWEEN])
def test_one_evaluation_that_is_no_breach_drops_what_is_pending(interruption: Condition) -> None:
    told = ((0, BREACH), (4, interruption), (5, BREACH), (9, BREACH), (10, BREACH))
    assert steps(run(hold=5), *told) == [
        ("pending", "breach_began"),
        ("inactive", "not_held"),
        ("pending", "breach_began"),
        ("pending", "waits_for_hold"),
        ("firing", "breach_held"),
    ]


def test_keep_firing_for_counts_from_the_first_evaluation_that_is_clear() -> None:
    told = ((0, BREACH), (1, CLEAR), (5, CLEAR), (6, CLEAR))
    assert steps(run(keep=5), *told)[1:] == [
        ("firing", "kept_firing"),
        ("firing", "kept_firing"),
        ("inactive", "cleared"),
    ]


def test_a_breach_starts_keep_firing_for_anew() -> None:
    told = ((0, BREACH), (1, CLEAR), (5, BREACH), (6, CLEAR), (10, CLEAR), (11, CLEAR))
    states = [state for state, _ in steps(run(keep=5), *told)]
    assert states == ["firing", "firing", "firing", "firing", "firing", "inactive"]


def test_keep_firing_for_keeps_nothing_that_is_pending() -> None:
    assert steps(run(hold=5, keep=5), (0, BREACH), (1, CLEAR))[1] == ("inactive", "not_held")


def test_between_the_thresholds_what_fires_goes_on_and_what_does_not_fire_stays_quiet() -> None:
    told = ((0, BETWEEN), (1, BREACH), (2, BETWEEN), (3, CLEAR), (4, BETWEEN))
    assert steps(run(), *told) == [
        ("inactive", "not_breached"),
        ("firing", "breached"),
        ("firing", "not_yet_clear"),
        ("inactive", "cleared"),
        ("inactive", "not_breached"),
    ]


def test_a_correction_of_the_day_of_the_breach_is_told_apart_from_a_recovery() -> None:
    alert = run()
    step(alert, BREACH, 0, DAY)
    assert step(alert, CLEAR, MINUTE, DAY).reason is Reason.CORRECTED


def test_a_recovery_on_a_later_day_is_cleared() -> None:
    alert = run()
    step(alert, BREACH, 0, DAY)
    assert step(alert, CLEAR, MINUTE, DAY + 1).reason is Reason.CLEARED


def test_only_what_time_can_change_waits() -> None:
    pending, kept, firing = run(hold=5), run(keep=5), run()
    steps(pending, (0, BREACH))
    steps(kept, (0, BREACH), (1, CLEAR))
    steps(firing, (0, BREACH))
    assert (pending.waits, kept.waits, firing.waits) == (True, True, False)


@pytest.mark.parametrize(
    ("hold", "keep", "said", "signal"),
    [
        (0, 0, BREACH, Signal.HELD),
        (1, 0, BREACH, Signal.BREACH),
        (0, 0, BETWEEN, Signal.BETWEEN),
        (0, 0, CLEAR, Signal.CORRECTED),
        (0, 1, CLEAR, Signal.KEPT),
    ],
)
def test_between_cuts_durations_wait_for_the_cut(
    hold: int, keep: int, said: Condition, signal: Signal
) -> None:
    assert signal_between_cuts(TimedRule(RULE, hold, keep), said, DAY, DAY) is signal


def test_without_a_status_date_nothing_is_a_correction() -> None:
    assert signal_between_cuts(TimedRule(RULE, 0, 0), CLEAR, None, None) is Signal.CLEARED
