"""`milepost simulate SCENARIO`: publishes a simulated feed, or writes it as lines."""

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from milepost.moments import DAY
from milepost.shared_options import Call, command
from milepost.simulating import Simulated, Wish, simulate_into, simulate_to
from producers.faults import Faults
from producers.scenarios import SCENARIOS
from producers.simulation import Span
from schemas.errors import UsageError

__all__ = ["simulate"]

_STDOUT = "-"


class _Number(click.ParamType):
    """A finite number in a range; the upper end belongs to it, the lower one where it is 0 of a probability."""

    def __init__(self, name: str, *, above: float | None = None, most: float = math.inf) -> None:
        self.name, self._above, self._most = name, above, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Text to number."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        low_enough = number > self._above if self._above is not None else number >= 0
        if not (math.isfinite(number) and low_enough and number <= self._most):
            wanted = "a number above 0" if self._above is not None else "a number from 0 to 1"
            self.fail(f"{value!r} is not {wanted}", param, ctx)
        return number


_PROBABILITY = _Number("P", most=1)
_SPEED = _Number("X", above=0)


def _fault(name: str, does: str) -> Any:
    return click.option(
        f"--{name}", type=_PROBABILITY, default=0.0, help=f"Probability per event that it is {does}"
    )


@command(
    click.argument("scenario", type=click.Choice(SCENARIOS)),
    click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, metavar="N", help="Default 0"),
    click.option(
        "--speed",
        type=_SPEED,
        help="Times as fast as real: 86400 is a day per second. Default: as fast as possible; a feed that is run as a"
        " script: 172800",
    ),
    click.option("--from", "first", type=DAY, help="First day; what came before is only lived through"),
    click.option("--to", "last", type=DAY, help="Last day; default: until everything has ended"),
    click.option(
        "--projects",
        type=click.IntRange(1),
        metavar="N",
        help="So many of the scenario, then numbered copies",
    ),
    _fault("duplicates", "repeated"),
    _fault("reorder", "swapped with a later one of its day"),
    _fault("late", "moved behind ticks of later days"),
    _fault("corrupt", "replaced by a line that must be refused"),
    click.option("--no-ticks", is_flag=True, help="Without the ticks that close the days"),
    click.option(
        "--out", metavar="FILE", help="Write JSON lines instead of publishing; - is standard output"
    ),
)
def simulate(call: Call, *, out: str | None, **wished: Any) -> None:
    """The same seed gives the same bytes. Ctrl-C keeps what was published."""
    wish = _wish(wished)
    if out is None:
        _publish(call, wish)
    else:
        _write(call, wish, out)


def _wish(wished: Mapping[str, Any]) -> Wish:
    return Wish(
        scenario=wished["scenario"],
        seed=wished["seed"],
        speed=wished["speed"],
        span=Span(wished["first"], wished["last"]),
        projects=wished["projects"],
        faults=Faults(**{fault: wished[fault] for fault in Faults._fields}),
        ticks=not wished["no_ticks"],
    )


def _publish(call: Call, wish: Wish) -> None:
    done = simulate_into(call.sourced, wish)
    if done.live_clock:
        print("milepost: the log has ticks of a live clock, so the feed adds none", file=sys.stderr)
    print(_closing_line(call, done, "published"))
    if done.interrupted:
        raise KeyboardInterrupt


def _write(call: Call, wish: Wish, out: str) -> None:
    if wish.speed is not None:
        raise UsageError("--speed paces what is published; leave it away with --out")
    if out == _STDOUT:
        done = simulate_to(call.settings, wish, sys.stdout.buffer)
        print(_closing_line(call, done, "wrote"), file=sys.stderr)
    else:
        print(_closing_line(call, simulate_to(call.settings, wish, Path(out)), "wrote"))


def _closing_line(call: Call, done: Simulated, verb: str) -> str:
    events, ticks = done.counts.events, done.counts.ticks
    if call.as_json:
        return json.dumps({"events": events, "ticks": ticks})
    return f"{verb} {events} events, {ticks} ticks"
