"""The thread that talks to Kafka for a consumer of ours: joins the group, fetches, seeks, commits. Runs in its own event loop.

aiokafka makes two objects per record and hands them over one by one, and stops at a header whose name is no UTF-8. Here a fetch
is decoded as a whole, by the same code as in the log, which takes any record.
"""

import asyncio
import contextlib
import weakref
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers.aiokafka import (
    AIOKafkaConsumerThread,
    credentials_to_aiokafka_auth,
    server_list,
)
from faust.types.tuples import TP

from eventlog.kafka_records import Aborted, decode_batches
from eventlog.log import Record

__all__ = ["ConsumerThread", "Fetched"]

REQUEST_MS: Final = 40_000
FETCH_WAIT_MS: Final = 500
STOP_SECONDS_MAX: Final = 5.0
"""A broker that is away does not answer to a farewell."""


class Fetched(NamedTuple):
    """New records of a partition, and the offset to be fetched next, which lies behind markers of transactions too."""

    records: list[Record]
    position: int


class ConsumerThread(AIOKafkaConsumerThread):
    """What Faust's driver does, but for how it fetches, assigns, and fails."""

    failure: KafkaError | None = None
    """Why it could not start; told by the consumer, since a thread can only print."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # It has its event loop before it starts, and a worker that fails earlier never lets it run.
        weakref.finalize(self, _close_unused, self.thread_loop)

    async def on_start(self) -> None:
        """Connect."""
        self._consumer = self._new_consumer()
        try:
            await self._consumer.start()
        except KafkaError as error:
            self.failure = error
            return
        fetcher = self._consumer._fetcher
        fetcher._client = _Overheard(fetcher._client)
        fetcher._records = _Received(fetcher._client)

    def _new_consumer(self) -> AIOKafkaConsumer:
        conf: Any = self.app.conf
        transport: Any = self.transport
        return AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            bootstrap_servers=server_list(transport.url, transport.default_port),
            # Faust's own assignor leaves the third worker of four partitions without any; round robin moves them all.
            # This one remembers in its class what was assigned, so each worker of a process needs a class of its own.
            partition_assignment_strategy=[type("StickyAssignor", (StickyPartitionAssignor,), {})],
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            max_partition_fetch_bytes=conf.consumer_max_fetch_size,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            request_timeout_ms=REQUEST_MS,
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            **credentials_to_aiokafka_auth(conf.broker_credentials, conf.ssl_context),
        )

    async def on_thread_stop(self) -> None:
        """Leave the group and hang up. Where nobody listens that fails or takes for ever, and then only the latter is done."""
        farewell = asyncio.ensure_future(super().on_thread_stop())
        done, _ = await asyncio.wait({farewell}, timeout=STOP_SECONDS_MAX)
        if not done or farewell.cancelled() or farewell.exception() is not None:
            farewell.cancel()
            if self._consumer is not None:
                await self._consumer._client.close()

    def on_crash(self, msg: str, *fmt: Any, **kwargs: Any) -> None:
        """Print nothing: whoever runs the worker tells what stopped it."""

    def _stopped_set(self) -> None:
        if not self.thread_loop.is_closed():  # as it is after a crash
            super()._stopped_set()

    def close(self) -> None:
        """Faust would hang up here in a thread that does not own the connections; the stop that follows does it."""

    # -- reading -------------------------------------------------------------------------------------------------------

    async def _fetch_records(  # type: ignore[override] # our own consumer is the only one that asks
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> dict[TP, Fetched]:
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        with fetcher._subscriptions.fetch_context():
            try:
                found = await fetcher.fetched_records(active_partitions, timeout=timeout)
            except NoOffsetForPartitionError:
                return {}  # it was given to us during this fetch, and where to begin is still to be said
        batches = {tp: records for tp, [records] in found.items()}
        return {TP(*tp): Fetched(batches.get(tp, []), position) for tp, position in self._positions(consumer)}

    def _positions(self, consumer: Any) -> Iterator[tuple[TopicPartition, int]]:
        for tp in consumer.assignment():
            state = consumer._subscription.subscription.assignment.state_value(tp)
            if state is not None and state.has_valid_position:
                yield tp, state.position

    def known_end(self, tp: TP) -> int | None:
        """Where a partition of ours ended when its broker answered last; None: it has not yet."""
        with contextlib.suppress(AssertionError, AttributeError):  # not ours, or no more
            end: int | None = self._ensure_consumer().last_stable_offset(TopicPartition(*tp))
            return None if end is None or end < 0 else end
        return None

    # -- positions -----------------------------------------------------------------------------------------------------

    async def first_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Offset of the first record that each partition still has."""
        return await self._asked(self._ensure_consumer().beginning_offsets, tps)

    async def end_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Where each partition ends now."""
        return await self._asked(self._ensure_consumer().end_offsets, tps)

    async def _asked(self, question: Any, tps: Iterable[TP]) -> dict[TP, int]:
        wanted = [TopicPartition(*tp) for tp in tps]
        found = await self.call_thread(question, wanted) if wanted else {}
        return {TP(*tp): offset for tp, offset in found.items()}

    async def seek_all(self, offsets: Mapping[TP, int]) -> None:
        """Read on at these offsets. Raises IllegalStateError when a partition is no longer ours."""
        await self.call_thread(self._seek_all, offsets)

    async def _seek_all(self, offsets: Mapping[TP, int]) -> None:
        for tp, offset in offsets.items():
            self._ensure_consumer().seek(TopicPartition(*tp), offset)

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Whether it was noted; the group may have moved on without us, and then it is for others to say."""
        mine = self._ensure_consumer().assignment()
        progress = {
            TopicPartition(*tp): OffsetAndMetadata(offset, "")
            for tp, offset in offsets.items()
            if TopicPartition(*tp) in mine
        }
        try:
            await self._ensure_consumer().commit(progress)
        except (CommitFailedError, IllegalStateError):
            return False
        return True

    # -- health --------------------------------------------------------------------------------------------------------

    def fatal_error(self) -> BaseException | None:
        """What ended our membership for good. aiokafka keeps it for a caller that Faust never makes."""
        coordinator = getattr(self._consumer, "_coordinator", None)
        if coordinator is None:
            return None
        task = coordinator._coordination_task
        error: BaseException | None = getattr(coordinator, "_pending_exception", None)
        if error is None and task.done() and not task.cancelled():
            error = task.exception()
        return error

    async def answers(self) -> bool:
        """Whether a broker answers now."""
        future = asyncio.run_coroutine_threadsafe(self._ask_broker(), self.thread_loop)
        return await asyncio.wrap_future(future)

    async def _ask_broker(self) -> bool:
        return bool(await self._ensure_consumer()._client.force_metadata_update())


