"""The lifecycle of an alert as literal tables: state × signal → state, with the reason of every decision.

The states are those of Prometheus. Time is that of the cuts, so `for` and `keep_firing_for` begin, go on and end at
cuts only. What is published between cuts, and what a cut then makes of it, are tables of their own.
Sources: Prometheus, alerting rules (`for`, `keep_firing_for`); thresholds to clear: Prometheus proposal 10536.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from streams.core.rules import Condition, TimedRule

__all__ = [
    "AT_CUT",
    "BETWEEN_CUTS",
    "PUBLICATION",
    "Decision",
    "Reason",
    "Run",
    "Signal",
    "State",
    "signal_at_cut",
    "signal_between_cuts",
    "step",
]


class State(StrEnum):
    """State of an alert."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Signal(StrEnum):
    """What an evaluation tells an alert, durations counted in."""

    BREACH = "breach"
    """Breached, but not yet for as long as `for` asks."""
    HELD = "held"
    """Breached for as long as `for` asks, or the rule has no `for`."""
    BETWEEN = "between"
    """Between the threshold to fire and the one to clear."""
    KEPT = "kept"
    """Clear, but not yet for as long as `keep_firing_for` asks."""
    CORRECTED = "corrected"
    """Clear, and the status date is still that of the last breach: the figures of that day were corrected."""
    CLEARED = "cleared"
    """Clear."""


class Reason(StrEnum):
    """Why a transition was published, or why none was."""

    BREACHED = "breached"
    BREACH_BEGAN = "breach_began"
    BREACH_HELD = "breach_held"
    BREACHED_EARLY = "breached_early"
    CLEARED = "cleared"
    CORRECTED = "corrected"
    NOT_HELD = "not_held"
    NOT_CONFIRMED = "not_confirmed"
    STILL_FIRING = "still_firing"
    RULES_CHANGED = "rules_changed"
    # With these nothing is published.
    NOT_BREACHED = "not_breached"
    WAITS_FOR_HOLD = "waits_for_hold"
    STILL_BREACHED = "still_breached"
    NOT_YET_CLEAR = "not_yet_clear"
    KEPT_FIRING = "kept_firing"
    WAITS_FOR_CUT = "waits_for_cut"
    UNCHANGED = "unchanged"


class Decision(NamedTuple):
    """State after a signal, and why."""

    state: State
    reason: Reason


_INACTIVE, _PENDING, _FIRING = State.INACTIVE, State.PENDING, State.FIRING

AT_CUT: dict[tuple[State, Signal], Decision] = {
    (_INACTIVE, Signal.BREACH): Decision(_PENDING, Reason.BREACH_BEGAN),
    (_INACTIVE, Signal.HELD): Decision(_FIRING, Reason.BREACHED),
    (_INACTIVE, Signal.BETWEEN): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.KEPT): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.CORRECTED): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.CLEARED): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_PENDING, Signal.BREACH): Decision(_PENDING, Reason.WAITS_FOR_HOLD),
    (_PENDING, Signal.HELD): Decision(_FIRING, Reason.BREACH_HELD),
    # `clear` keeps alight what burns; one evaluation that is no breach ends what is pending
    (_PENDING, Signal.BETWEEN): Decision(_INACTIVE, Reason.NOT_HELD),
    (_PENDING, Signal.KEPT): Decision(_INACTIVE, Reason.NOT_HELD),
    (_PENDING, Signal.CORRECTED): Decision(_INACTIVE, Reason.NOT_HELD),
    (_PENDING, Signal.CLEARED): Decision(_INACTIVE, Reason.NOT_HELD),
    (_FIRING, Signal.BREACH): Decision(_FIRING, Reason.STILL_BREACHED),
    (_FIRING, Signal.HELD): Decision(_FIRING, Reason.STILL_BREACHED),
    (_FIRING, Signal.BETWEEN): Decision(_FIRING, Reason.NOT_YET_CLEAR),
    (_FIRING, Signal.KEPT): Decision(_FIRING, Reason.KEPT_FIRING),
    (_FIRING, Signal.CORRECTED): Decision(_INACTIVE, Reason.CORRECTED),
    (_FIRING, Signal.CLEARED): Decision(_INACTIVE, Reason.CLEARED),
}
"""The run over the cuts."""

