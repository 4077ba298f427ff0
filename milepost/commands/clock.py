"""`milepost clock`: cuts what has changed each minute and closes each business day, until Ctrl-C."""

from milepost.clocking import run_clock
from milepost.parts import stop_on_signals
from milepost.shared_options import Call, command

__all__ = ["clock"]


@command()
def clock(call: Call) -> None:
    """One per home; `milepost up` brings its own. A log with simulated ticks gets none."""
    with stop_on_signals() as stop:
        run_clock(call.sourced, stop)
