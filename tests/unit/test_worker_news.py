"""What a worker says of partitions that come and go, and of records that it refuses."""

import pytest

from schemas.rejections import Reason, Rejected, Rejection, rejection_of
from streams.assignments import Assignments
from streams.refusal_news import QUIET_SECONDS, RefusalNews


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_each_change_of_the_partitions_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    assignments = Assignments()
    assignments.tell("t", {})
    assert told(caplog) == []
    assignments.tell("t", {3: 7, 1: 0})
    assert told(caplog) == ["folding partitions 1, 3 of t (new: 1 from offset 0, 3 from offset 7)"]
    assignments.tell("t", {1: 5, 3: 9})
    assert told(caplog) == []
    assignments.tell("t", {1: 5, 2: 4})
    assert told(caplog) == ["folding partitions 1, 2 of t (new: 2 from offset 4; given away: 3)"]
    assignments.tell("t", {})
    assert told(caplog) == ["folding no partition of t (given away: 1, 2)"]


def refused(*reasons: Reason) -> list[Rejection]:
    return [rejection_of(Rejected(reason, "detail"), "t", 0, at, b"raw") for at, reason in enumerate(reasons)]


def test_refusals_are_told_at_once_then_gathered_for_a_while(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    news = RefusalNews("t", lambda: now)
    news.hear([])
    assert told(caplog) == []
    first, second = list(Reason)[:2]
    news.hear(refused(second, first, second))
    assert told(caplog) == [f"refused 3 records of t ({second} 2, {first} 1); they stand in rejected_events"]
    now = QUIET_SECONDS - 1
    news.hear(refused(first))
    assert told(caplog) == []
    now = QUIET_SECONDS
    news.hear(refused(first))
    assert told(caplog) == [f"refused 2 records of t ({first} 2); they stand in rejected_events"]
    news.hear(refused(second))
    news.tell()
    news.tell()
    assert told(caplog) == [f"refused 1 records of t ({second} 1); they stand in rejected_events"]
