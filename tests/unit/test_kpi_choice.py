"""Which KPI records count when they come twice, late, or from a worker that was overtaken."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from storage.kpi_choice import Change, Chosen, Standing, choose

DAY_1, DAY_2 = date(2024, 1, 1), date(2024, 1, 2)


@dataclass
class Heads:
    """Records as columns."""

    partition: list[int] = field(default_factory=list)
    offset: list[int] = field(default_factory=list)
    seq: list[int] = field(default_factory=list)
    project_id: list[str] = field(default_factory=list)
    cut: list[bool] = field(default_factory=list)
    as_of: list[date | None] = field(default_factory=list)


def heads(*records: tuple[Any, ...]) -> Heads:
    """Records as (project, offset, seq or None for a live one, day, partition)."""
    found = Heads()
    for record in records:
        whole: tuple[Any, ...] = record + (DAY_1, 0)[len(record) - 3 :]
        project_id, offset, seq, day, partition = whole
        found.partition.append(partition)
        found.offset.append(offset)
        found.seq.append(seq or 0)
        found.project_id.append(project_id)
        found.cut.append(seq is not None)
        found.as_of.append(day)
    return found


def chosen_of(*records: tuple[Any, ...], cuts: Any = None, standings: Any = None) -> Chosen:
    return choose(heads(*records), cuts or {}, standings or {})


def test_a_cut_becomes_history_and_moves_its_project() -> None:
    chosen = chosen_of(("p", 5, 0))
    assert chosen.history == [0]
    assert chosen.cuts == {0: (5, 0)}
    assert chosen.changes == {"p": Change(newest_offset=5, cuts=[0])}


def test_a_live_record_moves_its_project_and_is_no_history() -> None:
    chosen = chosen_of(("p", 5, None))
    assert (chosen.history, chosen.cuts) == ([], {})
    assert chosen.changes == {"p": Change(newest_offset=5, live=0)}


def test_a_cut_that_is_stored_does_not_count_again() -> None:
    chosen = chosen_of(("p", 5, 0), ("q", 5, 1), cuts={0: (5, 1)}, standings={"p": Standing(6, True, DAY_1)})
    assert (chosen.history, chosen.changes, chosen.cuts) == ([], {}, {})


def test_the_rest_of_a_cut_counts_when_its_beginning_is_stored() -> None:
    chosen = chosen_of(("p", 5, 0), ("q", 5, 1), ("r", 5, 2), cuts={0: (5, 0)})
    assert chosen.history == [1, 2]
    assert chosen.cuts == {0: (5, 2)}


def test_a_cut_that_comes_twice_in_one_batch_counts_once() -> None:
    chosen = chosen_of(("p", 5, 0), ("p", 5, 0), ("p", 4, 0))
    assert chosen.history == [0]


def test_partitions_have_cuts_of_their_own() -> None:
    chosen = chosen_of(("p", 9, 0, DAY_1, 0), ("q", 3, 0, DAY_1, 1), cuts={0: (5, 0)})
    assert chosen.history == [0, 1]
    assert chosen.cuts == {0: (9, 0), 1: (3, 0)}


def test_a_live_record_of_an_overtaken_worker_changes_nothing() -> None:
    standing = {"p": Standing(newest_offset=8, live=False, cut_as_of=DAY_1)}
    assert chosen_of(("p", 7, None), standings=standing).changes == {}
    assert chosen_of(("p", 8, None), standings=standing).changes["p"].live == 0


def test_a_live_record_behind_a_newer_one_of_the_batch_changes_nothing() -> None:
    chosen = chosen_of(("p", 8, None), ("p", 7, None))
    assert chosen.changes["p"].live == 0


def test_the_newest_live_record_after_the_last_cut_is_shown() -> None:
    chosen = chosen_of(("p", 3, None), ("p", 5, 0), ("p", 6, None), ("p", 7, None))
    assert chosen.changes["p"] == Change(newest_offset=7, cuts=[1], live=3)


def test_a_cut_takes_the_place_of_what_was_live_before_it() -> None:
    chosen = chosen_of(("p", 3, None), ("p", 5, 0))
    assert chosen.changes["p"].live is None


def test_cuts_of_one_day_may_share_rows() -> None:
    chosen = chosen_of(("p", 5, 0), ("p", 6, 0), ("p", 7, 0))
    assert chosen.changes["p"].cuts == [0, 1, 2]


def test_cuts_of_another_day_share_no_rows_with_those_before() -> None:
    assert chosen_of(("p", 5, 0), ("p", 6, 0, DAY_2)).changes["p"].cuts == [1]


def test_cuts_follow_the_last_one_of_before_only_on_its_day() -> None:
    standing = {"p": Standing(4, False, DAY_1)}
    assert chosen_of(("p", 5, 0), standings=standing).changes["p"].follows
    assert not chosen_of(("p", 5, 0, DAY_2), standings=standing).changes["p"].follows
    assert not chosen_of(("p", 5, 0)).changes["p"].follows


def test_a_day_that_goes_away_and_comes_back_is_a_new_run() -> None:
    standing = {"p": Standing(4, False, DAY_1)}
    chosen = chosen_of(("p", 5, 0), ("p", 6, 0, DAY_2), ("p", 7, 0), standings=standing)
    assert chosen.changes["p"] == Change(newest_offset=7, cuts=[2], follows=False)
