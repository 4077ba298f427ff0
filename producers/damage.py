"""Ways to break one event: each gives a line, without a line break in it, that must be refused whatever was in it.

Some need a field that not every event has; a way that does not apply gives None and is passed over.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Final

__all__ = ["WAYS", "Way", "damaged"]

Way = Callable[[bytes], bytes | None]

_NUMBER: Final = (
    rb'"(quantity|percent_complete|done|value|resumed|actual_cost|earned_value|cumulative)":[-+.\deE]+'
)
_DAY: Final = rb'"(as_of|period_end|assigned_on|at|start)":"[^"]*"'
_NESTING: Final = 100


def _instead(pattern: bytes, replacement: bytes, raw: bytes) -> bytes | None:
    broken, found = re.subn(pattern, replacement, raw, count=1)
    return broken if found else None


def _cut_off(raw: bytes) -> bytes:
    return raw[: len(raw) * 2 // 3]


def _as_python_prints_it(raw: bytes) -> bytes:
    return raw.replace(b'"', b"'")


def _in_a_list(raw: bytes) -> bytes:
    return b"[" + raw + b"]"


def _twice_on_a_line(raw: bytes) -> bytes:
    return raw + b" " + raw


def _replacing(pattern: bytes, replacement: bytes) -> Way:
    return partial(_instead, pattern, replacement)


def _with_member(member: bytes) -> Way:
    """A further member of the data."""
    return _replacing(rb'"data":\{', rb'"data":{' + member.replace(b"\\", rb"\\") + b",")


WAYS: Final[Sequence[Way]] = (
    _cut_off,
    _as_python_prints_it,
    _in_a_list,
    _twice_on_a_line,
    _replacing(rb'"subject":"', b'"subject":"\xff\xfe'),  # not UTF-8
    _replacing(rb'"subject":"', rb'"subject":"\\u0007'),  # a control character
    _replacing(_NUMBER, rb'"\1":NaN'),
    _replacing(_NUMBER, rb'"\1":1e999'),
    _replacing(_NUMBER, '"\\1":"约十二"'.encode()),
    _replacing(rb'"percent_complete":[-+.\deE]+', b'"percent_complete":130'),
    _replacing(_DAY, rb'"\1":"2024-02-30"'),
    _replacing(_DAY, rb'"\1":"2345-01-01"'),
    _replacing(rb'("time":"[^"]*?)([+-]\d\d:\d\d|Z)"', rb'\1"'),  # without a zone
    _replacing(rb'"time":"[^"]*",', b""),
    _replacing(rb'"id":"[^"]*",', b""),
    _replacing(rb'"data":', b'"date":'),
    _replacing(rb'"type":"milepost\.[^"]*"', b'"type":"milepost.rumour.heard.v1"'),
    _replacing(rb'"specversion":"1\.0"', b'"specversion":"0.3"'),
    _replacing(rb"^\{", b'{"specversion":"1.0",'),  # a key twice
    _with_member(b'"revision":1.5'),
    _with_member(b'"remark":"\\u0000"'),
    _with_member(b'"remark":"\\ud83d"'),  # half of an emoji
    _with_member(b'"remark":' + b"[" * _NESTING + b"]" * _NESTING),
)


def damaged(raw: bytes, chance: Random) -> bytes:
    """The event broken in one way that applies to it."""
    ways = list(WAYS)
    chance.shuffle(ways)
    return next(broken for way in ways if (broken := way(raw)) is not None)
