"""Earned value management: cumulative over cumulative, never a period index.

Sources: ANSI/EIA-748; ISO 21508:2018; PMI Practice Standard for Earned Value Management, 2nd edition.
"""

from collections.abc import Iterator

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.numbers import Number, known, minus, over, plus, times
from streams.core.reasons import first_reason
from streams.core.values import Value, amount, null, ratio

__all__ = ["evaluate"]


def evaluate(view: DayView) -> Iterator[Value]:
    """All values of the family at the end of the day."""
    if "earned_value" not in view.sections:
        return
    figures = _Figures(view)
    yield from figures.amounts()
    yield from figures.indices()
    yield from figures.percents()
    yield from figures.forecasts()
    yield from figures.to_complete()


class _Figures:
    """BAC, PV, EV, AC of a day and what follows from them."""

    def __init__(self, view: DayView) -> None:
        progress = view.progress
        self.unit = progress.unit
        self.budget, self.planned = progress.budget, progress.planned
        self.earned, self.cost = progress.earned, progress.cost
        self.early: NullReason | None = (
            "not_started" if view.plan is not None and view.day <= view.plan.start else None
        )
        self.unplanned: NullReason | None = "not_started" if self.planned == 0 else self.early
        self.complete: NullReason | None = (
            "complete" if view.finish is not None or progress.all_earned else None
        )
        self.rest = minus(self.budget, self.earned)
        self.cost_index = progress.cost_index
        self.index = first_reason(self.earned, self.planned, self.unplanned) or over(
            self.earned, self.planned
        )
        self.index_in_time = view.schedule.index
        self.estimate = over(self.budget, self.cost_index)

    def amounts(self) -> Iterator[Value]:
        """BAC, PV, EV, AC; SV = EV − PV; CV = EV − AC."""
        yield self._amount("budget_at_completion", self.budget)
        yield self._amount("planned_value", self.planned)
        yield self._amount("earned_value", self.earned)
        yield self._amount("actual_cost", self.cost)
        yield self._amount("schedule_variance", minus(self.earned, self.planned))
        yield self._amount("cost_variance", minus(self.earned, self.cost))

    def indices(self) -> Iterator[Value]:
        """SPI = EV / PV; CPI = EV / AC; SCI = SPI × CPI."""
        yield _ratio("spi", self.earned, self.planned, "1", self.unplanned)
        yield _ratio("cpi", self.earned, self.cost, "1", self.early)
        product = times(self.index, self.cost_index)
        yield (
            null("sci", "", "1", product) if isinstance(product, str) else amount("sci", "", product, "1", 1)
        )

    def percents(self) -> Iterator[Value]:
        """EV, PV and AC over BAC."""
        yield _ratio("percent_complete", self.earned, self.budget, "%")
        yield _ratio("percent_scheduled", self.planned, self.budget, "%")
        yield _ratio("percent_spent", self.cost, self.budget, "%")

    def forecasts(self) -> Iterator[Value]:
        """EAC = BAC / CPI and its variants, ETC = EAC − AC, VAC = BAC − EAC."""
        yield self._amount("eac", self.estimate)
        yield self._amount("eac_budget", plus(self.cost, self.rest))
        yield self._amount("eac_sci", self._at_pace(times(self.cost_index, self.index)))
        yield self._amount("eac_sci_t", self._at_pace(times(self.cost_index, self.index_in_time)))
        yield self._amount("etc", minus(self.estimate, self.cost))
        yield self._amount("vac", minus(self.budget, self.estimate))

    def _at_pace(self, index: Number) -> Number:
        """AC + (BAC − EV) / index."""
        return plus(self.cost, over(self.rest, index))

    def to_complete(self) -> Iterator[Value]:
        """TCPI = (BAC − EV) / (BAC − AC), on EAC: (BAC − EV) / (EAC − AC)."""
        yield self._to_complete("tcpi", minus(self.budget, self.cost), "budget_exhausted")
        yield self._to_complete("tcpi_eac", minus(self.estimate, self.cost), "zero_denominator")

    def _to_complete(self, kpi: str, money: Number, exhausted: NullReason) -> Value:
        spent = not isinstance(money, str) and money.numerator <= 0
        return _ratio(kpi, self.rest, money, "1", self.early, self.complete, exhausted if spent else None)

    def _amount(self, kpi: str, number: Number) -> Value:
        if isinstance(number, str):
            return null(kpi, "", self.unit, number)
        return amount(kpi, "", number, self.unit)


def _ratio(kpi: str, top: Number, bottom: Number, unit: str, *conditions: NullReason | None) -> Value:
    """A ratio; null with the first reason of its parts and conditions, its parts told as far as they are known."""
    above, below = known(top), known(bottom)
    reason = first_reason(top, bottom, *conditions)
    if reason is not None or above is None or below is None:
        return null(kpi, "", unit, reason or "no_data", numerator=above, denominator=below)
    return ratio(kpi, "", above, below, unit, times=100 if unit == "%" else 1)
