"""`milepost worker`: folds events and publishes KPIs and alerts until Ctrl-C."""

from milepost.locks import worker_lock
from milepost.parts import stop_on_signals
from milepost.shared_options import Call, command

__all__ = ["worker"]


@command()
def worker(call: Call) -> None:
    """One per home on the embedded log. The same application runs under `faust -A streams.app worker`."""
    with worker_lock(call.settings), stop_on_signals() as stop:
        from milepost.worker import fold

        fold(call.sourced, stop)
