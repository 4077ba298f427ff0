"""Cuts, live evaluations, positions and rejections of one partition, as a shell sees them."""

from typing import Any

import pytest

from schemas.alerts import Rule
from schemas.kpi import KpiData, KpiEvaluated
from schemas.rejections import Reason
from streams.core.partition import Partition, Resume
from tests.builders import (
    assigned,
    baseline,
    closing,
    day,
    instant,
    milestone,
    production,
    retraction,
    status,
    tally,
    tick,
    work,
)
from tests.folds import TOPIC, new_partition, records_of

OTHER = "项目-2"


def folded(*events: bytes, partition: Partition | None = None) -> list[KpiEvaluated]:
    return (partition or new_partition(rules=())).fold(records_of(events)).kpis


def data(record: KpiEvaluated) -> KpiData:
    return record["data"]


def as_of(records: list[KpiEvaluated]) -> list[str | None]:
    return [data(record)["as_of"] for record in records]


def iso(number: int) -> str:
    return day(number).isoformat()


# -- known_at ------------------------------------------------------------------------------------------------------


def test_known_at_is_the_tick_or_a_microsecond_after_the_last_one() -> None:
    reports = [status(n) for n in range(5)]
    ticks = [tick(instant(4, hour)) for hour in (20, 21, 21, 9, 22)]
    told = folded(*(event for pair in zip(reports, ticks, strict=True) for event in pair))
    assert [data(record)["known_at"] for record in told] == [
        "2024-01-05T12:00:00.000000Z",
        "2024-01-05T13:00:00.000000Z",
        "2024-01-05T13:00:00.000001Z",
        "2024-01-05T13:00:00.000002Z",
        "2024-01-05T14:00:00.000000Z",
    ]
    assert [record["time"] for record in told] == [data(record)["known_at"] for record in told]


def test_a_cut_without_change_still_moves_known_at() -> None:
    again = tick(instant(4))
    told = folded(status(1), again, again, again, status(2), again)
    assert [data(record)["known_at"] for record in told] == [
        "2024-01-05T10:00:00.000000Z",
        "2024-01-05T10:00:00.000003Z",
    ]


# -- status date ---------------------------------------------------------------------------------------------------


def test_the_status_date_is_the_newest_statement_or_the_newest_closed_day() -> None:
    assert as_of(folded(status(3), tick(9))) == [iso(3)]
    assert as_of(folded(status(3), closing(9))) == [iso(9)]
    assert as_of(folded(status(3), tick(9, closes=2))) == [iso(3)]
    assert as_of(folded(closing(5), tick(9, closes=2), status(3), tick(9))) == [iso(5)]


def test_baselines_assignments_and_retractions_have_no_day() -> None:
    gone = retraction("project.status_reported", {"as_of": iso(9)}, time=instant(9))
    assert as_of(folded(baseline(start=8), assigned("t", 7), gone, tick(9))) == [None]
    assert as_of(folded(baseline(start=8), assigned("t", 7), gone, status(3), tick(9))) == [iso(3)]


def test_what_cannot_be_placed_moves_the_status_date() -> None:
    unplaced = work("nobody knows it", 6, 1)
    assert as_of(folded(baseline(), status(3), unplaced, tick(9))) == [iso(6)]
    assert as_of(folded(baseline(), status(3), milestone("m", 7, forecast=30), tick(9))) == [iso(7)]
    overlapped = production("L", 7, 1, end=8)
    assert as_of(folded(baseline(), production("L", 1, 1, end=7), overlapped, tick(9))) == [iso(8)]


def test_the_status_date_goes_back_when_the_newest_statement_is_retracted() -> None:
    gone = retraction("project.status_reported", {"as_of": iso(6)}, time=instant(7))
    told = folded(status(3), status(6), tick(6), gone, tick(7))
    assert as_of(told) == [iso(6), iso(3)]
    assert [rows["as_of"] for rows in data(told[1])["history"]] == [iso(6)]


def test_a_project_without_statement_and_closed_day_has_no_rows() -> None:
    (told,) = folded(baseline(), tick(3))
    assert (data(told)["as_of"], data(told)["values"], data(told)["history"]) == (None, [], [])
    assert data(told)["baseline"] == 0


# -- what a record says --------------------------------------------------------------------------------------------


