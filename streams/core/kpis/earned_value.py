"""Earned value management: cumulative over cumulative, never a period index.

Sources: ANSI/EIA-748; ISO 21508:2018; PMI Practice Standard for Earned Value Management, 2nd edition.
"""

from collections.abc import Iterator

from schemas.kpi import NullReason
from streams.core.day_view import DayView
from streams.core.numbers import Number, minus, over, plus, times
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
        self.cost_index, self.index_in_time = progress.cost_index, view.schedule.index
        self.complete = view.finish is not None or progress.all_earned
        self.before_start = view.plan is not None and view.day <= view.plan.start

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
        yield self._ratio("spi", self.earned, self.planned, "1", self.schedule_index)
        yield self._ratio("cpi", self.earned, self.cost, "1", self.cost_index)
        product = times(self.schedule_index, self.cost_index)
        yield (
            null("sci", "", "1", product) if isinstance(product, str) else amount("sci", "", product, "1", 1)
        )

    @property
    def schedule_index(self) -> Number:
        """SPI, or why there is none."""
        empty: NullReason | None = "not_started" if self.planned == 0 else None
        return self._missing(self.earned, self.planned, empty) or over(self.earned, self.planned)

    def percents(self) -> Iterator[Value]:
        """EV, PV and AC over BAC."""
        for kpi, part in (
            ("percent_complete", self.earned),
            ("percent_scheduled", self.planned),
            ("percent_spent", self.cost),
        ):
            yield self._ratio(kpi, part, self.budget, "%", over(part, self.budget), times=100)

    def forecasts(self) -> Iterator[Value]:
        """EAC and its variants, ETC = EAC − AC, VAC = BAC − EAC."""
        rest = minus(self.budget, self.earned)
        eac = self.estimate
        yield self._amount("eac", eac)
        yield self._amount("eac_budget", plus(self.cost, rest))
        yield self._amount(
            "eac_sci", plus(self.cost, over(rest, times(self.cost_index, self.schedule_index)))
        )
        in_time = times(self.cost_index, self.index_in_time)
        yield self._amount("eac_sci_t", plus(self.cost, over(rest, in_time)))
        yield self._amount("etc", minus(eac, self.cost))
        yield self._amount("vac", minus(self.budget, eac))

    @property
    def estimate(self) -> Number:
        """EAC = BAC / CPI, or why there is none."""
        return over(self.budget, self.cost_index)

    def to_complete(self) -> Iterator[Value]:
        """TCPI = (BAC − EV) / (BAC − AC), on EAC: (BAC − EV) / (EAC − AC)."""
        rest = minus(self.budget, self.earned)
        yield self._to_complete("tcpi", rest, minus(self.budget, self.cost), "budget_exhausted")
        yield self._to_complete("tcpi_eac", rest, minus(self.estimate, self.cost), "zero_denominator")

    def _to_complete(self, kpi: str, rest: Number, money: Number, exhausted: NullReason) -> Value:
        spent = not isinstance(money, str) and money <= 0
        missing = self._missing(
            rest, money, "complete" if self.complete else None, exhausted if spent else None
        )
        return self._ratio(kpi, rest, money, "1", missing or 0)

    def _missing(self, *parts: Number | None) -> NullReason | None:
        """Reason of an index: want of a part, or not started."""
        return first_reason(*parts, "not_started" if self.before_start else None)

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
