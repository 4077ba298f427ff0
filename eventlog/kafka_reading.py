"""Reads partitions of a Kafka log by positions, without a consumer group. Only what no transaction has taken back.

A question costs a millisecond, and the store asks about every partition ten times a second. So one fetch looks at all
partitions that were last found at their end; that there was nothing new in the others is believed once, and briefly.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from time import monotonic
from typing import Any, Final

from kafka.errors import OffsetNotAvailableError, OffsetOutOfRangeError, for_code
from kafka.protocol.consumer import FetchRequest, IsolationLevel, ListOffsetsRequest, OffsetSpec

from eventlog.kafka_connection import KafkaConnection
from eventlog.kafka_records import Aborted, decode_batches
from eventlog.log import Record

__all__ = ["KafkaReader", "Place"]

Place = tuple[str, int]

BELIEVED_SECONDS: Final = 0.02
"""How old the news of a fetch for another partition may be."""

WATCHED_SECONDS: Final = 1.0
"""How long a partition that was read to its end is looked at together with others."""

READ_BYTES_MAX: Final = 8 << 20
PARTITION_BYTES: Final = 1 << 20
_COMMITTED: Final = IsolationLevel.build_from("read_committed")
# The last version that names topics by their names.
_FETCH_VERSION_MAX: Final = 12
_NO_EPOCH: Final = -1
_offset_of: Final = itemgetter(Record._fields.index("offset"))
_NO_SESSION: Final = {"session_id": 0, "session_epoch": -1, "forgotten_topics_data": [], "rack_id": ""}


@dataclass(slots=True)
class _Page:
    """What is known of a partition: all records of [start, position), and the end that it had then."""

    start: int
    position: int
    end: int
    records: list[Record] = field(default_factory=list)
    size_bytes: int = 0
    news_at: float = 0.0
    """When it was fetched for another partition's sake; 0: whoever reads on has to ask."""

    read_at: float = 0.0

    @property
    def at_end(self) -> bool:
        return self.position >= self.end

    def covers(self, offset: int) -> bool:
        return self.start <= offset <= self.position

    def take(self, offset: int, limit: int) -> list[Record]:
        """Records from `offset` on. The last ones are handed out once: most readers only go on."""
        at = bisect_left(self.records, offset, key=_offset_of)
        taken = self.records[at : at + limit]
        if at + len(taken) == len(self.records):
            self.start = taken[-1].offset + 1 if taken else offset
            self.records = []
        return taken


