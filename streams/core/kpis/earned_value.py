"""Earned value management: cumulative over cumulative, never a period index.

Sources: ANSI/EIA-748; ISO 21508:2018; PMI Practice Standard for Earned Value Management, 2nd edition.
"""

from collections.abc import Iterator
from fractions import Fraction

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.reasons import first_reason
from streams.core.values import Exact, Value, amount, null, ratio

__all__ = ["evaluate"]

Number = Exact | NullReason
"""A number in 10⁻⁶ of the budget's unit (indices: a plain number), or why there is none."""


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "earned_value" not in view.sections:
        return
    progress = view.progress
    figures = _Figures(view, progress.budget, progress.planned, progress.earned, progress.cost)
    yield from figures.amounts()
    yield from figures.indices()
    yield from figures.percents()
    yield from figures.forecasts()
    yield from figures.to_complete()


class _Figures:
    """BAC, PV, EV, AC of a day and what follows from them."""

    def __init__(self, view: DayView, budget: Number, planned: Number, earned: Number, cost: Number) -> None:
        self.unit = view.progress.unit
        self.budget, self.planned, self.earned, self.cost = budget, planned, earned, cost
        all_earned = not isinstance(earned, str) and not isinstance(budget, str) and earned >= budget
        self.complete = view.finish is not None or all_earned
        self.before_start = view.plan is not None and view.day <= view.plan.start

    def amounts(self) -> Iterator[Value]:
        """BAC, PV, EV, AC; SV = EV − PV; CV = EV − AC."""
        yield self._amount("budget_at_completion", self.budget)
        yield self._amount("planned_value", self.planned)
        yield self._amount("earned_value", self.earned)
        yield self._amount("actual_cost", self.cost)
        yield self._amount("schedule_variance", _minus(self.earned, self.planned))
        yield self._amount("cost_variance", _minus(self.earned, self.cost))

    def indices(self) -> Iterator[Value]:
        """SPI = EV / PV; CPI = EV / AC; SCI = SPI × CPI."""
        yield self._ratio("spi", self.earned, self.planned, "1", self.schedule_index)
        yield self._ratio("cpi", self.earned, self.cost, "1", self.cost_index)
        product = _times(self.schedule_index, self.cost_index)
        yield (
            null("sci", "", "1", product) if isinstance(product, str) else amount("sci", "", product, "1", 1)
        )

    @property
    def schedule_index(self) -> Number:
        """SPI, or why there is none."""
        return self._index(self.earned, self.planned, "not_started")

    @property
    def cost_index(self) -> Number:
        """CPI, or why there is none."""
        return self._index(self.earned, self.cost, "zero_denominator")

    def percents(self) -> Iterator[Value]:
        """EV, PV and AC over BAC."""
        for kpi, part in (
            ("percent_complete", self.earned),
            ("percent_scheduled", self.planned),
            ("percent_spent", self.cost),
        ):
            yield self._ratio(kpi, part, self.budget, "%", _over(part, self.budget), times=100)

    def forecasts(self) -> Iterator[Value]:
        """EAC and its variants, ETC = EAC − AC, VAC = BAC − EAC."""
        rest = _minus(self.budget, self.earned)
        eac = self.estimate
        yield self._amount("eac", eac)
        yield self._amount("eac_budget", _plus(self.cost, rest))
        yield self._amount(
            "eac_sci", _plus(self.cost, _over(rest, _times(self.cost_index, self.schedule_index)))
        )
        yield self._amount("etc", _minus(eac, self.cost))
        yield self._amount("vac", _minus(self.budget, eac))

    @property
    def estimate(self) -> Number:
        """EAC = BAC / CPI, or why there is none."""
        return _over(self.budget, self.cost_index)

    def to_complete(self) -> Iterator[Value]:
        """TCPI = (BAC − EV) / (BAC − AC), on EAC: (BAC − EV) / (EAC − AC)."""
        rest = _minus(self.budget, self.earned)
        yield self._to_complete("tcpi", rest, _minus(self.budget, self.cost), "budget_exhausted")
        yield self._to_complete("tcpi_eac", rest, _minus(self.estimate, self.cost), "zero_denominator")

    def _to_complete(self, kpi: str, rest: Number, money: Number, exhausted: NullReason) -> Value:
        spent = not isinstance(money, str) and money <= 0
        missing = self._missing(
            rest, money, "complete" if self.complete else None, exhausted if spent else None
        )
        return self._ratio(kpi, rest, money, "1", missing or 0)

    def _missing(self, *parts: Number | None) -> NullReason | None:
        """Reason of an index: want of a part, or not started."""
        return first_reason(*parts, "not_started" if self.before_start else None)

    def _index(self, top: Number, bottom: Number, empty: NullReason) -> Number:
        missing = self._missing(top, bottom, empty if bottom == 0 else None)
        return missing or _over(top, bottom)

    def _amount(self, kpi: str, number: Number) -> Value:
        return (
            null(kpi, "", self.unit, number)
            if isinstance(number, str)
            else amount(kpi, "", number, self.unit)
        )

    def _ratio(
        self, kpi: str, top: Number, bottom: Number, unit: str, result: Number, times: int = 1
    ) -> Value:
        """Ratio, or null with the reason that stands in `result` and what is known of its parts."""
        above = None if isinstance(top, str) else top
        below = None if isinstance(bottom, str) else bottom
        if isinstance(result, str) or above is None or below is None:
            reason = result if isinstance(result, str) else first_reason(top, bottom) or "no_data"
            return null(kpi, "", unit, reason, numerator=above, denominator=below)
        return ratio(kpi, "", above, below, unit, times=times)


def _minus(left: Number, right: Number) -> Number:
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left - right


def _plus(left: Number, right: Number) -> Number:
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left + right


def _times(left: Number, right: Number) -> Number:
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return left * right


def _over(left: Number, right: Number) -> Number:
    if isinstance(left, str) or isinstance(right, str):
        return first_reason(left, right) or "no_data"
    return Fraction(left) / right if right else "zero_denominator"
