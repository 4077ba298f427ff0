"""The Faust application of a worker: one agent on the topic of events, no tables, no web server, no files of its own.

`create_app` builds it from its parts. For `faust -A streams.app worker` the module has a lazy attribute `app`: whoever
knows settings and parts registers, under the entry point group `milepost.wiring`, a function named `worker_app`.
"""

from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

import faust
from faust.app.base import BootStrategy
from faust.tables.manager import TableManager
from faust.types.tuples import TP

from schemas.errors import SettingsError
from schemas.topics import Topics
from streams.agents import EventFolder, fold_events
from streams.broker import Broker
from streams.hard_stop import hard_stop

__all__ = ["WorkerApp", "app", "create_app"]  # noqa: F822 - `app` is made on first use, by __getattr__

COMMIT_SECONDS: Final = 1.0
HEARTBEATS_PER_SESSION: Final = 5
REBALANCE_SECONDS: Final = 60.0
OPENING_SECONDS_MAX: Final = 600.0
FETCH_BYTES: Final = 1 << 20
"""Of one partition: big enough for thousands of events, small enough that no partition waits long for another."""


class _RawSchema(faust.Schema[Any, Any]):
    """Batches pass as they are; events are decoded by the core."""

    def loads_key(self, app: Any, message: Any, **options: Any) -> Any:
        """Key as received."""
        return message.key

    def loads_value(self, app: Any, message: Any, **options: Any) -> Any:
        """Batch as received."""
        return message.value


class _NoTables(TableManager):
    """There are no tables, so nothing is worth the second that Faust waits for their registration."""

    async def on_start(self) -> None:
        """Start at once."""
        if not self.should_stop:
            await self._update_channels()
            await self.recovery.start()


class _NoWebServer(BootStrategy):
    """`faust worker` would switch it on, and the second worker of a machine would find the port taken."""

    def web_server(self) -> Iterable[Any]:
        """None."""
        return ()


class WorkerApp(faust.App):
    """A Faust application with the folder of its events, which lives as long as the application runs."""

    BootStrategy = _NoWebServer

    def __init__(
        self, *args: Any, open_folder: "OpenFolder", events: str, stop_seconds_max: float, **options: Any
    ) -> None:
        self.stop_seconds_max = stop_seconds_max
        self._open_folder = open_folder
        self.events_topic = events
        self._folder: EventFolder | None = None
        self._generation = 0
        super().__init__(*args, **options)

    @property
    def folder(self) -> EventFolder:
        """The folder of events; there is one while the application runs."""
        if self._folder is None:
            raise RuntimeError("the worker has not started")
        return self._folder

    @property
    def is_catching_up(self) -> bool:
        """Whether the folder is behind what the log held when it was opened."""
        return self._folder is not None and self._folder.catching_up

    def _create_directories(self) -> None:
        """Without tables there is nothing to keep in files."""

    async def on_start(self) -> None:
        """Open the folder first: what is wrong with the log, or held by another worker, is told at once."""
        self._folder = self._open_folder(self)
        await super().on_start()

    async def on_shutdown(self) -> None:
        """Close the folder last, and let go of its state before anybody looks for garbage in it."""
        await super().on_shutdown()
        if self._folder is not None:
            self._folder.tell_refusals()
            await self._folder.close()
            self._folder.partitions.clear()

    async def stop(self) -> None:
        """Stop with the running batch finished; a stop that hangs ends the process."""
        with hard_stop(self.stop_seconds_max):
            await super().stop()

    async def start_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Take over these partitions; reading goes on after what their state has folded.

        Who misses a generation of the group cannot know who has owned its partitions meanwhile, so it opens them anew.
        Nothing is awaited before what is not ours is forgotten: the next rebalance may cut this short.
        """
        generation, kept = self.consumer_generation_id, {tp.partition for tp in tps}
        if generation > self._generation + 1:
            kept = set()
        self._generation = generation
        self.folder.forget(self.folder.partitions.keys() - kept)
        ends = await self.consumer.highwaters(*tps)
        await self.folder.assign({tp.partition: end or 0 for tp, end in ends.items()})
        return {tp: self.folder.next_offsets[tp.partition] for tp in tps}

    def end_offset(self, partition: int) -> int:
        """Where a partition of events ended when that was last heard of."""
        return self.consumer.highwater(TP(self.events_topic, partition)) or 0

    async def before_commit(self, *, final: bool) -> bool:
        """State is kept before progress is told, so that what was told to be done is never done again. False: neither is
        done, since a worker that never started, or failed because another has taken over, say, writes nothing more.
        """
        if self._folder is None or self._folder.failure is not None:
            return False
        await self._folder.save_state(final=final)
        return True

    def _crash(self, reason: BaseException) -> None:
        super()._crash(reason)
        if self._folder is not None:
            self._folder.fail(reason)


OpenFolder = Callable[[WorkerApp], EventFolder]


def create_app(broker: Broker, topics: Topics, open_folder: OpenFolder) -> WorkerApp:
    """A worker on `broker`; its folder is opened when it starts, in its thread."""
    worker = WorkerApp(
        topics.worker_group,
        open_folder=open_folder,
        events=topics.events,
        stop_seconds_max=broker.stop_seconds_max,
        broker=broker.url,
        broker_credentials=broker.credentials,
        store="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        stream_buffer_maxsize=broker.buffer_batches,
        stream_wait_empty=True,
        broker_commit_interval=COMMIT_SECONDS,
        broker_session_timeout=broker.session_seconds,
        broker_heartbeat_interval=broker.session_seconds / HEARTBEATS_PER_SESSION,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_request_timeout=OPENING_SECONDS_MAX,
        consumer_max_fetch_size=FETCH_BYTES,
        TableManager=_NoTables,
        autodiscover=False,
        loghandlers=[],
    )

    async def fold(batches: Any) -> None:
        await fold_events(worker, worker.folder, batches)

    worker.agent(worker.topic(topics.events, schema=_RawSchema()), name="fold_events")(fold)
    return worker


@cache
def _worker_app() -> Any:
    for found in entry_points(group="milepost.wiring", name="worker_app"):
        return found.load()()
    raise SettingsError("nothing is registered as milepost.wiring/worker_app; install the package milepost")


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _worker_app()
