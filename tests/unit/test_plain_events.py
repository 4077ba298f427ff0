"""The quick look at plain events, against the look at any event: on sound events and on events damaged in many ways."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

import pytest
from pydantic_core import from_json, to_json

from schemas.codec import _decode_any, _decode_plain
from schemas.events import BASELINE_TYPE
from schemas.plain_events import has_plain_bytes
from schemas.rejections import Rejected
from tests import builders
from tests.messes import Mess, some_statement

GOLDEN: Final = sorted((Path(__file__).parents[1] / "golden").glob("*.json"))
TEXTS: Final = (
    b" ", b"  x", b"x ", b"", b"/", b"a/b", b"a b", b"\\t", b"\\u0000", b"\\u0020", b"\\u00a0x", b"\\n", b"\x7f", b"\x01",
    "\u0085".encode(), "\u00a0x".encode(), "\u3000".encode(), "里程碑".encode(), "🏗️".encode(), b"\xff", b"x" * 201,
    b"1700000000", b"2024-02-30", b"2024-03-01T00:00:00", b"NaN", b"\\ud800", b"\\u2028",
)  # fmt: skip
NUMBERS: Final = (
    b"0", b"-0.0", b"-1", b"1e10", b"-1e10", b"4294967295", b"4294967296", b"-4294967296", b"4294967296.000001",
    b"1234567890123.45678901", b"-1234567890123.45678901", b"-9876543210.12345678901", b"1e24", b"1.1e24", b"1e400", b"NaN", b"Infinity", b"true", b"null", b'"7"', b"[]", b'{"a":1}',
    b"9223372036854775808", b"1.0", b"0.1", b"01", b"1.",
)  # fmt: skip
MEMBERS: Final = (
    b'"x":1', b'"x":NaN', b'"x":{"data":1}', b'"x":[1,2]', b'"revision":1', b'"note":null', b'"note":"a"', b'"as_of":null',
    b'"x" :1', b'"x":" \\u0000"', b'"data":{}', b'"id":"again"', b'"time":"2024-03-01T00:00:00Z"', b'"quantity":5',
)  # fmt: skip
SPACES: Final = (b" ", b"\n", b"\t", b"\r\n", b"\x0b", b"\x0c", b"\xef\xbb\xbf", b"\0")


def some_place(chance: Random, raw: bytes, marks: bytes) -> int:
    """Where one of these bytes stands."""
    return chance.choice([at for at, char in enumerate(raw) if char in marks] or [0])


def with_text(chance: Random, raw: bytes) -> bytes:
    start = some_place(chance, raw, b'"')
    end = raw.find(b'"', start + 1)
    return raw[: start + 1] + chance.choice(TEXTS) + raw[end:]


def with_number(chance: Random, raw: bytes) -> bytes:
    start = some_place(chance, raw, b":") + 1
    ends = [end for mark in (b",", b"}") if (end := raw.find(mark, start)) > 0]
    return raw[:start] + chance.choice(NUMBERS) + raw[min(ends, default=start) :]


def with_member(chance: Random, raw: bytes) -> bytes:
    at = some_place(chance, raw, b"{,") + 1
    return raw[:at] + chance.choice(MEMBERS) + b"," + raw[at:]


def with_space(chance: Random, raw: bytes) -> bytes:
    at = some_place(chance, raw, b'{},:"')
    return raw[:at] + chance.choice(SPACES) + raw[at:]


def with_hole(chance: Random, raw: bytes) -> bytes:
    start = chance.randrange(len(raw))
    return raw[:start] + raw[start + chance.randint(1, 30) :]


CHANGES: Final[tuple[Callable[[Random, bytes], bytes], ...]] = (
    with_text, with_number, with_member, with_space, with_hole, lambda _, raw: raw,
)  # fmt: skip


def plainly(raw: bytes) -> bytes:
    """The event with an id and a source of plain characters, and its texts in ASCII."""
    event = from_json(raw) | {"id": "e-1", "source": "urn:site"}
    data = {
        name: "x" if isinstance(value, str) and not value.isascii() else value
        for name, value in event["data"].items()
    }
    return to_json(event | {"data": data})


def agree(raw: bytes) -> bool:
    """Whether the quick look took the event; then the other one must take it too, and as the same."""
    event = _decode_plain(raw) if has_plain_bytes(raw) else None
    if event is None:
        return False
    assert repr(event) == repr(_decode_any(raw)), raw
    return True


@pytest.mark.parametrize("seed", range(8))
def test_what_the_quick_look_takes_the_other_look_takes_as_the_same(seed: int) -> None:
    chance = Random(seed)
    mess = Mess(projects=("p1", "p-2", "p_3"))
    taken = refused = 0
    for _ in range(1500):
        raw = plainly(some_statement(chance, mess))
        for _ in range(chance.randint(1, 2)):
            raw = chance.choice(CHANGES)(chance, raw)
        if agree(raw):
            taken += 1
        else:
            try:
                _decode_any(raw)
            except Rejected:
                refused += 1
    assert taken > 100
    assert refused > 200


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_published_examples_are_plain_when_they_are_written_so(path: Path) -> None:
    written = plainly(path.read_bytes())
    assert agree(written) == (path.stem != BASELINE_TYPE)
    assert not agree(path.read_bytes())


@pytest.mark.parametrize("number", [b"-4294967296", b"4294967296", b"-1234567890123.45678901", b"1e24"])
def test_a_large_number_is_not_plain(number: bytes) -> None:
    reading = plainly(builders.reading("s", 0, 25))
    assert agree(reading.replace(b'"value":25', b'"value":-4294967295.5'))
    assert not agree(reading.replace(b'"value":25', b'"value":' + number))
