"""Damage to a feed on purpose: lines repeated, swapped, late or broken. Ticks stay as and where they are.

Every event is drawn for all four faults, whatever their probabilities, from a stream of chance of its own: another
probability of one fault leaves the others as they were, and lines that nothing happens to keep their bytes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from random import Random
from typing import Final, NamedTuple

from producers.chance import stream
from producers.damage import damaged
from producers.simulation import Line

__all__ = ["Faults", "disturbed"]

_LATER_DAYS: Final = (1, 3)
"""How many closing ticks of later days a late line passes, besides that of its own day."""


class Faults(NamedTuple):
    """Probabilities per event."""

    duplicates: float = 0.0
    reorder: float = 0.0
    late: float = 0.0
    corrupt: float = 0.0


def disturbed(lines: Iterable[Line], faults: Faults, chance: Random) -> Iterator[Line]:
    """The lines with faults. Late ones whose days to come do not come any more stand at the end."""
    if not any(faults):
        yield from lines
        return
    late: list[_Late] = []
    for _, of_day in groupby(lines, key=lambda line: line.day):
        day = _Day(chance)
        for line in of_day:
            day.take(line, faults)
        arriving = [each for each in late if each.days_left == 0]
        late = [each.sooner() for each in late if each.days_left > 0] + day.late
        yield from day.lines([each.line for each in arriving])
    yield from (each.line for each in sorted(late, key=lambda each: each.days_left))


class _Late(NamedTuple):
    line: Line
    days_left: int
    """Days to come that it does not stand in."""

    def sooner(self) -> "_Late":
        return self._replace(days_left=self.days_left - 1)


@dataclass
class _Day:
    """The lines of one day while they are disturbed."""

    chance: Random
    events: list[Line] = field(default_factory=list)
    swaps: list[tuple[int, float]] = field(default_factory=list)
    """Place of a line to be swapped, and which of the later ones it is swapped with, 0…1."""
    late: list[_Late] = field(default_factory=list)
    ticks: list[Line] = field(default_factory=list)

    def take(self, line: Line, faults: Faults) -> None:
        """Draw for a line and put it where it belongs."""
        if line.is_tick:
            self.ticks.append(line)
            return
        rolls = Faults(*(self.chance.random() for _ in Faults._fields))
        damage, days, where = (
            self.chance.getrandbits(64),
            self.chance.randint(*_LATER_DAYS),
            self.chance.random(),
        )
        if rolls.corrupt < faults.corrupt:
            line = line._replace(raw=damaged(line.raw, stream(damage)))
        copies = [line, line] if rolls.duplicates < faults.duplicates else [line]
        if rolls.late < faults.late:
            self.late += [_Late(copy, days) for copy in copies]
            return
        if rolls.reorder < faults.reorder:
            self.swaps.append((len(self.events), where))
        self.events += copies

    def lines(self, arriving: list[Line]) -> Iterator[Line]:
        """What stands in the feed for this day: its own lines, those of earlier days among them, and its ticks last."""
        for place, where in self.swaps:
            later = len(self.events) - place - 1
            if later:
                other = place + 1 + int(where * later)
                self.events[place], self.events[other] = self.events[other], self.events[place]
        spread = [
            (round(place * (len(self.events) + 1) / (len(arriving) + 1)), line)
            for place, line in enumerate(arriving, 1)
        ]
        for place, line in reversed(spread):
            self.events.insert(place, line)
        yield from self.events
        yield from self.ticks
