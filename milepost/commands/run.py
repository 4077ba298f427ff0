"""`milepost run --drain`: fold and store everything in the log, then end."""

import sys
from datetime import date

import click

from milepost.locks import worker_and_store_lock
from milepost.moments import DAY
from milepost.shared_options import Call, command
from schemas.errors import UsageError

__all__ = ["run"]


@command(
    click.option("--drain", is_flag=True, help="Fold and store what the log holds, then end"),
    click.option("--as-of", type=DAY, help="Close this day first"),
)
def run(call: Call, *, drain: bool, as_of: date | None) -> None:
    """Without a cut at its end the log gets one; a second drain adds nothing."""
    if not drain:
        raise UsageError("say `milepost run --drain`; a service that goes on is `milepost up`")
    log_file = call.settings.log_file
    makes_log = call.settings.log.startswith("embedded:") and not log_file.exists()
    with worker_and_store_lock(call.settings):
        from milepost.draining import drain as drain_log

        drain_log(call.sourced, as_of)
    if makes_log:
        print(
            f"milepost: there was no log at {log_file}, so an empty one was made; was another --home meant?",
            file=sys.stderr,
        )
