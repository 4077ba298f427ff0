"""`milepost apply` on a real log: what is appended, what is refused, and what stands afterwards."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest

from eventlog.embedded import EmbeddedLog
from eventlog.log import Entry
from eventlog.partitioning import partition_of
from eventlog.scan import records_between
from schemas.codec import decode
from schemas.topics import Topics
from tests.builders import event, instant, retraction
from tests.cli import ROOT, Milepost

EVENTS: Final = Topics().events
PLAN: Final = """projects:
  - id: outfalls
    name: River outfalls
    name_zh: 入河排污口
    start: 2023-01-01
    campaign: {total: 121, unit: outfall, due: 2023-12-31}
  - {id: foil, name: Foil, start: 2024-01-01}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


@contextmanager
def opened(milepost: Milepost) -> Iterator[EmbeddedLog]:
    log = EmbeddedLog.open_existing(milepost.home / "log.db", now_us=lambda: 2**51)
    try:
        yield log
    finally:
        log.close()


def published(milepost: Milepost, project: str) -> list[Any]:
    """Events on the partition of a project, checked to be its own."""
    with opened(milepost) as log:
        partition = partition_of(project, log.identity.partitions)
        records = list(records_between(log, EVENTS, partition, 0, 10_000))
    return [decode(record.value or b"") for record in records if record.key == project.encode()]


def append(milepost: Milepost, project: str, *values: bytes) -> None:
    with opened(milepost) as log:
        log.append([Entry(EVENTS, project.encode(), value) for value in values])


def edit(plan: Path, old: str, new: str) -> None:
    text = plan.read_text(encoding="utf-8")
    assert old in text
    plan.write_text(text.replace(old, new), encoding="utf-8")


