"""Output of one production line: which reported periods are taken, and how much was made up to a day.

Reports of one period with different shifts add up; one without shift replaces them. Between different periods the
longest are taken first (tie: the earliest start), each if it overlaps none taken. Sums over periods are kept as prefix
sums that are extended lazily from the first place that changed, so that a report at the end costs next to nothing.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from fractions import Fraction

from schemas.quantities import convert_to_micro, convertible
from streams.core.statements import Statement
from streams.core.time_elements import Elements, elements_of, total_of

__all__ = ["LineReports", "Period"]

Period = tuple[int, int]
"""First and last day."""

Place = tuple[int, int, str]
"""Last day, first day and shift of a report: the order in which the earliest is found."""


class LineReports:
    """Winning production reports of one line.

    `changed` holds the periods changed since a reader cleared it; findings are that reader.
    """

    __slots__ = (
        "_amounts",
        "_cumulative",
        "_days",
        "_elements",
        "_ends",
        "_first",
        "_first_unit",
        "_taken",
        "_unit",
        "changed",
        "periods",
        "version",
    )

    def __init__(self) -> None:
        self.periods: dict[Period, dict[str | None, Statement]] = {}
        self.changed: set[Period] = set()
        self.version = 0
        self._first: Place | None = None
        self._first_unit: str | None = None
        self._unit: str | None = None
        self._amounts: dict[Period, int] = {}
        self._elements: dict[Period, Elements] = {}
        self._taken: list[Period] = []
        self._ends: list[int] = []
        self._cumulative: list[int] = [0]
        self._days: list[int] = [0]

    def __bool__(self) -> bool:
        return bool(self.periods)

    def statements(self) -> Iterable[Statement]:
        """All winning reports, those that are not taken included."""
        return (statement for shifts in self.periods.values() for statement in shifts.values())

    def load(self, periods: dict[Period, dict[str | None, Statement]]) -> None:
        """Take over all reports of a line that is still empty; they are measured when somebody asks."""
        self.periods = periods
        self.changed.update(periods)
        self.version += 1
        self._find_first()

    def put(self, period: Period, shift: str | None, statement: Statement | None) -> int:
        """Set or, with None, remove a report; answers the first day whose values may change."""
        if self._unit is None and self.periods:
            self._measure_in(self._first_unit or "")
        self.version += 1
        self.changed.add(period)
        unit_before = self._first_unit
        place = (period[1], period[0], shift or "")
        if statement is None:
            self._remove(period, shift)
            if place == self._first:
                self._find_first()
        else:
            shifts = self.periods.get(period)
            if shifts is None:
                self.periods[period] = {shift: statement}
            else:
                shifts[shift] = statement
            if self._first is None or place <= self._first:
                self._first, self._first_unit = place, statement.data["unit"]
        if self._first_unit != unit_before:
            self._unit = None
            # Which periods are taken must be known before the next report, or nobody sees whom it displaces.
            self._measure_in(self._first_unit or "")
            return 0
        return self._change(period)

    def unit(self) -> str | None:
        """Unit of the earliest report."""
        return self._first_unit

    def earliest(self) -> Place | None:
        """Last day, first day and shift of the earliest report in that order."""
        return self._first

    def made_until(self, day: int, unit: str) -> tuple[int | Fraction, int]:
        """Amount in 10⁻⁶ of `unit`, and days reported, up to and with a day."""
        self._measure_in(unit)
        self._extend()
        count = bisect_right(self._ends, day)
        made: int | Fraction = self._cumulative[count]
        days = self._days[count]
        if count < len(self._taken) and self._taken[count][0] <= day:
            start, end = self._taken[count]
            part = day - start + 1
            made += Fraction(self._amounts[start, end] * part, end - start + 1)
            days += part
        return made, days

    def taken(self, unit: str) -> list[Period]:
        """Periods that count, in order."""
        self._measure_in(unit)
        return self._taken

    def elements_on(self, day: int, unit: str) -> Elements | None:
        """Elements of the period that ends on a day, if it is taken; its shifts are added."""
        self._measure_in(unit)
        index = bisect_right(self._taken, day, key=_end) - 1
        if index < 0 or self._taken[index][1] != day:
            return None
        period = self._taken[index]
        if period not in self._elements:
            self._elements[period] = total_of(elements_of(each, unit) for each in self.counting(period, unit))
        return self._elements[period]

    def counting(self, period: Period, unit: str) -> list[Statement]:
        """Reports of a period that count: the one without shift, else all; none in a unit of another dimension."""
        shifts = self.periods.get(period)
        if not shifts:
            return []
        whole = shifts.get(None)
        if whole is not None and convertible(whole.data["unit"], unit):
            return [whole]
        return [report for report in shifts.values() if convertible(report.data["unit"], unit)]

    def reported_until(self, day: int) -> bool:
        """Whether a report has a day on or before `day`; it may end later."""
        return any(start <= day for start, _ in self.periods)

    # -- upkeep ------------------------------------------------------------------------------------------------

    def _remove(self, period: Period, shift: str | None) -> None:
        shifts = self.periods[period]
        del shifts[shift]
        if not shifts:
            del self.periods[period]

    def _find_first(self) -> None:
        places = (
            (end, start, shift or "") for (start, end), shifts in self.periods.items() for shift in shifts
        )
        self._first = min(places, default=None)
        self._first_unit = None
        if self._first is not None:
            end, start, shift = self._first
            self._first_unit = self.periods[start, end][shift or None].data["unit"]

    def _measure_in(self, unit: str) -> None:
        if unit == self._unit:
            return
        self._unit = unit
        self._amounts = {}
        self._elements = {}
        for period in self.periods:
            self._weigh(period)
        self._choose()

    def _weigh(self, period: Period) -> None:
        """Refresh the amount of a period."""
        self._elements.pop(period, None)
        unit = self._unit or ""
        counting = self.counting(period, unit)
        if counting:
            self._amounts[period] = sum(
                convert_to_micro(report.data["quantity"], report.data["unit"], unit) for report in counting
            )
        else:
            self._amounts.pop(period, None)

    def _change(self, period: Period) -> int:
        """Bring the periods taken up to date; which are taken depends on the periods alone, not on their amounts."""
        known = period in self._amounts
        self._weigh(period)
        counts = period in self._amounts
        if counts and not known and (not self._taken or self._taken[-1][1] < period[0]):
            self._taken.append(period)
            return period[0]
        index = bisect_left(self._taken, period)
        taken = index < len(self._taken) and self._taken[index] == period
        if known == counts:
            if taken:
                self._forget_from(index)
            # Reports of several dimensions may be measured in another unit when they are evaluated, and taken then.
            return period[0] if counts else 0
        if counts:
            return self._enter(period, index)
        return self._leave(period, index) if taken else period[0]

    def _enter(self, period: Period, index: int) -> int:
        rivals = self._overlapped(period, index)
        if not rivals:
            self._taken.insert(index, period)
            self._forget_from(index)
            return period[0]
        if any(_rank(rival) < _rank(period) for rival in rivals):
            return period[0]
        return self._choose_again(period)

    def _leave(self, period: Period, index: int) -> int:
        if len(self._taken) != len(self._amounts) + 1:
            return self._choose_again(period)
        del self._taken[index]
        self._forget_from(index)
        return period[0]

    def _overlapped(self, period: Period, index: int) -> list[Period]:
        """Periods taken that share a day with one whose place among them is `index`."""
        first = index - 1 if index and self._taken[index - 1][1] >= period[0] else index
        last = bisect_right(self._taken, period[1], lo=index, key=_start)
        return self._taken[first:last]

    def _choose_again(self, period: Period) -> int:
        before = set(self._taken)
        self._choose()
        changed = before.symmetric_difference(self._taken)
        return min((start for start, _ in changed), default=period[0])

    def _choose(self) -> None:
        """Take the longest first, each if it overlaps none taken."""
        taken: list[Period] = []
        for period in sorted(self._amounts, key=_rank):
            index = bisect_left(taken, period)
            before = index and taken[index - 1][1] >= period[0]
            if not before and (index == len(taken) or taken[index][0] > period[1]):
                taken.insert(index, period)
        self._taken = taken
        self._forget_from(0)

    def _forget_from(self, index: int) -> None:
        del self._ends[index:]
        del self._cumulative[index + 1 :]
        del self._days[index + 1 :]

    def _extend(self) -> None:
        for start, end in self._taken[len(self._ends) :]:
            self._ends.append(end)
            self._cumulative.append(self._cumulative[-1] + self._amounts[start, end])
            self._days.append(self._days[-1] + end - start + 1)


def _rank(period: Period) -> tuple[int, int]:
    """The longest first, then the earliest."""
    return period[0] - period[1], period[0]


def _start(period: Period) -> int:
    return period[0]


def _end(period: Period) -> int:
    return period[1]
