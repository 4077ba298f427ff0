"""Faust transport on Kafka that hands out record batches: `kafka-batches://host:9092;host:9092`. It only reads.

It has a scheme of its own, so that other Faust applications of an environment keep the driver that they expect behind
`kafka://`. The group shares the partitions; where to read on is said by the application (`start_offsets`), else it is the
first record. Commits tell others how far the group has come.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, ClassVar, Final, NoReturn

from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from faust.transport.drivers import aiokafka as driver
from faust.types import ConsumerMessage
from faust.types.transports import ConsumerT, ProducerT
from faust.types.tuples import TP
from mode import Service

from schemas.errors import MilepostError, ServiceUnavailable
from streams.assignments import Assignments
from streams.batches import Gap
from streams.broker_outages import BrokerOutages
from streams.transports.kafka_errors import explain
from streams.transports.kafka_thread import ConsumerThread, Fetched
from streams.transports.no_producer import NoProducer
from streams.transports.range_acks import RangeAcks

__all__ = ["SCHEME", "Consumer", "Transport"]

SCHEME: Final = "kafka-batches"
WATCH_SECONDS: Final = 1.0
STOP_SECONDS_MAX: Final = 4.0
"""How long the last commit may take: a broker that is away does not answer."""
PATIENCE: Final = 0.9
"""Recovery gives up in silence after `broker_request_timeout`, so an opening that takes longer fails a little sooner."""


class Consumer(RangeAcks, driver.Consumer):
    """Hands out the records of each partition in batches: a message is a list of records, or a gap without any."""

    _thread: ConsumerThread

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._must_seek = False
        self._gave_up = False
        self._place = ", ".join(f"{url.host}:{url.port}" for url in self.transport.url)
        self._outages = BrokerOutages(self._place)
        self._assignments = Assignments()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def on_start(self) -> None:
        """Listen to what the client complains about."""
        self._outages.listen()
        await super().on_start()

    async def on_started(self) -> None:
        """Tell what the thread could not do."""
        await super().on_started()
        if self._thread.failure is not None:
            raise self._explained(self._thread.failure) from self._thread.failure
        self._outages.begin()

    async def wait_empty(self) -> None:
        """The same. At the end of the worker only for a while: without a broker no commit is ever done."""
        if not self.app.should_stop:
            await super().wait_empty()
        elif not self._gave_up:
            # Faust swallows the cancellation of a commit, so whoever waits with a limit leaves it alone.
            last = asyncio.ensure_future(super().wait_empty())
            done, _ = await asyncio.wait({last}, timeout=STOP_SECONDS_MAX)
            self._gave_up = not done
            if not done:
                last.cancel()
                self._outages.tell_unsaid()
            elif (error := last.exception()) is not None:
                await self.crash(error)  # raised here, it would leave the rest of the stop undone

    async def on_shutdown(self) -> None:
        """Listen no more."""
        await super().on_shutdown()
        self._outages.close()

    def _explained(self, error: BaseException) -> MilepostError:
        return explain(error, place=self._place, group=self.app.conf.id)

    # -- assignment ----------------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """The same; an error in here must stop the worker, and aiokafka would only note it."""
        try:
            await super().on_partitions_revoked(revoked)
        except Exception as error:  # noqa: BLE001 - whatever it is
            await self.crash(error)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """The same; who gets nothing is not asked to seek, so it forgets here what it had."""
        await super().on_partitions_assigned(assigned, generation_id)
        if not assigned:
            await self.start_offsets(set())
            self._tell_assignment({})

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Where to begin: what the application asks for, else the first record. Commits play no part."""
        tps = {TP(*tp) for tp in self.assignment()}
        seconds = self.app.conf.broker_request_timeout * PATIENCE
        try:
            asked = await asyncio.wait_for(self.start_offsets(tps), seconds)
        except TimeoutError as error:
            raise ServiceUnavailable(
                f"opening {len(tps)} partitions took more than {seconds:.0f} s; start more workers"
            ) from error
        first = await self._thread.first_offsets(tps)
        for tp in tps & asked.keys():
            if asked[tp] < first[tp]:
                self.on_lost(tp, asked[tp], first[tp])
        offsets = {tp: asked.get(tp, first[tp]) for tp in tps}
        await self._thread.seek_all(offsets)
        self._tell_assignment(offsets)
        return offsets

    def _tell_assignment(self, offsets: Mapping[TP, int]) -> None:
        """One topic is read; whoever only drains is gone before anybody wonders."""
        app: Any = self.app
        if app.folder.live:
            self._assignments.tell(app.events_topic, {tp.partition: offset for tp, offset in offsets.items()})

    async def perform_seek(self) -> None:
        """The same; one that failed is done again before anything is read."""
        self._must_seek = True
        await super().perform_seek()
        self._must_seek = False

    def on_lost(self, tp: TP, expected: int, first: int) -> NoReturn:
        """What was not folded is gone, and a state without it would be wrong."""
        raise ServiceUnavailable(
            f"{tp.topic}/{tp.partition}: the events from offset {expected} to {first - 1} are gone from the broker; "
            "give the topic retention.ms=-1 and restore them"
        )

    def on_hole(self, tp: TP, expected: int, found: int) -> None:
        """Markers and what was taken back stand there: what is gone from the broker is refused when it is asked for."""

    # -- positions -----------------------------------------------------------------------------------------------------

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        try:
            return await self._thread.commit(offsets)
        except KafkaError as error:
            raise self._explained(error) from error

    def highwater(self, tp: TP) -> int:
        """End of a partition, as far as it is known."""
        known = self._thread.known_end(tp)
        return self.next_offset(tp) if known is None else known

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """Ends of partitions."""
        return await self._thread.end_offsets(partitions)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: Faust would take a quiet topic for a broken one; `_watch` knows better."""

    # -- reading -------------------------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:
        """One message per partition and fetch. What was fetched before a seek or a rebalance is void, and sought again."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]
        if self._must_seek:
            await self.perform_seek()
        then = self._now()
        for tp, fetched in (await self._fetched(timeout, then)).items():
            if self._is_void(then):
                self._must_seek = True
                return
            for message in self._messages(tp, fetched):
                yield tp, message

    def _now(self) -> tuple[int, int]:
        return self.epoch, self.app.consumer_generation_id

    def _is_void(self, then: tuple[int, int]) -> bool:
        return self.should_stop or not self.flow_active or then != self._now()

    async def _fetched(self, timeout: float, then: tuple[int, int]) -> dict[TP, Fetched]:
        try:
            records: Any
            records, _ = await self._wait_next_records(timeout)
        except KafkaError as error:
            if self._is_void(then):
                self._must_seek = True
                return {}
            await self._tell_lost(error)
            raise self._explained(error) from error
        return records or {}

    async def _tell_lost(self, error: KafkaError) -> None:
        wanted = error.args[0] if isinstance(error, OffsetOutOfRangeError) else {}
        for atp, offset in wanted.items():
            tp = TP(*atp)
            self.on_lost(tp, offset, (await self._thread.first_offsets([tp]))[tp])

    def _messages(self, tp: TP, fetched: Fetched) -> Iterable[ConsumerMessage]:
        if fetched.records and (new := self.hand_out(tp, fetched.records)):
            yield self._to_message(tp, new)
        if tp in self._next and fetched.position > self._next[tp]:
            self.pass_over(tp, fetched.position)
            yield self._message(tp, fetched.position - 1, 0.0, Gap(tp.partition, fetched.position))

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        last = record[-1]
        return self._message(tp, last.offset, last.recorded_at_us / 1e6, record)

    def _message(self, tp: TP, offset: int, timestamp: float, value: Any) -> ConsumerMessage:
        generation = self.app.consumer_generation_id
        return ConsumerMessage(
            tp.topic, tp.partition, offset, timestamp, 1, [], None, value, None, 0, 0, tp, generation_id=generation
        )  # fmt: skip

    # -- health --------------------------------------------------------------------------------------------------------

    @Service.task
    async def _watch(self) -> None:
        """A worker that was thrown out for good must end; one whose broker is away waits and says so once."""
        async for _ in self.itertimer(WATCH_SECONDS, name="watch"):
            if (error := self._thread.fatal_error()) is not None:
                raise self._explained(error) from error
            if self._outages.away:
                await self._look_whether_back()

    async def _look_whether_back(self) -> None:
        with contextlib.suppress(TimeoutError, KafkaError):
            if await asyncio.wait_for(self._thread.answers(), WATCH_SECONDS):
                self._outages.end()


class Transport(driver.Transport):
    """Registered as `kafka-batches` under `faust.transports`."""

    Consumer: ClassVar[type[ConsumerT]] = Consumer
    Producer: ClassVar[type[ProducerT]] = NoProducer
    driver_version = "Kafka in record batches"
