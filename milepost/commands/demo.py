"""`milepost demo`: simulate the catalog into a home of its own, drain it, and show what came out."""

import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from milepost.applying import Change
from milepost.catalog_publishing import publish_catalog
from milepost.demo_home import home_of_demo, prepare_home, refuse_foreign
from milepost.demo_report import write_report
from milepost.draining import drain
from milepost.environment import SourcedSettings
from milepost.locks import worker_and_store_lock
from milepost.shared_options import Call, command
from milepost.simulating import Wish, simulate_into
from milepost.wiring import catalog_of, open_log, topics_of
from producers.catalog import Catalog
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
        _simulate(sourced)
        drain(sourced, bars_in_files=True)
    with open_reader(settings) as reader:
        write_report(sys.stdout, reader, _home_option(call.sourced, settings.home))


def _simulate(sourced: SourcedSettings) -> None:
    """Day by day what a model speaks for; of all others, at the end, what was published about them.

    They could join on the days of their sources. But every day that is closed gives each project that stands its values
    anew, and a demo of five years would be spent on projects of which nothing more is heard.
    """
    settings, projects = sourced.settings, catalog_of(sourced.settings).projects
    published = Catalog(tuple(project for project in projects if not project.simulated), ())
    modelled = len(projects) - len(published.projects)
    wish = Wish(span=Span(last=LAST_DAY), projects=modelled or None)
    made = simulate_into(sourced, wish, bar_in_files=True)
    if made.interrupted:
        raise KeyboardInterrupt
    print(f"simulated {made.counts.events} events and {made.counts.ticks} days in {settings.home}")
    if not modelled:
        return
    with open_log(sourced) as log:
        stated_at = datetime.combine(LAST_DAY, time(12), ZoneInfo(log.identity.timezone))
        plans, statements = publish_catalog(
            log, topics_of(settings).events, published, Change.UNSAID, stated_at
        )
    print(
        f"published {len(plans)} further projects of the catalog with {len(statements)} statements about them"
    )


def _home_option(given: SourcedSettings, home: Path) -> str:
    """What the commands to try need so that they find the home of the demo."""
    return f"--home {home}" if given.settings.home != home else ""
