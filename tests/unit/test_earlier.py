from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from producers.earlier import Earlier
from producers.seen import Digests
from schemas.acceptance import DAY_US, epoch_us
from schemas.codec import decode
from schemas.duplicates import digest_of
from tests.builders import START, day, status


@dataclass
class ShelfOfDays:
    """A journal that notes what it is asked for."""

    rows: dict[int, list[bytes]]
    asked: list[range] = field(default_factory=list)

    def days(self) -> range:
        return range(min(self.rows), max(self.rows) + 1) if self.rows else range(0)

    def digests(self, days: range) -> Iterable[bytes]:
        self.asked.append(days)
        return [digest for day_number in days for digest in self.rows.get(day_number, [])]


def utc_day(number: int) -> int:
    return epoch_us(decode(status(number))["time"]) // DAY_US


def shelf(*numbers: int) -> ShelfOfDays:
    return ShelfOfDays(
        {utc_day(number): [digest_of(decode(raw), raw)] for number in numbers for raw in [status(number)]}
    )


def is_new(earlier: Earlier, raw: bytes) -> bool:
    return earlier.is_new(decode(raw), raw)


@given(st.lists(st.binary(min_size=16, max_size=16)))
def test_a_set_of_digests_knows_what_was_added(digests: list[bytes]) -> None:
    seen, expected = Digests(), set[bytes]()
    for digest in [*digests, *digests]:
        assert seen.add(digest) is (digest not in expected)
        expected.add(digest)


def test_the_second_of_two_equal_rows_is_not_new() -> None:
    earlier = Earlier()
    assert is_new(earlier, status(1))
    assert not is_new(earlier, status(1))


def test_rows_that_differ_in_one_attribute_or_one_byte_of_data_are_different() -> None:
    one = status(1, project="p", id="i", source="s")
    others = [
        status(1, project="q", id="i", source="s"),
        status(1, project="p", id="j", source="s"),
        status(1, project="p", id="i", source="t"),
        one.replace(b"T18:00:00", b"T18:00:01"),
        one.replace(b'"started"', b'"resumed"'),
        one.replace(b'"as_of":', b'"as_of": '),
    ]
    earlier = Earlier()
    assert all(is_new(earlier, raw) for raw in [one, *others])


def test_rows_that_differ_outside_of_what_they_say_are_the_same() -> None:
    one = status(1, id="i")
    same = [
        one.replace(b'"id":"i",', b"").replace(b'"source"', b'"id":"i", "source"'),
        one.replace(b"2024-01-02T18:00:00+08:00", b"2024-01-02T10:00:00Z"),
        one.replace(b'"data":', b'"datacontenttype":"application/json","data":'),
    ]
    earlier = Earlier()
    assert is_new(earlier, one)
    assert not any(is_new(earlier, raw) for raw in same)


def test_attributes_cannot_run_into_each_other() -> None:
    earlier = Earlier()
    assert is_new(earlier, status(1, source="a", id="bc"))
    assert is_new(earlier, status(1, source="ab", id="c"))


def test_a_row_of_the_journal_is_not_new() -> None:
    earlier = Earlier(shelf(1, 5))
    assert not is_new(earlier, status(5))
    assert is_new(earlier, status(4))
    assert not is_new(earlier, status(1))


def test_days_outside_of_the_journal_are_not_looked_up() -> None:
    journal = shelf(1, 5)
    earlier = Earlier(journal)
    assert is_new(earlier, status(6))
    assert is_new(earlier, status(0))
    assert journal.asked == []


def test_a_file_of_one_day_loads_that_day_alone_and_once() -> None:
    journal = shelf(*range(100))
    earlier = Earlier(journal)
    for number in range(20):
        is_new(earlier, status(50, id=f"r-{number}"))
    assert journal.asked == [range(utc_day(50), utc_day(50) + 1)]


def test_a_file_of_years_asks_seldom_and_for_no_day_twice() -> None:
    journal = shelf(*range(1000))
    earlier = Earlier(journal)
    assert not any(is_new(earlier, status(number)) for number in range(1000))
    assert len(journal.asked) < 25
    loaded = [number for days in journal.asked for number in days]
    assert len(loaded) == len(set(loaded)) == 1000


@given(st.lists(st.integers(0, 120), max_size=30), st.sets(st.integers(0, 120)))
def test_in_any_order_exactly_the_rows_of_the_journal_are_known(rows: list[int], stored: set[int]) -> None:
    earlier = Earlier(shelf(*stored))
    expected = set(stored)
    for number in rows:
        assert is_new(earlier, status(number)) is (number not in expected)
        expected.add(number)


def test_days_are_those_of_utc() -> None:
    assert utc_day(0) == (START - date(1970, 1, 1)).days
    assert day(0) == START
