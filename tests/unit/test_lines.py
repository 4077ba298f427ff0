from collections.abc import Iterator, Sequence
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.lines import KEPT_BYTES_MAX, Line, pages_of
from schemas.codec import SIZE_MAX_BYTES


def lines_of(content: bytes, sizes: Sequence[int] = ()) -> list[Line]:
    """Lines of a content that arrives in pieces of these sizes, over and over; in one go without any."""
    file = BytesIO(content)
    turn: Iterator[int] = iter(sizes)

    def read(limit: int) -> bytes:
        nonlocal turn
        size = next(turn, None)
        if size is None:
            turn = iter(sizes)
            size = next(turn, limit)
        return file.read(size)

    return [line for page in pages_of(read) for line in page.lines]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n", b"\r\n", b"\n\n \t\n"])
def test_lines_are_numbered_and_blank_ones_are_passed_over(ending: bytes, last: bytes) -> None:
    content = ending.join([b"one", b"", b" \t ", b"four"]) + last
    assert lines_of(content) == [Line(1, b"one", 3), Line(4, b"four", 4)]


@given(st.lists(st.binary(max_size=30)), st.lists(st.integers(1, 9), min_size=1))
def test_it_does_not_matter_in_which_pieces_a_file_arrives(parts: list[bytes], sizes: list[int]) -> None:
    content = b"\n".join(parts)
    found = lines_of(content, sizes)
    assert found == lines_of(content)
    numbered = enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1)
    bare = [(number, raw.removesuffix(b"\r")) for number, raw in numbered]
    assert [(line.number, line.raw) for line in found] == [
        (number, raw) for number, raw in bare if raw and not raw.isspace()
    ]


def test_a_byte_order_mark_at_the_very_start_is_no_part_of_the_first_line() -> None:
    mark = b"\xef\xbb\xbf"
    assert lines_of(mark + b"one\n" + mark + b"two") == [Line(1, b"one", 3), Line(2, mark + b"two", 6)]
    assert lines_of(mark + b"one", [1]) == [Line(1, b"one", 3)]
    assert lines_of(mark) == []


@pytest.mark.parametrize("pieces", [[], [1 << 16], [1 << 20, 3]])
def test_a_line_of_any_length_takes_no_more_memory_than_an_event(pieces: list[int]) -> None:
    content = b"first\n" + b"x" * 10_000_000 + b"\nlast\n"
    first, long, last = lines_of(content, pieces)
    assert (first.raw, last) == (b"first", Line(3, b"last", 4))
    assert long.size == 10_000_000
    assert len(long.raw) <= KEPT_BYTES_MAX


def test_the_largest_line_that_is_allowed_is_kept_whole() -> None:
    raw = b"x" * SIZE_MAX_BYTES
    assert lines_of(raw + b"\r\n" + raw, [1 << 16]) == [
        Line(1, raw, SIZE_MAX_BYTES),
        Line(2, raw, SIZE_MAX_BYTES),
    ]


def test_a_page_tells_how_much_was_read() -> None:
    assert sum(page.size for page in pages_of(BytesIO(b"a\nb\n\nc").read)) == 6
