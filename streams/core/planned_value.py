"""The curve of planned value: linear between points, 0 at the end of the day `start`, made once per baseline.

It is read in both directions: the value of a day, and the day on which a value is planned (earned schedule). Between
the ends of two days it is linear too, so a part that takes no time is planned evenly over its day.
Sources: ANSI/EIA-748 (performance measurement baseline); W. Lipke, Schedule is Different, 2003 (ES = C + I).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from streams.core.numbers import Quotient, quotient
from streams.core.values import Rational

__all__ = ["PlannedValue", "Span", "of_parts", "of_points"]


class Span(NamedTuple):
    """When a part is planned: from the end of the day `first` to the end of `last`; any weight."""

    weight: int
    first: int
    last: int


class PlannedValue:
    """Points of the curve, each later and higher than the one before, or as high; the last one is the first that reaches
    the curve's end. `values` are amounts in 10⁻⁶ of the budget's unit, times `scale`.
    """

    __slots__ = ("days", "scale", "values")

    def __init__(self, start: int, points: Iterable[tuple[int, int]], scale: int = 1) -> None:
        self.days, self.values, self.scale = [start], [0], scale
        for day, value in points:
            self.days.append(day)
            self.values.append(value)
        end = self.values.index(self.values[-1]) + 1
        del self.days[end:], self.values[end:]

    @property
    def duration(self) -> int:
        """PD: days from the start to the first day on which the curve reaches its end."""
        return self.days[-1] - self.days[0]

    def at(self, day: int) -> int | Quotient:
        """PV at the end of a day."""
        index = bisect_right(self.days, day)
        if index == 0:
            return 0
        value, scale = self.values[index - 1], self.scale
        if index < len(self.days):
            begin, end = self.days[index - 1 : index + 1]
            value = value * (end - begin) + (self.values[index] - value) * (day - begin)
            scale *= end - begin
        return quotient(value, scale)

    def day_of(self, value: Rational) -> int | Quotient:
        """The last instant, as a day with its fraction, at which no more than `value` is planned; at most the end."""
        top, bottom = value.numerator * self.scale, value.denominator
        index = bisect_right(self.values, top // bottom)
        if index == len(self.values):
            return self.days[-1]
        begin, below = self.days[index - 1], self.values[index - 1]
        width, height = self.days[index] - begin, (self.values[index] - below) * bottom
        return quotient(begin * height + (top - below * bottom) * width, height)


def of_points(start: int, points: Sequence[tuple[int, int]]) -> PlannedValue:
    """The curve through given points: days in order, values that never fall."""
    return PlannedValue(start, (point for point in points if point[0] > start))


def of_parts(start: int, spans: Iterable[Span], budget: int) -> PlannedValue:
    """The curve of weighted parts, each planned evenly over its span; together they are the budget."""
    bends: dict[int, Fraction] = {}
    total = 0
    for span in spans:
        total += span.weight
        for begin, end, share in _ramps(start, span):
            slope = share / (end - begin)
            bends[begin] = bends.get(begin, Fraction(0)) + slope
            bends[end] = bends.get(end, Fraction(0)) - slope
    points = list(_walked(bends))
    scale = lcm(*(value.denominator for _, value in points))
    exact = ((day, value.numerator * (scale // value.denominator) * budget) for day, value in points)
    return PlannedValue(start, (point for point in exact if point[0] > start), scale * total)


def _ramps(start: int, span: Span) -> Iterator[tuple[int, int, Fraction]]:
    """(begin, end, weight planned in between) of a part; what lies before the end of `start` is planned on the day after it."""
    first, last = min(span.first, span.last - 1), span.last
    if first >= start:
        yield first, last, Fraction(span.weight)
        return
    due = min(start + 1, last)
    early = Fraction(span.weight * (due - first), last - first)
    yield start, start + 1, early
    if last > start + 1:
        yield start + 1, last, span.weight - early


def _walked(bends: dict[int, Fraction]) -> Iterator[tuple[int, Fraction]]:
    """Height of the curve at each day where its slope changes."""
    value, slope, before = Fraction(0), Fraction(0), 0
    for day in sorted(bends):
        value += slope * (day - before)
        slope += bends[day]
        before = day
        yield day, value
