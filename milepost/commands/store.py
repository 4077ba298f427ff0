"""`milepost store`: the single writer of the DuckDB file, with live SQL, until Ctrl-C."""

from threading import Event

from milepost.locks import store_lock
from milepost.parts import stop_on_signals
from milepost.shared_options import Call, command

__all__ = ["store"]


@command()
def store(call: Call) -> None:
    """Stores events, KPIs, alerts and rejections as they arrive."""
    with store_lock(call.settings), stop_on_signals() as stop:
        _serve(call, stop)


def _serve(call: Call, stop: Event) -> None:
    from milepost.storing import address_text, say_token, serve_store
    from storage.live_address import LiveAddress

    def say_ready(address: LiveAddress | None) -> None:
        say_token(call.settings, address)
        print(f"ready: sql={address_text(address)}", flush=True)

    serve_store(call.sourced, say_ready, stop)
