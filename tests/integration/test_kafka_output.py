"""What a worker publishes on a broker: in order, all of it durable when it is told, the KPI records last."""

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest

from eventlog.log import Entry, EventLog
from eventlog.scan import records_between
from schemas.errors import ServiceUnavailable
from schemas.topics import Topics
from streams.kafka_output import BATCH_BYTES, KafkaOutput
from tests.counting_worker import PARTITIONS, Place, open_log
from tests.kafka_broker import Broker


@pytest.fixture
def place(broker: Broker, topic_prefix: str) -> Place:
    return Place(broker.url, Topics(topic_prefix))


@pytest.fixture
def log(place: Place) -> Iterator[EventLog]:
    with closing(open_log(place)) as opened:
        yield opened


@asynccontextmanager
async def output(place: Place, **options: Any) -> AsyncIterator[KafkaOutput]:
    opened = KafkaOutput(place.broker, partitions=PARTITIONS, last=place.topics.kpis, **options)
    try:
        yield opened
    finally:
        await opened.close()


def publish(place: Place, *waves: Sequence[Entry]) -> None:
    async def run() -> None:
        async with output(place) as opened:
            for wave in waves:
                await opened.publish(wave)

    asyncio.run(run())


def stored(log: EventLog, topic: str, partition: int) -> list[tuple[bytes | None, bytes | None, Any]]:
    end = log.end_offset(topic, partition)
    return [
        (record.key, record.value, record.headers)
        for record in records_between(log, topic, partition, 0, end)
    ]


def test_records_stand_where_the_log_itself_would_put_them(place: Place, log: EventLog) -> None:
    headers = (("ce_id", "千".encode()), ("ce_id", b""))
    entries = [
        Entry(place.topics.events, "项目-🛢️".encode(), b"forwarded", None, headers),
        Entry(place.topics.rejected, b"", b"refused", 2),
        Entry(place.topics.alerts, b"00ff", b"firing", 3),
        Entry(place.topics.alerts, None, b"without a key"),
    ]
    publish(place, entries)
    mine = {
        (entry.topic, number): stored(log, entry.topic, number)
        for entry in entries
        for number in range(PARTITIONS)
    }
    log.append(entries)
    for (topic, number), found in mine.items():
        assert stored(log, topic, number) == found * 2
    assert sum(map(len, mine.values())) == len(entries)


def test_an_output_of_many_batches_keeps_its_order(place: Place, log: EventLog) -> None:
    count = 3_000
    assert count * 600 > 3 * BATCH_BYTES
    entries = [
        Entry(place.topics.kpis, b"p", b"%0600d" % at, at % PARTITIONS) for at in range(count * PARTITIONS)
    ]
    publish(place, entries[: len(entries) // 2], entries[len(entries) // 2 :])
    for number in range(PARTITIONS):
        values = [int(value or b"") for _, value, _ in stored(log, place.topics.kpis, number)]
        assert values == list(range(number, count * PARTITIONS, PARTITIONS))


def test_kpi_records_are_sent_when_all_else_is_durable(
    place: Place, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    waves: list[dict[str, int]] = []
    send = KafkaOutput._publish_wave

    async def noted(self: KafkaOutput, *args: Any) -> None:
        waves.append({topic: log.end_offset(topic, 1) for topic in place.topics.all})
        await send(self, *args)

    monkeypatch.setattr(KafkaOutput, "_publish_wave", noted)
    publish(place, [Entry(topic, b"k", b"v", 1) for topic in (*place.topics.all, place.topics.kpis)])
    assert waves[-1] == {topic: int(topic != place.topics.kpis) for topic in place.topics.all}


def test_a_record_that_the_broker_refuses_is_told(place: Place, log: EventLog) -> None:
    with pytest.raises(ServiceUnavailable, match="did not take what the worker publishes"):
        publish(place, [Entry(place.topics.kpis, b"k", os.urandom(1 << 25), 0)])


def test_a_broker_that_stays_away_is_told_in_time_and_one_that_comes_back_takes_all(
    own_broker: Broker, topic_prefix: str
) -> None:
    place = Place(own_broker.url, Topics(topic_prefix))
    with closing(open_log(place)):
        pass
    one = [Entry(place.topics.kpis, b"k", b"v", 0)]

    async def fails(publishing: Coroutine[Any, Any, None]) -> None:
        with pytest.raises(ServiceUnavailable, match="no answer within 2 s"):
            await publishing

    async def run() -> None:
        async with output(place, seconds_max=2.0) as hasty, output(place) as patient:
            await hasty.publish(one)
            await patient.publish(one)
            own_broker.kill()
            waiting = asyncio.create_task(patient.publish(one * 1_000))
            await fails(hasty.publish(one))
            assert not waiting.done()
            await asyncio.to_thread(own_broker.start)
            await waiting

    asyncio.run(run())
    with closing(open_log(place)) as log:
        assert log.end_offset(place.topics.kpis, 0) >= 1_002