def _close_unused(loop: asyncio.AbstractEventLoop) -> None:
    if not loop.is_running():
        loop.close()


class _Overheard:
    """The client of a fetcher, which lets through everything and keeps the bytes of the newest answer of each partition."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.raw: dict[TopicPartition, bytes] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def send(self, node_id: int, request: Any, **options: Any) -> Any:
        """Ask a broker."""
        response = await self._client.send(node_id, request, **options)
        if isinstance(request, FetchRequest):
            for topic, partitions in response.topics:
                self.raw.update({TopicPartition(topic, part[0]): part[-1] for part in partitions})
        return response


class _Received(OrderedDict[Any, Any]):
    """What a fetcher has received; it becomes records of ours when it is taken out."""

    def __init__(self, overheard: _Overheard) -> None:
        super().__init__()
        self._overheard = overheard

    def __setitem__(self, tp: Any, result: Any) -> None:
        if type(result) is FetchResult:
            fetched = result._partition_records
            fetched._records_iterator = _decoded(fetched, self._overheard.raw.pop(tp))
        super().__setitem__(tp, result)


def _decoded(fetched: Any, raw: bytes) -> Iterator[list[Record]]:
    """All of a fetch as one list, in place of what aiokafka would hand out record by record."""
    aborted = [Aborted(first_offset, producer) for producer, first_offset in fetched._aborted_transactions]
    topic, partition = fetched._tp
    found = decode_batches(topic, partition, fetched.next_fetch_offset, raw, aborted)
    fetched.next_fetch_offset = found.position
    yield found.records
