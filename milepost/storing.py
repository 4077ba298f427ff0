"""The store inside one of our threads: its own reader of the log, one writer of the file, live SQL while it runs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

from milepost.environment import SourcedSettings
from milepost.wall_clock import new_token, now_us
from milepost.wiring import open_log, topics_of
from schemas.settings import Settings
from storage.live_address import LiveAddress, remove_address, write_address
from storage.live_sql import LiveSql
from storage.store import Store
from storage.writer import Progress, StoreWriter

__all__ = ["address_text", "say_token", "serve_store", "store_while"]

OnReady = Callable[[LiveAddress | None], None]
"""Hears where live SQL answers; None: it is off."""


def serve_store(sourced: SourcedSettings, on_ready: OnReady, stop: Event) -> None:
    """Store what arrives and answer SQL until `stop` is set. The caller holds the store's lock."""
    with _store_writer(sourced) as (store, writer), _live_sql(sourced.settings, store) as address:
        on_ready(address)
        writer.run(stop)


def store_while(sourced: SourcedSettings, folding_ended: Event, on_progress: Progress, stop: Event) -> bool:
    """Store what arrives while a worker folds, then the rest. False when stopped before. The caller holds the store's lock."""
    with _store_writer(sourced) as (_, writer):
        writer.run(folding_ended)
        writer.drain(on_progress, stop)
    return not stop.is_set()


def address_text(address: LiveAddress | None) -> str:
    """`host:port`, or `off`."""
    return "off" if address is None else str(address)


def say_token(settings: Settings, address: LiveAddress | None) -> None:
    """Tell whoever started a store the token that was made for it; one that was set is known already."""
    if address is not None and settings.sql_token is None:
        print(f"live SQL token: {address.token} (also in {settings.home}/sql.json)", file=sys.stderr)


@contextmanager
def _store_writer(sourced: SourcedSettings) -> Iterator[tuple[Store, StoreWriter]]:
    topics = topics_of(sourced.settings)
    with (
        open_log(sourced) as log,
        Store.open(sourced.settings.store_file, log.identity, topics) as store,
    ):
        yield store, StoreWriter(log, topics, store, now_us=now_us)


@contextmanager
def _live_sql(settings: Settings, store: Store) -> Iterator[LiveAddress | None]:
    token = settings.sql_token or new_token()
    server = LiveSql.start(store.connection, settings.store_file, listen=settings.sql_listen, token=token)
    if server is None:
        yield None
        return
    write_address(settings.home, server.address)
    try:
        yield server.address
    finally:
        remove_address(settings.home)
        server.stop()
