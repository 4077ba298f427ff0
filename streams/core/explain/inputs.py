"""What a declaration is made of: inputs of a formula, each with the statements that it rests on.

Statements are the winning ones with a field that the formula reads: the newest of a cumulative figure, every report of a
sum or window, the baseline in force.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from schemas.kpi import NullReason
from schemas.quantities import MICRO, PICO
from streams.core.day_view import DayView
from streams.core.plan import Plan
from streams.core.project import BASELINED, Project
from streams.core.statements import Statement
from streams.core.timeline import Timeline
from streams.core.values import Exact, Rational, Value

__all__ = [
    "Case",
    "Declaration",
    "Input",
    "Number",
    "Statements",
    "Worked",
    "baseline_of",
    "carrier",
    "date_of",
    "fraction_input",
    "newest_where",
    "number_of",
    "plain",
    "together",
    "value_input",
]

Statements = tuple[Statement, ...]

Number = int | float
"""A number for reading; integers stay whole."""


class Input(NamedTuple):
    """One input of a formula: a number in `unit`, a date, or None where there is none."""

    name: str
    value: Number | date | None
    unit: str
    statements: Statements = ()


class Worked(NamedTuple):
    """Inputs of a value, and the formula in their names; None: the formula of the registry."""

    inputs: tuple[Input, ...]
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """The value to be explained: its project on its day, and all other values of that day."""

    view: DayView
    value: Value
    values: Mapping[tuple[str, str], Value]

    @property
    def project(self) -> Project:
        """Project with all its winning statements."""
        return self.view.project

    @property
    def plan(self) -> Plan | None:
        """Baseline in force."""
        return self.view.plan

    @property
    def day(self) -> int:
        """Day of the value (ordinal)."""
        return self.view.day

    @property
    def scope(self) -> str:
        """Scope of the value."""
        return self.value.scope

    def other(self, kpi: str, scope: str | None = None) -> Value | None:
        """Another value of the day, of the same scope unless one is named."""
        return self.values.get((kpi, self.scope if scope is None else scope))


Declaration = Callable[[Case], Worked]
"""Says what the formula of one KPI reads."""


# -- numbers -------------------------------------------------------------------------------------------------------


def plain(number: Exact) -> Number:
    """A number for reading: whole if it is."""
    exact = Fraction(number)
    return exact.numerator if exact.denominator == 1 else float(exact)


def number_of(number: Rational | NullReason | None, scale: int = MICRO) -> Number | None:
    """A scaled number for reading; None where a reason, or nothing, stands in its place."""
    if number is None or isinstance(number, str):
        return None
    return plain(Fraction(number.numerator, number.denominator * scale))


def date_of(day: int | None) -> date | None:
    """Date of an ordinal."""
    return None if day is None else date.fromordinal(day)


def value_input(name: str, value: Value | None, statements: Statements = ()) -> Input:
    """Another KPI as an input."""
    if value is None:
        return Input(name, None, "", statements)
    if value.value_date is not None:
        return Input(name, date_of(value.value_date), value.unit, statements)
    number = value.value
    whole = number is not None and number.is_integer() and abs(number) < 2**53
    return Input(name, int(number) if whole and number is not None else number, value.unit, statements)


def fraction_input(name: str, number: int | None, unit: str, statements: Statements = ()) -> Input:
    """The numerator or denominator of a value as an input."""
    return Input(name, number_of(number, PICO), unit, statements)


# -- statements ----------------------------------------------------------------------------------------------------


def together(*parts: Iterable[Statement]) -> Statements:
    """Statements of several inputs, each once."""
    return tuple({statement.key: statement for part in parts for statement in part}.values())


def baseline_of(project: Project, plan: Plan | None) -> Statements:
    """The statement of a baseline."""
    return () if plan is None else (project.slots[BASELINED, plan.baseline],)


def carrier(timeline: Timeline, day: int, field: str) -> Statements:
    """The statement that gives a carried field its value on a day, or clears it."""
    for statement in timeline.having(day, field):
        return (statement,)
    return ()


def newest_where(timeline: Timeline, day: int, counts: Callable[[dict[str, Any]], bool]) -> Statements:
    """The newest statement not after a day whose data counts."""
    for _, statement in timeline.backwards(day):
        if counts(statement.data):
            return (statement,)
    return ()
