"""`milepost up`: worker, store with live SQL and clock in one process, until Ctrl-C."""

import click

from milepost.locks import worker_and_store_lock
from milepost.parts import stop_on_signals
from milepost.shared_options import Call, command

__all__ = ["up"]


@command(
    click.option(
        "--clock/--no-clock",
        "with_clock",
        default=True,
        help="Leave the clock away for feeds that bring ticks",
    )
)
def up(call: Call, *, with_clock: bool) -> None:
    """Prints `ready: sql=host:port http=host:port` when it answers."""
    with worker_and_store_lock(call.settings), stop_on_signals() as stop:
        from milepost.serving import serve

        serve(call.sourced, stop, with_clock=with_clock)
