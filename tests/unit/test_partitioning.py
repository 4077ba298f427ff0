"""Partitions are those of Kafka's own clients, and the blobs of a batch give back what was put in."""

from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2 as kafka_python_murmur2

from eventlog.batches import BATCH_BYTES_MAX, BATCH_RECORDS_MAX, pack, split, unpack
from eventlog.log import Entry, Record
from eventlog.partitioning import murmur2, partition_of

SIGN = 0x7FFFFFFF

parts = st.none() | st.binary(max_size=30)
headers = st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=3).map(tuple)
entry_lists = st.lists(
    st.builds(Entry, st.just("t"), parts, parts, st.none(), headers), min_size=1, max_size=30
)


@given(st.binary(max_size=80))
def test_murmur2_is_that_of_the_kafka_clients(key: bytes) -> None:
    assert murmur2(key) & SIGN == kafka_python_murmur2(key) & SIGN == aiokafka_murmur2(key) & SIGN


@given(st.text(min_size=1, max_size=40), st.integers(1, 64))
def test_a_project_lives_where_kafka_places_its_key(project_id: str, partitions: int) -> None:
    key = project_id.encode("utf-8", "replace")
    wanted = (kafka_python_murmur2(key) & SIGN) % partitions
    assert partition_of(key.decode(), partitions) == wanted


def test_known_hashes_of_the_java_client() -> None:
    known = {b"21": -973932308, b"foobar": -790332482, b"a-little-bit-long-string": -985981536,
             b"a-little-bit-longer-string": -1486304829, b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
             b"abc": 479470107}  # fmt: skip
    assert {key: murmur2(key) for key in known} == {key: value % 2**32 for key, value in known.items()}


@given(entry_lists)
def test_a_batch_gives_back_its_records(entries: list[Entry]) -> None:
    found = unpack("t", 3, 100, len(entries), 7, pack(entries))
    assert found == [
        Record("t", 3, 100 + at, 7, entry.key, entry.value, entry.headers) for at, entry in enumerate(entries)
    ]


@given(st.lists(st.integers(0, BATCH_BYTES_MAX + 9), max_size=12), st.integers(0, BATCH_RECORDS_MAX + 5))
def test_runs_for_one_blob_are_bounded_and_leave_nothing_out(sizes: list[int], small: int) -> None:
    big = {size: bytes(size) for size in sizes}
    entries = [Entry("t", None, big[size]) for size in sizes] + [Entry("t", b"k", b"v")] * small
    runs = list(split(entries))
    assert [entry for run in runs for entry in run] == entries
    assert all(1 <= len(run) <= BATCH_RECORDS_MAX for run in runs)
    assert all(
        len(run) == 1 or sum(len(entry.value or b"") for entry in run) <= BATCH_BYTES_MAX for run in runs
    )
