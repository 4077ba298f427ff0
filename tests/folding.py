"""Folds events into one project with the pure core, and reads its values: for unit tests of KPI families."""

from collections.abc import Iterable
from datetime import date

from schemas.acceptance import accept
from streams.core.evaluation import evaluate
from streams.core.project import Project
from streams.core.statements import statement_of
from streams.core.values import Value
from tests.builders import PROJECT, RECORDED_AT_US, ZONE, day

__all__ = ["Values", "folded", "values_on"]


class Values:
    """Values of one day by KPI and scope."""

    def __init__(self, values: Iterable[Value]) -> None:
        self.all = list(values)
        self._by_key = {(value.kpi, value.scope): value for value in self.all}
        assert len(self._by_key) == len(self.all), "two values with one key"

    def row(self, kpi: str, scope: str = "") -> Value:
        return self._by_key[kpi, scope]

    def number(self, kpi: str, scope: str = "") -> float:
        value = self.row(kpi, scope)
        assert value.value is not None, value.reason
        return value.value

    def reason(self, kpi: str, scope: str = "") -> str | None:
        value = self.row(kpi, scope)
        assert (value.value is None) == (value.reason is not None)
        return value.reason

    def date(self, kpi: str, scope: str = "") -> date:
        value = self.row(kpi, scope)
        assert value.value_date is not None, value.reason
        return date.fromordinal(value.value_date)

    def parts(self, kpi: str, scope: str = "") -> tuple[float | None, float | None]:
        """Numerator and denominator as numbers."""
        value = self.row(kpi, scope)
        top, bottom = value.numerator, value.denominator
        return None if top is None else top / 10**12, None if bottom is None else bottom / 10**12

    def scopes(self, kpi: str) -> list[str]:
        return [value.scope for value in self.all if value.kpi == kpi]


def folded(events: Iterable[bytes]) -> Project:
    """The project of some events, every one of which must be accepted."""
    project = Project(PROJECT, ZONE)
    for offset, raw in enumerate(events):
        project.fold(statement_of(accept(raw, (), RECORDED_AT_US, ZONE), raw, offset))
    return project


def values_on(events: Iterable[bytes], on: date | int) -> Values:
    """Values at the end of a day; a number counts days after the builders' start."""
    at = day(on) if isinstance(on, int) else on
    return Values(evaluate(folded(events), at.toordinal())[1])
