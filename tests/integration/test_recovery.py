"""What a worker learns from the output of those before it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import Entry, EventLog
from schemas.codec import to_json
from streams.core.partition import Resume
from streams.recovery import read_resume
from tests.counting_worker import TOPICS, Place, open_log

OTHER, MINE = 0, 1


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with closing(open_log(Place(str(tmp_path / "log.db")))) as opened:
        yield opened


def kpi(offset: int, seq: int, partition: int = MINE) -> Entry:
    data = {"position": {"partition": partition, "offset": offset, "seq": seq},
            "rules": {"hash": "h", "since_offset": 3}}  # fmt: skip
    return Entry(TOPICS.kpis, b"p", to_json({"data": data}), partition)


def alert(fingerprint: str, state: str, offset: int, partition: int = MINE) -> Entry:
    data = {"fingerprint": fingerprint, "state": state, "position": {"offset": offset}}
    return Entry(TOPICS.alerts, fingerprint.encode(), to_json({"data": data}), partition)


def rejection(topic: str, offset: int, partition: int = MINE, raw: str = "") -> Entry:
    return Entry(TOPICS.rejected, b"", to_json({"topic": topic, "offset": offset, "raw": raw}), partition)


def states(resume: Resume) -> dict[str, Any]:
    return {data["fingerprint"]: data["state"] for data in resume.active_alerts}


def test_a_new_log_resumes_at_the_beginning(log: EventLog) -> None:
    assert read_resume(log, TOPICS, MINE) == Resume()


def test_publishing_resumes_after_the_newest_kpi_record_of_the_own_partition(log: EventLog) -> None:
    log.append([kpi(10, 0), kpi(10, 1), kpi(12, 4), kpi(99, 0, OTHER)])
    resume = read_resume(log, TOPICS, MINE)
    assert resume.kpi_position == (12, 4)
    assert resume.rules == {"hash": "h", "since_offset": 3}


def test_rejections_of_files_do_not_count_as_told(log: EventLog) -> None:
    log.append([rejection("feed.jsonl", 10**6)] * 1_500)
    assert read_resume(log, TOPICS, MINE).rejected_offset == -1
    log.append([rejection(TOPICS.events, 17), rejection(TOPICS.events, 400, OTHER)])
    log.append([rejection("-", 5, raw="x" * 900_000)] * 10)
    assert read_resume(log, TOPICS, MINE).rejected_offset == 17


def test_what_was_acknowledged_is_told_even_if_nothing_was_said_of_it(log: EventLog) -> None:
    log.append([rejection(TOPICS.events, 17)])
    log.commit(TOPICS.worker_group, {(TOPICS.events, MINE): 30, (TOPICS.events, OTHER): 90})
    assert read_resume(log, TOPICS, MINE).rejected_offset == 29


def test_alerts_stand_as_their_newest_transition_says(log: EventLog) -> None:
    log.append([alert("a", "pending", 1), alert("b", "firing", 2), alert("c", "firing", 3)])
    log.append([alert("a", "firing", 4), alert("b", "resolved", 9), alert("d", "pending", 6)])
    log.append([alert("e", "firing", 50, OTHER)])
    resume = read_resume(log, TOPICS, MINE)
    assert states(resume) == {"a": "firing", "c": "firing", "d": "pending"}
    assert resume.alerts_offset == 9


def test_what_an_overtaken_worker_published_late_is_not_the_newest(log: EventLog) -> None:
    log.append([alert("a", "firing", 2), alert("a", "resolved", 9), alert("a", "firing", 2)])
    assert states(read_resume(log, TOPICS, MINE)) == {}
