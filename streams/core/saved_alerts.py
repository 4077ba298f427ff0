"""The alerts of one project as plain values, and back. Rules go by their number in the set, whose hash a saved state names.

What stands on the topic is read from there by whoever restores a state; of that only the day of the last breach is kept,
which the topic does not tell.
"""

from typing import Any

from streams.core.alerting import AlertBook, KeptAlerts, Seen
from streams.core.lifecycle import Run, State
from streams.core.rules import AlertKey, Condition, Observation, RuleSet
from streams.core.values import Value

__all__ = ["alerts_of", "restore_alerts"]


def alerts_of(book: AlertBook, project_id: str) -> list[Any] | None:
    """What the lifecycle keeps of a project; None: nothing."""
    kept = book.kept(project_id)
    if not any(kept):
        return None
    number = book.rules.number_of
    runs = [
        [*key, number(run.timed), run.state.value, run.active_at_us, run.clear_since_us, run.breach_day]
        for key, run in kept.runs.items()
    ]
    seen = [
        [*key, number(said.timed), said.condition.value, _value(said.value), day, known_at_us]
        for key, (said, day, known_at_us) in kept.seen.items()
    ]
    breach_days = [[*key, state.value, *place, day] for key, (state, place, day) in kept.breach_days.items()]
    return [runs, seen, breach_days]


def restore_alerts(book: AlertBook, project_id: str, plain: list[Any] | None) -> None:
    """Take over what `alerts_of` told into a book that knows what stands on the topic."""
    if plain is None:
        return
    runs, seen, breach_days = plain
    rules = book.rules
    book.keep(
        project_id,
        KeptAlerts(
            {
                AlertKey(*key): Run(rules.numbered(rule), State(state), *times)
                for *key, rule, state, active, clear, breach in runs
                for times in [(active, clear, breach)]
            },
            {
                AlertKey(*key): Seen(_observation(rules, rule, value, said), day, known_at_us)
                for *key, rule, said, value, day, known_at_us in seen
            },
            {
                AlertKey(*key): (State(state), (offset, seq), day)
                for *key, state, offset, seq, day in breach_days
            },
        ),
    )


def _observation(rules: RuleSet, rule: int, value: list[Any] | None, said: str) -> Observation:
    return Observation(rules.numbered(rule), _restored(value), Condition(said))


def _value(value: Value | None) -> list[Any] | None:
    """Exact integers as texts: they may have more than 64 bits."""
    if value is None:
        return None
    kpi, scope, number, day, top, bottom, unit, reason = value
    return [kpi, scope, number, day, _text(top), _text(bottom), unit, reason]


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _restored(plain: list[Any] | None) -> Value | None:
    if plain is None:
        return None
    kpi, scope, value, day, top, bottom, unit, reason = plain
    return Value(kpi, scope, value, day, _number(top), _number(bottom), unit, reason)


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