class KafkaReader:
    """The positions and pages of one thread."""

    def __init__(self, connection: KafkaConnection) -> None:
        self._connection = connection
        self._pages: dict[Place, _Page] = {}
        self._ends: dict[Place, tuple[int, float]] = {}

    def read(self, place: Place, offset: int, limit: int) -> list[Record]:
        """At most `limit` records from `offset` on; none only at the end."""
        found: list[Record] = []
        size_bytes = 0
        while len(found) < limit and size_bytes < READ_BYTES_MAX:
            page = self._pages.get(place)
            fetched = True
            if page is None or not page.covers(offset):
                page = self._fetch(place, offset, offset)
            elif page.records and offset < page.position:
                fetched = False
            elif page.at_end and self._is_news(page):
                break
            else:
                page = self._fetch(place, offset if page.records else page.start, page.position)
            page.read_at = monotonic()
            size_bytes += page.size_bytes
            found += page.take(offset, limit - len(found))
            if page.records or (page.at_end and (found or fetched)):
                break
            offset = max(offset, page.start)
        return found

    def end(self, place: Place) -> int:
        """The offset after the newest record that counts."""
        known = self._ends.pop(place, None)
        if known is None or monotonic() - known[1] > BELIEVED_SECONDS:
            self._ends = self._connection.patiently(lambda: self._ask_ends(place))
            known = self._ends.pop(place)
        return known[0]

    def forget_ends(self) -> None:
        """Something was appended: nothing that was believed holds any more."""
        self._ends.clear()
        for page in self._pages.values():
            page.news_at = 0.0

    # -- pages -----------------------------------------------------------------------------------------------------

    def _is_news(self, page: _Page) -> bool:
        """Whether its end was seen just now; that is believed once."""
        news_at, page.news_at = page.news_at, 0.0
        return monotonic() - news_at < BELIEVED_SECONDS

    def _fetch(self, place: Place, start: int, position: int) -> _Page:
        """A page of what follows `position`, and news of the partitions that were read to their end.

        Between `start` and `position` there is known to be nothing.
        """
        asked = {place: position, **self._watched(place)}
        answers = self._connection.patiently(lambda: self._ask_records(place, asked))
        now = monotonic()
        for found, page in answers.items():
            if found != place:
                known = self._pages[found]
                page.start, page.read_at, page.news_at = known.start, known.read_at, now
            self._pages[found] = page
        answers[place].start = start
        return answers[place]

    def _watched(self, but: Place) -> dict[Place, int]:
        """Where partitions that are read again and again stand at their end, with the same leader."""
        since = monotonic() - WATCHED_SECONDS
        leader = self._connection.patiently(lambda: self._connection.leader(*but))
        return {
            place: page.position
            for place, page in self._pages.items()
            if place != but
            and page.at_end
            and not page.records
            and page.read_at > since
            and self._connection.leads(leader, *place)
        }

    # -- asking ----------------------------------------------------------------------------------------------------

    def _ask_records(self, first: Place, offsets: dict[Place, int]) -> dict[Place, _Page]:
        leader = self._connection.leader(*first)
        answer = self._connection.ask(_fetch_request(offsets), leader)
        pages: dict[Place, _Page] = {}
        for topic in answer.responses:
            for partition in topic.partitions:
                place = (topic.topic, partition.partition_index)
                page = self._page_of(place, offsets[place], partition, wanted=place == first)
                if page is not None:
                    pages[place] = page
        return pages

    def _page_of(self, place: Place, offset: int, answer: Any, *, wanted: bool) -> _Page | None:
        """What was answered about a partition; trouble with one that was only watched is for its next reader."""
        problem = for_code(answer.error_code)
        if answer.error_code and not wanted:
            return None
        if problem is OffsetOutOfRangeError:
            return self._page_elsewhere(place, offset)
        if answer.error_code:
            raise problem(f"{place[0]} partition {place[1]}")
        aborted = [Aborted(each.first_offset, each.producer_id) for each in answer.aborted_transactions or ()]
        raw = bytes(answer.records or b"")
        records, position = decode_batches(*place, offset, raw, aborted)
        end = answer.last_stable_offset
        if wanted and position == offset < end:
            raise OffsetNotAvailableError(f"{place[0]} partition {place[1]} at {offset} of {end}")
        return _Page(offset, position, end, records, len(raw))

    def _page_elsewhere(self, place: Place, offset: int) -> _Page:
        """Behind the end there is nothing; before the start, where old records were deleted, the first one follows."""
        [first] = self._ask_offsets([place], OffsetSpec.EARLIEST).values()
        if offset >= first:
            return _Page(offset, offset, offset)
        return _Page(offset, first, self.end(place))

    def _ask_ends(self, place: Place) -> dict[Place, tuple[int, float]]:
        """The ends of all partitions of a topic, which are often asked for one after the other."""
        leader = self._connection.leader(*place)
        numbers = [
            number
            for number in range(self._connection.partitions(place[0]))
            if self._connection.leads(leader, place[0], number)
        ]
        found = self._ask_offsets([(place[0], number) for number in numbers], OffsetSpec.LATEST)
        for each, end in found.items():
            if (page := self._pages.get(each)) is not None:
                page.end = max(page.end, end)
        now = monotonic()
        return {each: (end, now) for each, end in found.items()}

    def _ask_offsets(self, places: Sequence[Place], which: OffsetSpec) -> dict[Place, int]:
        answer = self._connection.ask(_offsets_request(places, which), self._connection.leader(*places[0]))
        found = {}
        for topic in answer.topics:
            for partition in topic.partitions:
                if partition.error_code:
                    raise for_code(partition.error_code)(
                        f"{topic.name} partition {partition.partition_index}"
                    )
                found[topic.name, partition.partition_index] = partition.offset
        return found


def _by_topic(places: Iterable[Place]) -> dict[str, list[int]]:
    topics: dict[str, list[int]] = {}
    for topic, partition in places:
        topics.setdefault(topic, []).append(partition)
    return topics


def _fetch_request(offsets: dict[Place, int]) -> FetchRequest:
    """A fetch that answers at once; the first partition gets at least one batch, however big."""
    topics = [
        FetchRequest.FetchTopic(
            topic=topic,
            partitions=[
                FetchRequest.FetchTopic.FetchPartition(
                    partition=number,
                    current_leader_epoch=_NO_EPOCH,
                    fetch_offset=offsets[topic, number],
                    last_fetched_epoch=_NO_EPOCH,
                    partition_max_bytes=PARTITION_BYTES,
                )
                for number in numbers
            ],
        )
        for topic, numbers in _by_topic(offsets).items()
    ]
    return FetchRequest(
        max_wait_ms=0,
        min_bytes=0,
        max_bytes=READ_BYTES_MAX,
        isolation_level=_COMMITTED,
        topics=topics,
        min_version=FetchRequest.min_version_for_isolation_level(_COMMITTED),
        max_version=_FETCH_VERSION_MAX,
        **_NO_SESSION,
    )


def _offsets_request(places: Sequence[Place], which: OffsetSpec) -> ListOffsetsRequest:
    topics = [
        ListOffsetsRequest.ListOffsetsTopic(
            name=topic,
            partitions=[
                ListOffsetsRequest.ListOffsetsTopic.ListOffsetsPartition(
                    partition_index=number, timestamp=which, current_leader_epoch=_NO_EPOCH
                )
                for number in numbers
            ],
        )
        for topic, numbers in _by_topic(places).items()
    ]
    return ListOffsetsRequest(
        isolation_level=_COMMITTED,
        topics=topics,
        min_version=ListOffsetsRequest.min_version_for_isolation_level(_COMMITTED),
    )
