"""`milepost apply [FILE|DIR]`: publishes the projects of a catalog as baselines, and what was published about them."""

from pathlib import Path

import click

from milepost.apply_report import as_json, as_text
from milepost.applying import Change
from milepost.catalog_publishing import publish_catalog
from milepost.shared_options import Call, command
from milepost.wall_clock import now
from milepost.wiring import catalog_of, open_log, topics_of
from producers.catalog import load_catalog
from schemas.errors import UsageError

__all__ = ["apply"]


@command(
    click.argument("path", required=False, type=click.Path(path_type=Path)),
    click.option(
        "--revise", is_flag=True, help="What differs corrects the baseline and the statements that stand"
    ),
    click.option("--baseline", is_flag=True, help="A plan that differs is the next baseline"),
)
def apply(call: Call, *, path: Path | None, revise: bool, baseline: bool) -> None:
    """PATH is a catalog file or folder; without it the configured catalog. All of it is published, or nothing."""
    if revise and baseline:
        raise UsageError("--revise and --baseline are two ways to mean a change; give one of them")
    change = Change.REVISE if revise else Change.BASELINE if baseline else Change.UNSAID
    catalog = catalog_of(call.settings) if path is None else load_catalog(path)
    with open_log(call.sourced) as log:
        plans, statements = publish_catalog(log, topics_of(call.settings).events, catalog, change, now())
    print(as_json(plans, statements) if call.as_json else as_text(plans, statements))
