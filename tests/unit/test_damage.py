"""Every way to break an event breaks every event to which it applies, and many reasons are met."""

from collections import Counter

from producers.chance import stream
from producers.damage import WAYS, Way, damaged
from schemas.acceptance import accept
from schemas.rejections import Reason, Rejected
from tests.builders import RECORDED_AT_US, ZONE
from tests.simulated import feed

PER_KIND = 10


def some_of_each_kind() -> list[bytes]:
    """Events of all types of the simulated feeds, with and without a revision."""
    seen: Counter[tuple[bytes, bool]] = Counter()
    chosen = []
    for line in feed("all"):
        kind = line.raw.partition(b'"type":"')[2].partition(b'"')[0], b'"revision":' in line.raw
        seen[kind] += 1
        if not line.is_tick and seen[kind] <= PER_KIND:
            chosen.append(line.raw)
    return chosen


def reason(raw: bytes) -> Reason | None:
    try:
        accept(raw, (), RECORDED_AT_US, ZONE)
    except Rejected as error:
        return error.reason if error.detail else None
    return None


def broken(way: Way) -> list[bytes]:
    return [line for raw in some_of_each_kind() if (line := way(raw)) is not None]


def test_every_way_applies_to_something_and_what_it_makes_is_refused() -> None:
    for number, way in enumerate(WAYS):
        lines = broken(way)
        assert lines, number
        assert [line for line in lines if reason(line) is None or b"\n" in line] == [], number


def test_most_reasons_of_the_contract_are_met() -> None:
    reasons = {reason(line) for way in WAYS for line in broken(way)}
    assert reasons >= {
        Reason.NOT_UTF8, Reason.NOT_JSON, Reason.NOT_CLOUDEVENT, Reason.UNKNOWN_TYPE, Reason.DUPLICATE_KEY,
        Reason.WRONG_TYPE, Reason.OUT_OF_RANGE, Reason.INVALID_TEXT, Reason.TOO_DEEP,
    }  # fmt: skip


def test_damage_is_drawn_among_all_ways() -> None:
    raw = next(line.raw for line in feed("crude-reserve") if b"percent_complete" in line.raw)
    chance = stream(0, "damage")
    assert len({damaged(raw, chance) for _ in range(1000)}) == len(WAYS)