def counts(milepost: Milepost, *words: object) -> dict[str, int]:
    done = milepost("apply", *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {
        name: count for name, count in json.loads(done.stdout).items() if isinstance(count, int) and count
    }


def test_every_project_is_published_once(milepost: Milepost, plan: Path) -> None:
    first = milepost("apply", plan)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines() == [
        "published     outfalls  baseline 1",
        "published     foil  baseline 1",
        "published 2, unchanged 0, revised 0, new baselines 0",
    ]
    again = milepost("apply", plan)
    assert again.stdout.splitlines()[-1] == "published 0, unchanged 2, revised 0, new baselines 0"
    (statement,) = published(milepost, "outfalls")
    assert (statement["data"]["name_zh"], statement["data"]["campaign"]["total"]) == ("入河排污口", 121)
    assert "revision" not in statement["data"]


def test_the_bundled_catalog_is_applied_when_no_other_is_named(milepost: Milepost, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "catalog", tmp_path / "same")
    assert counts(milepost)["published"] >= 10
    assert counts(milepost).keys() == {"unchanged"}
    assert counts(milepost, tmp_path / "same").keys() == {"unchanged"}


def test_the_configured_catalog_is_applied(milepost: Milepost, plan: Path) -> None:
    done = milepost("apply", env={"MILEPOST_CATALOG": str(plan.parent)})
    assert done.stdout.splitlines()[-1].startswith("published 2,"), done.stderr


def test_a_changed_plan_is_refused_with_its_fields_and_publishes_nothing(
    milepost: Milepost, plan: Path
) -> None:
    milepost("apply", plan)
    edit(plan, "total: 121", "total: 120")
    edit(plan, "id: foil, name: Foil", "id: another, name: Foil")
    refused = milepost("apply", plan)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "outfalls differs in campaign.total;" in refused.stderr
    assert "--revise" in refused.stderr
    assert "--baseline" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert len(published(milepost, "outfalls")) == 1
    assert published(milepost, "another") == []


def test_a_revision_replaces_what_stands(milepost: Milepost, plan: Path) -> None:
    milepost("apply", plan)
    edit(plan, "total: 121", "total: 120")
    assert counts(milepost, plan, "--revise") == {"revised": 1, "unchanged": 1}
    assert counts(milepost, plan) == {"unchanged": 2}
    *_, newest = published(milepost, "outfalls")
    assert (newest["data"]["baseline"], newest["data"]["revision"]) == (1, 1)
    assert newest["data"]["campaign"]["total"] == 120


def test_the_next_baseline_leaves_the_first_alone(milepost: Milepost, plan: Path) -> None:
    milepost("apply", plan)
    edit(plan, "due: 2023-12-31", "due: 2024-03-31")
    assert counts(milepost, plan, "--baseline") == {"new_baselines": 1, "unchanged": 1}
    assert counts(milepost, plan, "--baseline") == {"unchanged": 2}
    first, second = published(milepost, "outfalls")
    assert (first["data"]["baseline"], second["data"]["baseline"]) == (1, 2)
    assert "approved_on" not in first["data"]
    assert second["data"]["approved_on"]


def test_a_retracted_plan_is_published_again(milepost: Milepost, plan: Path) -> None:
    milepost("apply", plan)
    taken_back = retraction("project.baselined", {"baseline": 1}, project="foil", time=instant(0), revision=3)
    append(milepost, "foil", taken_back)
    assert counts(milepost, plan) == {"published": 1, "unchanged": 1}
    assert published(milepost, "foil")[-1]["data"]["revision"] == 4
    assert counts(milepost, plan) == {"unchanged": 2}


def test_a_plan_that_somebody_else_stated_is_the_one_that_stands(milepost: Milepost, plan: Path) -> None:
    milepost("apply", plan)
    stated = {"baseline": 1, "name": "French foil", "start": "2024-01-01", "revision": 1}
    escaped = event("project.baselined", stated, project="foil").replace(b"project.", b"\\u0070roject.")
    append(milepost, "foil", b"not an event", escaped)
    refused = milepost("apply", plan)
    assert refused.returncode == 2
    assert "foil differs in name;" in refused.stderr


def test_a_plan_in_binary_mode_stands_too(milepost: Milepost, plan: Path) -> None:
    milepost("apply", plan)
    attributes = {"specversion": "1.0", "id": "b-1", "source": "elsewhere", "subject": "foil",
                  "type": "milepost.project.baselined.v1", "time": "2024-01-01T00:00:00Z"}  # fmt: skip
    headers = tuple((f"ce_{name}", text.encode()) for name, text in attributes.items())
    value = b'{"baseline":1,"revision":1,"name":"Foil","start":"2024-01-02"}'
    with opened(milepost) as log:
        log.append([Entry(EVENTS, b"foil", value, headers=headers)])
    refused = milepost("apply", plan)
    assert refused.returncode == 2
    assert "foil differs in start;" in refused.stderr


def test_a_plan_may_come_through_a_pipe(milepost: Milepost, plan: Path) -> None:
    done = milepost("apply", "/dev/stdin", stdin=PLAN)
    assert done.stdout.splitlines()[-1].startswith("published 2,"), done.stderr


def test_a_mistake_in_a_file_is_one_line_and_creates_no_log(milepost: Milepost, plan: Path) -> None:
    edit(plan, "total: 121", "totl: 121")
    refused = milepost("apply", plan)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        refused.stderr
        == f"milepost: {plan}:6: projects[0].campaign.totl: unknown field; did you mean total?\n"
    )
    assert not milepost.home.exists()


def test_a_change_is_a_revision_or_a_baseline_but_not_both(milepost: Milepost, plan: Path) -> None:
    refused = milepost("apply", plan, "--revise", "--baseline")
    assert refused.returncode == 2
    assert "give one of them" in refused.stderr


# -- statements ----------------------------------------------------------------------------------------------------

SAID: Final = """time: 2024-03-02T09:00:00+08:00
projects:
  - id: outfalls
    name: River outfalls
    start: 2023-01-01
    campaign: {total: 121, unit: outfall}
    statements:
      - {type: tally.reported, as_of: 2023-12-31, done: 92, unit: outfall}
      - {type: project.status_reported, as_of: 2024-03-02, status: started, progress_text: 整治中}
"""


@pytest.fixture
def said(tmp_path: Path) -> Path:
    path = tmp_path / "said.yaml"
    path.write_text(SAID, encoding="utf-8")
    return path


