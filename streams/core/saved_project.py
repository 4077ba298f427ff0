"""The state of one project as a head and chunks of plain values, and back.

A chunk holds everything about some keys, in the order in which the keys came: later changes mostly concern what came
last, so a save writes little more than what changed, however long a project has gone on. What was replaced since the last cut
counts only while the head names the same cut, so a cut need not touch the chunks.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from streams.core.project import Project
from streams.core.saved_rows import RowReader, RowWriter
from streams.core.statements import Key, Statement

__all__ = ["CHUNK_KEYS", "changed_chunks", "head_of", "restore_head", "restore_keys"]

CHUNK_KEYS: Final = 32
"""A change of one key writes so many at most."""
_UNCHANGED: Final = Statement((), (0, 0, "", ""), b"", {}, -1)


def head_of(project: Project) -> list[Any]:
    """What a project keeps beside its keys."""
    return [
        project.newest_offset,
        project.newest_time_us,
        project.batch_time_us,
        project.status_day_at_cut,
        project.affected_from,
        project.cuts,
        _runs(project.row_days),
    ]


def restore_head(project: Project, head: Sequence[Any]) -> None:
    """Take over what `head_of` told, after the keys."""
    (
        project.newest_offset,
        project.newest_time_us,
        project.batch_time_us,
        project.status_day_at_cut,
        project.affected_from,
        project.cuts,
        runs,
    ) = head
    project.row_days = [day for first, count in runs for day in range(first, first + count)]


def _runs(days: Sequence[int]) -> list[list[int]]:
    """Days in order as first days and counts of days without a gap."""
    runs: list[list[int]] = []
    for day in days:
        if runs and day == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([day, 1])
    return runs


def changed_chunks(project: Project) -> Iterator[tuple[int, list[Any]]]:
    """Number and content of each chunk of which a key has changed since it was last taken from here."""
    project.settle()
    unsaved = project.unsaved
    if not unsaved:
        return
    changed: dict[int, list[Key]] = {}
    for key in unsaved:
        changed.setdefault(_chunk_of(project, key), []).append(key)
    for number in sorted(changed):
        content = _content(project, project.chunks[number])
        for key in changed[number]:
            del unsaved[key]
        yield number, content


def _chunk_of(project: Project, key: Key) -> int:
    winner = project.slots[key]
    if winner.chunk < 0:
        if not project.chunks or len(project.chunks[-1]) == CHUNK_KEYS:
            project.chunks.append([])
        project.chunks[-1].append(key)
        winner.chunk = len(project.chunks) - 1
    return winner.chunk


def _content(project: Project, keys: Sequence[Key]) -> list[Any]:
    writer = RowWriter()
    slots, undo, retracted, retractions = project.slots, project.undo, project.retracted, project.retractions
    winners = [writer.row(slots[key]) for key in keys]
    new, replaced = _undone(keys, undo, writer) if undo else ([], [])
    ever = [index for index, key in enumerate(keys) if key in retracted] if retracted else []
    rivals = [
        [index, [writer.row(rival) for rival in retractions[key].values()]]
        for index, key in enumerate(keys)
        if retractions and key in retractions
    ]
    return [project.cuts, writer.shapes, writer.sources, winners, new, replaced, ever, rivals]


def _undone(
    keys: Sequence[Key], undo: Mapping[Key, Statement | None], writer: RowWriter
) -> tuple[list[int], list[list[Any]]]:
    """Which keys are new since the last cut, and what was replaced since then."""
    new: list[int] = []
    replaced: list[list[Any]] = []
    for index, key in enumerate(keys):
        old = undo.get(key, _UNCHANGED)
        if old is None:
            new.append(index)
        elif old is not _UNCHANGED:
            replaced.append([index, writer.row(old)])
    return new, replaced


def restore_keys(project: Project, chunks: Sequence[Sequence[Any]], cuts: int) -> None:
    """Take over the chunks of a project, in order of their numbers; its head names the cut that it has seen last."""
    winners: list[Statement] = []
    for number, (cut, shapes, sources, rows, new, replaced, retracted, rivals) in enumerate(chunks):
        reader = RowReader(shapes, sources)
        statements = reader.statements(rows, number)
        keys = [statement.key for statement in statements]
        project.chunks.append(keys)
        winners += statements
        project.retracted.update(keys[index] for index in retracted)
        for index, lost in rivals:
            known = {(rival.order, rival.digest): rival for rival in reader.statements(lost)}
            project.retractions[keys[index]] = known
        if cut == cuts:
            project.undo.update((keys[index], None) for index in new)
            for index, row in replaced:
                project.undo[keys[index]] = reader.statements([row], number)[0]
    project.load(winners)
