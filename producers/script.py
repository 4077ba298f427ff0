"""Lets a feed be run as a plain script: the command line, found by its registered name, with a speed that people can watch."""

import sys
from importlib.metadata import entry_points
from typing import Final

__all__ = ["run_as_script"]

_USAGE: Final = 2
_DAYS_PER_SECOND: Final = 2
_SPEED: Final = _DAYS_PER_SECOND * 86_400
_UNPACED: Final = ("--speed", "--out")
"""With one of these the caller has decided about the pace, or there is none."""


def run_as_script(scenario: str) -> None:
    """`milepost simulate SCENARIO` with the arguments of this process; two simulated days a second unless told otherwise."""
    words = sys.argv[1:]
    paced = any(word.partition("=")[0] in _UNPACED for word in words)
    pace = [] if paced else ["--speed", str(_SPEED)]
    for found in entry_points(group="milepost.wiring", name="command_line"):
        found.load()(["simulate", scenario, *pace, *words])
    sys.stderr.write("milepost: the command line is not installed; run `pip install .` where Milepost is\n")
    sys.exit(_USAGE)