BETWEEN_CUTS: dict[tuple[State, Signal], Decision] = {
    (_INACTIVE, Signal.BREACH): Decision(_INACTIVE, Reason.WAITS_FOR_CUT),
    (_INACTIVE, Signal.HELD): Decision(_FIRING, Reason.BREACHED_EARLY),
    (_INACTIVE, Signal.BETWEEN): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.KEPT): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.CORRECTED): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_INACTIVE, Signal.CLEARED): Decision(_INACTIVE, Reason.NOT_BREACHED),
    (_PENDING, Signal.BREACH): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_PENDING, Signal.HELD): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_PENDING, Signal.BETWEEN): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_PENDING, Signal.KEPT): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_PENDING, Signal.CORRECTED): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_PENDING, Signal.CLEARED): Decision(_PENDING, Reason.WAITS_FOR_CUT),
    (_FIRING, Signal.BREACH): Decision(_FIRING, Reason.STILL_BREACHED),
    (_FIRING, Signal.HELD): Decision(_FIRING, Reason.STILL_BREACHED),
    (_FIRING, Signal.BETWEEN): Decision(_FIRING, Reason.NOT_YET_CLEAR),
    (_FIRING, Signal.KEPT): Decision(_FIRING, Reason.WAITS_FOR_CUT),
    (_FIRING, Signal.CORRECTED): Decision(_INACTIVE, Reason.CORRECTED),
    (_FIRING, Signal.CLEARED): Decision(_INACTIVE, Reason.CLEARED),
}
"""What is published between cuts, from the published state: what needs no time fires and resolves early."""

PUBLICATION: dict[tuple[State, State], Reason] = {
    (_INACTIVE, _INACTIVE): Reason.UNCHANGED,
    (_INACTIVE, _PENDING): Reason.BREACH_BEGAN,
    (_INACTIVE, _FIRING): Reason.STILL_FIRING,
    (_PENDING, _INACTIVE): Reason.NOT_HELD,
    (_PENDING, _PENDING): Reason.UNCHANGED,
    (_PENDING, _FIRING): Reason.BREACH_HELD,
    (_FIRING, _INACTIVE): Reason.NOT_CONFIRMED,
    (_FIRING, _PENDING): Reason.RULES_CHANGED,
    (_FIRING, _FIRING): Reason.UNCHANGED,
}
"""Why a cut publishes what it does, from the published state to that of the run, where no step of the run explains it."""


@dataclass(slots=True)
class Run:
    """An alert in the run over the cuts; instants in microseconds since the epoch, days as ordinals."""

    timed: TimedRule
    state: State = State.INACTIVE
    active_at_us: int = 0
    clear_since_us: int | None = None
    breach_day: int | None = None

    @property
    def waits(self) -> bool:
        """Whether the next cut can change it without any change of its project."""
        return self.state is State.PENDING or self.clear_since_us is not None


def signal_at_cut(run: Run, said: Condition, known_at_us: int, day: int | None) -> Signal:
    """What a cut tells the run of an alert."""
    if said is Condition.BETWEEN:
        return Signal.BETWEEN
    if said is Condition.BREACH:
        began_us = known_at_us if run.state is State.INACTIVE else run.active_at_us
        return Signal.HELD if known_at_us - began_us >= run.timed.hold_us else Signal.BREACH
    clear_since_us = known_at_us if run.clear_since_us is None else run.clear_since_us
    if run.state is State.FIRING and known_at_us - clear_since_us < run.timed.keep_firing_us:
        return Signal.KEPT
    return _clear_signal(day, run.breach_day)


def signal_between_cuts(timed: TimedRule, said: Condition, day: int | None, breach_day: int | None) -> Signal:
    """What an evaluation between cuts tells an alert: what needs time has to wait for the cut."""
    if said is Condition.BETWEEN:
        return Signal.BETWEEN
    if said is Condition.BREACH:
        return Signal.BREACH if timed.hold_us else Signal.HELD
    return Signal.KEPT if timed.keep_firing_us else _clear_signal(day, breach_day)


def _clear_signal(day: int | None, breach_day: int | None) -> Signal:
    return Signal.CORRECTED if day is not None and day == breach_day else Signal.CLEARED


def step(run: Run, said: Condition, known_at_us: int, day: int | None) -> Decision:
    """Take the run of an alert through a cut; `day` is the status date."""
    signal = signal_at_cut(run, said, known_at_us, day)
    decision = AT_CUT[run.state, signal]
    if run.state is State.INACTIVE:
        run.active_at_us = known_at_us
    if signal is not Signal.KEPT:
        run.clear_since_us = None
    elif run.state is State.FIRING and run.clear_since_us is None:
        run.clear_since_us = known_at_us
    if said is Condition.BREACH:
        run.breach_day = day
    run.state = decision.state
    return decision