def test_a_record_of_a_cut_has_the_fields_of_the_contract() -> None:
    (told,) = folded(baseline(), status(3), tick(3))
    assert (told["type"], told["subject"], told["specversion"]) == ("milepost.kpi.evaluated.v1", "p1", "1.0")
    assert told["id"] == "0/2/0"
    said: dict[str, Any] = {**data(told)}
    assert set(said) >= {
        "project_id", "as_of", "known_at", "baseline", "cut", "position", "values", "findings",
    }  # fmt: skip
    assert said["position"] == {"partition": 0, "offset": 2, "seq": 0}
    assert (said["cut"], said["baseline"]) == (True, 1)
    assert all(
        set(value) == {"kpi", "scope", "value", "value_date", "numerator", "denominator", "unit", "reason"}
        for value in said["values"]
    )


def test_records_of_a_cut_are_numbered_in_the_order_of_project_ids() -> None:
    told = folded(status(3, project=OTHER), status(3), status(3, project="b"), tick(3))
    assert [(record["subject"], data(record)["position"]["seq"]) for record in told] == [
        ("b", 0), ("p1", 1), (OTHER, 2),
    ]  # fmt: skip


def test_a_project_is_published_at_a_cut_when_a_record_of_it_was_folded_whether_or_not_it_won() -> None:
    told = folded(status(3), tick(3), status(3), tick(4))
    assert [data(record)["cut"] for record in told] == [True, True]
    assert data(told[1])["history"] == []
    assert data(told[0])["values"] == data(told[1])["values"]


def test_a_cut_publishes_projects_that_were_touched_or_whose_day_moved_and_no_others() -> None:
    both = [status(3), status(3, project=OTHER), tick(3)]
    assert [record["subject"] for record in folded(*both, tick(4))[2:]] == []
    assert [record["subject"] for record in folded(*both, status(4), tick(4))[2:]] == ["p1"]
    assert [record["subject"] for record in folded(*both, status(4), closing(4))[2:]] == ["p1", OTHER]
    assert [record["subject"] for record in folded(*both, tick(9, closes=2))[2:]] == ["p1", OTHER]
    assert folded(*both, closing(4), closing(4))[4:] == []


def test_a_cut_holds_the_complete_list_of_findings() -> None:
    first, second = folded(status(3), tick(3), baseline(), work("x", 3, 1), tick(4))
    assert [found["finding"] for found in data(first)["findings"]] == ["no_baseline"]
    assert [found["finding"] for found in data(second)["findings"]] == ["unknown_item"]


# -- between cuts --------------------------------------------------------------------------------------------------


def test_a_live_evaluation_is_no_history() -> None:
    partition = new_partition(rules=())
    partition.fold(records_of([baseline(), status(3), tick(3), tally(4, 5), tally(5, 9)]))
    (live,) = partition.evaluate_live().kpis
    assert (data(live)["cut"], data(live)["known_at"], data(live)["as_of"]) == (False, None, iso(5))
    assert "history" not in data(live)
    assert data(live)["position"] == {"partition": 0, "offset": 4, "seq": 0}
    assert live["time"] == "2024-01-06T10:00:00.000000Z"
    assert partition.evaluate_live().kpis == []


def test_what_was_evaluated_live_is_published_at_the_next_cut_all_the_same() -> None:
    partition, events = new_partition(rules=()), [status(3), tick(3)]
    partition.fold(records_of(events)[:1])
    (live,) = partition.evaluate_live().kpis
    (cut,) = partition.fold(records_of(events)[1:]).kpis
    assert data(cut)["values"] == data(live)["values"]
    assert [rows["as_of"] for rows in data(cut)["history"]] == [iso(3)]


def test_only_the_chosen_projects_are_evaluated_live() -> None:
    partition = new_partition(rules=())
    partition.fold(records_of([status(3), status(3, project=OTHER)]))
    assert [record["subject"] for record in partition.evaluate_live(["p1", "nobody"]).kpis] == ["p1"]
    assert [record["subject"] for record in partition.evaluate_live().kpis] == [OTHER]


