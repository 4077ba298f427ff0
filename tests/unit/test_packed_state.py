"""Parts of a saved state as bytes: what was written comes back, and nothing else is taken for it."""

from typing import Any

import pytest

from streams.core.saved_state import Name
from streams.packed_state import MARKER, PIECE_BYTES_MAX, Marker, PackedState, Unusable, projects_in, unpacked

BELONGS_TO = ["engine", "log", "Asia/Shanghai", 8, [["engine_version", 1]], 3]
ME = Marker(BELONGS_TO, 42, [41, 1_700_000_000_000_000], ["hash", 0, None, None, True])


def apply(saved: dict[bytes, bytes], changes: dict[bytes, bytes | None]) -> None:
    for key, value in changes.items():
        if value is None:
            del saved[key]
        else:
            saved[key] = value


def state(*parts: tuple[Name, Any]) -> dict[bytes, bytes]:
    packed, saved = PackedState(), dict[bytes, bytes]()
    for name, content in parts:
        apply(saved, packed.packed(name, content))
    saved[MARKER] = packed.marker(ME)
    return saved


def two() -> dict[bytes, bytes]:
    return state((Name("p/1/项目"), ["head"]), (Name("p/1/项目", 0), [1, None, b"\xff", 2.5, {"a": "è"}]))


def test_what_was_packed_comes_back() -> None:
    marker, _ = unpacked(two())
    assert marker == ME
    assert projects_of(two()) == [("p/1/项目", ["head"], [[1, None, b"\xff", 2.5, {"a": "è"}]])]


def test_a_large_part_stands_in_pieces_and_leaves_none_behind_when_it_shrinks() -> None:
    packed, saved = PackedState(), dict[bytes, bytes]()
    apply(saved, packed.packed(Name("p"), ["head"]))
    for size, pieces in ((3 * PIECE_BYTES_MAX, 4), (10, 1), (PIECE_BYTES_MAX + 1, 2)):
        content = ["x" * size]
        apply(saved, packed.packed(Name("p", 0), content))
        assert len(saved) - 1 == pieces
        assert max(map(len, saved.values())) <= PIECE_BYTES_MAX + 4
        with_marker = {**saved, MARKER: packed.marker(ME)}
        assert unpacked(with_marker)[1].checksums == packed.checksums
        assert projects_of(with_marker) == [("p", ["head"], [content])]


def test_a_project_without_head_or_with_a_chunk_too_few_is_noticed_before_anything_is_unpacked() -> None:
    for parts in ([Name("p", 0)], [Name("p"), Name("p", 1)], [Name("p"), Name("p", 0), Name("p", 2)]):
        with pytest.raises(LookupError):
            projects_of(state(*[(name, []) for name in parts]))


def projects_of(saved: dict[bytes, bytes]) -> list[tuple[str, Any, list[Any]]]:
    return [(project_id, head, chunks()) for project_id, head, chunks in projects_in(saved)]


def refused(saved: dict[bytes, bytes]) -> str:
    with pytest.raises(Unusable) as caught:
        unpacked(saved)
    return str(caught.value)


@pytest.mark.parametrize("key", two())
def test_a_part_that_is_missing_damaged_foreign_or_of_another_time_is_noticed(key: bytes) -> None:
    whole, value = two(), two()[key]
    assert refused({other: kept for other, kept in whole.items() if other != key})
    for place in range(len(value)):
        spoilt = bytearray(value)
        spoilt[place] ^= 1
        assert refused({**whole, key: bytes(spoilt)})
    assert "is damaged" in refused({**whole, key: b""})
    assert "is damaged" in refused({**whole, key: next(v for k, v in whole.items() if k != key)})
    assert refused({**whole, b"other" + key: value})


def test_an_older_version_of_a_part_is_noticed() -> None:
    older = two()
    newer = state((Name("p/1/项目"), ["head"]), (Name("p/1/项目", 0), [2]))
    [chunk] = [key for key in older if key.startswith(b"0/")]
    assert "parts that its marker names" in refused({**newer, chunk: older[chunk]})


def test_a_state_in_another_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    saved = two()
    monkeypatch.setattr("streams.packed_state.STATE_FORMAT", 2)
    assert "format 1, this version reads 2" in refused(saved)