def statement_counts(milepost: Milepost, *words: object) -> dict[str, int]:
    done = milepost("apply", *words, "--format", "json")
    assert done.returncode == 0, done.stderr
    return {name: count for name, count in json.loads(done.stdout)["statements"].items() if count}


def test_statements_are_published_once_at_their_own_time(milepost: Milepost, said: Path) -> None:
    first = milepost("apply", said)
    assert first.stdout.splitlines()[-2:] == [
        "statements: published 2, unchanged 0, revised 0, left 0",
        "published 1, unchanged 0, revised 0, new baselines 0",
    ]
    assert statement_counts(milepost, said) == {"unchanged": 2}
    _, tally, status = published(milepost, "outfalls")
    assert (tally["type"], tally["data"]["done"]) == ("milepost.tally.reported.v1", 92)
    assert tally["time"].isoformat() == "2024-03-02T09:00:00+08:00"
    assert status["data"]["progress_text"] == "整治中"


def test_another_statement_is_refused_until_it_is_meant_as_a_correction(
    milepost: Milepost, said: Path
) -> None:
    milepost("apply", said)
    edit(said, "done: 92", "done: 93")
    refused = milepost("apply", said)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert (
        f"another statement stands: outfalls tally.reported ({said}:8) differs in done; --revise"
        in refused.stderr
    )
    assert statement_counts(milepost, said, "--revise") == {"revised": 1, "unchanged": 1}
    assert statement_counts(milepost, said) == {"unchanged": 2}
    corrected = published(milepost, "outfalls")[-1]
    assert (corrected["data"]["done"], corrected["data"]["revision"]) == (93, 1)


def test_the_next_baseline_corrects_the_statements_that_differ(milepost: Milepost, said: Path) -> None:
    milepost("apply", said)
    edit(said, "total: 121", "total: 130")
    edit(said, "done: 92", "done: 93")
    assert statement_counts(milepost, said, "--baseline") == {"revised": 1, "unchanged": 1}


def test_a_statement_that_somebody_else_corrected_is_the_one_that_stands(
    milepost: Milepost, said: Path
) -> None:
    milepost("apply", said)
    corrected = {"as_of": date(2023, 12, 31), "done": 94, "unit": "outfall", "revision": 1}
    append(milepost, "outfalls", event("tally.reported", corrected, project="outfalls"))
    assert statement_counts(milepost, said) == {"unchanged": 1, "left": 1}
    assert statement_counts(milepost, said, "--revise") == {"unchanged": 1, "revised": 1}
    assert published(milepost, "outfalls")[-1]["data"]["revision"] == 2
    assert statement_counts(milepost, said) == {"unchanged": 2}


def test_a_retracted_statement_is_published_again(milepost: Milepost, said: Path) -> None:
    milepost("apply", said)
    key = {"as_of": "2023-12-31"}
    append(
        milepost,
        "outfalls",
        retraction("tally.reported", key, project="outfalls", time=instant(0), revision=3),
    )
    assert statement_counts(milepost, said) == {"published": 1, "unchanged": 1}
    assert published(milepost, "outfalls")[-1]["data"]["revision"] == 4
    assert statement_counts(milepost, said) == {"unchanged": 2}


def test_a_statement_without_a_key_of_its_record_stands_too(milepost: Milepost, said: Path) -> None:
    milepost("apply", said)
    corrected = event(
        "tally.reported",
        {"as_of": date(2023, 12, 31), "done": 95, "unit": "outfall", "revision": 1},
        project="outfalls",
    )
    with opened(milepost) as log:
        partition = partition_of("outfalls", log.identity.partitions)
        log.append([Entry(EVENTS, None, corrected, partition)])
    assert statement_counts(milepost, said) == {"unchanged": 1, "left": 1}


def test_a_mistake_in_a_statement_is_one_line_with_its_place(milepost: Milepost, said: Path) -> None:
    edit(said, "done: 92", "done: many")
    refused = milepost("apply", said)
    assert refused.returncode == 2
    assert refused.stderr.startswith(f"milepost: {said}:8: projects[0].statements[0].done: ")
    assert not milepost.home.exists()
