"""`milepost demo`: simulate the catalog into a home of its own, drain it, and show what came out."""

import sys
from datetime import date
from pathlib import Path
from typing import Final

from milepost.demo_home import home_of_demo, prepare_home, refuse_foreign
from milepost.demo_report import write_report
from milepost.draining import drain
from milepost.environment import SourcedSettings
from milepost.locks import worker_and_store_lock
from milepost.shared_options import Call, command
from milepost.simulating import Wish, simulate_into
from producers.simulation import Span
from storage.reader import open_reader

__all__ = ["demo"]

LAST_DAY: Final = date(2024, 6, 30)
"""Some projects are done by then, some are late, some have just begun."""


@command()
def demo(call: Call) -> None:
    """Ends by itself in under a minute. Works in MILEPOST_HOME if that is set, else in data/demo; can be run again."""
    sourced = call.sourced.in_home(home_of_demo(call.sourced))
    settings = sourced.settings
    refuse_foreign(settings.home)
    with worker_and_store_lock(settings):
        prepare_home(settings.home)
        made = simulate_into(sourced, Wish(span=Span(last=LAST_DAY)), bar_in_files=True)
        if made.interrupted:
            raise KeyboardInterrupt
        print(f"simulated {made.counts.events} events and {made.counts.ticks} days in {settings.home}")
        drain(sourced, bars_in_files=True)
    with open_reader(settings) as reader:
        write_report(sys.stdout, reader, _home_option(call.sourced, settings.home))


def _home_option(given: SourcedSettings, home: Path) -> str:
    """What the commands to try need so that they find the home of the demo."""
    return f"--home {home}" if given.settings.home != home else ""