def test_an_early_alert_starts_at_the_last_cut_or_the_newest_time_of_its_batch() -> None:
    rule = Rule.model_validate({"alert": "Output", "kpi": "output_cumulative", "above": 20})
    partition = new_partition(rules=[rule])
    late = production("L", 1, 30, time=instant(2))
    events = [production("L", 6, 1, time=instant(8)), tick(instant(3)), late]
    partition.fold(records_of(events)[:2])
    partition.fold(records_of(events)[2:])
    (fired,) = partition.evaluate_live().alerts
    assert fired["data"]["startsAt"] == "2024-01-04T10:00:00.000000Z"
    newer = new_partition(rules=[rule])
    newer.fold(records_of([events[0], tick(instant(1)), late]))
    (fired,) = newer.evaluate_live().alerts
    assert fired["data"]["startsAt"] == "2024-01-03T10:00:00.000000Z"
    assert fired["data"]["known_at"] is None


# -- records that are not folded here --------------------------------------------------------------------------------


def test_a_record_of_another_partition_is_forwarded_as_it_came_and_counts_there() -> None:
    partition = new_partition(rules=(), place=lambda project: 0 if project == "p1" else 5)
    records = records_of([status(3), status(3, project=OTHER), tick(3)])
    output = partition.fold(records)
    assert output.forwards == [(5, records[1])]
    assert [record["subject"] for record in output.kpis] == ["p1"]


def test_a_bad_record_is_rejected_with_its_place_and_bytes_and_stops_nobody() -> None:
    bad = [b'{"id": "\xff"}', status(4).replace(b"started", b"resting")]
    output = new_partition(rules=()).fold(records_of([status(3), *bad, status(5), tick(5)]))
    assert [(told["reason"], told["offset"], told["encoding"]) for told in output.rejections] == [
        (Reason.NOT_UTF8, 1, "base64"),
        (Reason.OUT_OF_RANGE, 2, "utf-8"),
    ]
    assert output.rejections[1]["raw"].encode() == bad[1]
    assert "data.status" in output.rejections[1]["detail"]
    assert (output.rejections[1]["topic"], output.rejections[1]["partition"]) == (TOPIC, 0)
    assert as_of(output.kpis) == [iso(5)]


def test_a_bad_tick_is_no_cut() -> None:
    future = tick(3, closes=4)
    output = new_partition(rules=()).fold(records_of([status(3), future]))
    assert (output.kpis, len(output.rejections)) == ([], 1)


# -- after a restart -----------------------------------------------------------------------------------------------

CAPACITY = {"lines": [{"id": "L", "capacity": {"value": 9, "unit": "t", "per": "P1D"}}]}
LIVES = [
    baseline(sections=CAPACITY),
    production("L", 1, 5, unit="box"),
    production("L", 2, 10, end=4),
    status(3),
    tick(4),
    production("L", 0, 5, unit="roll"),
    tick(5),
    production("L", 4, 60, end=9),
    status(9, project=OTHER),
    closing(9),
    status(9, "completed", time=instant(9, hour=20)),
    closing(31),
    production("L", 2, 11, end=4, revision=1),
    closing(60),
]


@pytest.mark.parametrize("published", range(8))
def test_a_replay_is_silent_up_to_what_was_published_and_says_the_same_afterwards(published: int) -> None:
    """Among others: reports in another dimension, by which nobody was evaluated meanwhile, hide no restated day."""
    whole = folded(*LIVES)
    assert len(whole) == 8
    place = data(whole[published])["position"]
    resume = Resume(kpi_position=(place["offset"], place["seq"]))
    again = folded(*LIVES, partition=new_partition(rules=(), resume=resume))
    assert [{**data(record), "rules": None} for record in again] == [
        {**data(record), "rules": None} for record in whole[published + 1 :]
    ]


def test_a_replay_rejects_and_forwards_only_what_was_not_told() -> None:
    records = records_of([b"bad", status(3, project=OTHER), b"worse"])

    def told(resume: Resume) -> tuple[list[int], int]:
        partition = new_partition(rules=(), resume=resume, place=lambda project: 0 if project == "p1" else 5)
        output = partition.fold(records)
        return [rejection["offset"] for rejection in output.rejections], len(output.forwards)

    assert told(Resume()) == ([0, 2], 1)
    assert told(Resume(rejected_offset=0)) == ([2], 1)
    assert told(Resume(rejected_offset=2)) == ([], 0)
