"""Published statements beside a project of the catalog: what is read, and that mistakes are named by file, line and field."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

import pytest

from producers.catalog import CatalogProject, load_catalog
from producers.catalog_statements import statement_event
from schemas.codec import decode
from schemas.errors import CatalogError

HEAD: Final = "time: 2024-03-02T09:00:00+08:00\nprojects:\n  - id: p\n    name: N\n    start: 2024-01-01\n"
SAID: Final = "    statements:\n      - type: tally.reported\n        as_of: 2024-02-29\n        done: 8\n"
STATED: Final = datetime(2024, 3, 2, 9, tzinfo=timezone(timedelta(hours=8)))


def read(tmp_path: Path, text: str) -> CatalogProject:
    path = tmp_path / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    (project,) = load_catalog(path).projects
    return project


def test_a_statement_is_the_payload_of_its_event_at_the_time_of_its_source(tmp_path: Path) -> None:
    project = read(tmp_path, HEAD + SAID)
    (said,) = project.statements
    assert (said.type, said.kind) == ("milepost.tally.reported.v1", "tally.reported")
    assert (said.data, said.stated_at, said.line) == ({"as_of": "2024-02-29", "done": 8}, STATED, 7)
    assert "statements" not in project.data
    assert "simulated" not in project.data


def test_a_statement_may_have_a_time_of_its_own(tmp_path: Path) -> None:
    own = SAID + "        time: 2024-03-05T10:00:00+08:00\n"
    for head in (HEAD, HEAD.partition("\n")[2]):
        (said,) = read(tmp_path, head + own).statements
        assert said.stated_at == STATED.replace(day=5, hour=10)
        assert "time" not in said.data


def test_how_exact_a_figure_is_stays_with_it(tmp_path: Path) -> None:
    plan = (
        HEAD
        + "    campaign: {total: 1, qualifier: range, upper: 2, districts: [{id: d, total: 1, qualifier: at-least}]}\n"
    )
    plan += "    series: [{id: s, target: 90, qualifier: at-least}]\n"
    said = SAID + "        qualifier: range\n        upper: 9\n"
    project = read(tmp_path, plan + said)
    assert project.data["campaign"]["upper"] == 2
    assert project.statements[0].data["upper"] == 9


@pytest.mark.parametrize(
    ("said", "written", "simulated"),
    [("", "", True), ("", "false", False), (SAID, "", False), (SAID, "true", True)],
)
def test_models_speak_for_projects_of_which_nothing_was_published(
    tmp_path: Path, said: str, written: str, simulated: bool
) -> None:
    field = f"    simulated: {written}\n" if written else ""
    if not said and not simulated:
        with pytest.raises(CatalogError, match="nothing to repeat"):
            read(tmp_path, HEAD + field + said)
        return
    assert read(tmp_path, HEAD + field + said).simulated is simulated


def test_a_statement_as_an_event(tmp_path: Path) -> None:
    (said,) = read(tmp_path, HEAD + SAID).statements
    event: Any = decode(statement_event("p", said, source="s", event_id="e", revision=2))
    assert (event["subject"], event["type"], event["time"]) == ("p", said.type, STATED)
    assert (event["data"]["done"], event["data"]["revision"]) == (8, 2)


def with_entry(entry: str) -> str:
    return HEAD + f"    statements:\n      - {entry}\n"


MISTAKES: Final[dict[str, tuple[str, int, str, str]]] = {
    "an object for the list": (HEAD + "    statements: {type: tally.reported}\n", 6, "statements", "must be a list"),
    "an entry without fields": (with_entry("tally.reported"), 7, "statements[0]", "must have fields"),
    "no type": (with_entry("{as_of: 2024-02-29, done: 8}"), 7, "statements[0].type", "is one of project.status_reported"),
    "a misspelt type": (with_entry("{type: taly.reported}"), 7, "statements[0].type", "did you mean tally.reported?"),
    "a whole type": (with_entry("{type: milepost.tally.reported.v1}"), 7, "statements[0].type", "did you mean tally.reported?"),
    "a plan": (with_entry("{type: project.baselined}"), 7, "statements[0].type", "unknown type"),
    "a type that is no word": (with_entry("{type: 12}"), 7, "statements[0].type", "known are"),
    "a misspelt field": (HEAD + SAID + "        distrct: a\n", 10, "statements[0].distrct", "did you mean district?"),
    "a revision": (HEAD + SAID + "        revision: 1\n", 10, "statements[0].revision", "--revise"),
    "a missing field": (with_entry("{type: tally.reported, as_of: 2024-02-29}"), 7, "statements[0].done", "missing"),
    "a text for a number": (HEAD + SAID.replace("8", "many"), 9, "statements[0].done", "number, not 'many'"),
    "no such day": (HEAD + SAID.replace("02-29", "02-30"), 8, "statements[0].as_of", "YYYY-MM-DD"),
    "a day that had not come": (HEAD + SAID.replace("02-29", "03-09"), 8, "statements[0].as_of", "2024-03-09"),
    "an unknown qualifier": (HEAD + SAID + "        qualifier: maybe\n", 10, "statements[0].qualifier", "'about'"),
    "a time without offset": (
        HEAD + SAID + "        time: 2024-03-02T09:00:00\n", 10, "statements[0].time", "with its offset",
    ),
    "no time at all": (HEAD.partition("\n")[2] + SAID, 6, "statements[0].time", "is missing here and for the whole file"),
    "the same again": (
        HEAD + SAID + "      - {type: tally.reported, as_of: 2024-02-29, done: 9}\n", 10, "statements[1]", "what line 7 says",
    ),
    "a yes for simulated": (HEAD + SAID + "    simulated: yes\n", 10, "simulated", "true or false, not 'yes'"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_field(name: str, tmp_path: Path) -> None:
    text, line, field, problem = MISTAKES[name]
    with pytest.raises(CatalogError) as refused:
        read(tmp_path, text)
    error = refused.value
    assert (error.file, error.line, error.field) == (
        str(tmp_path / "plan.yaml"),
        line,
        f"projects[0].{field}",
    )
    assert problem in error.problem


def test_a_time_of_the_file_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as refused:
        read(tmp_path, HEAD.replace("2024-03-02T09:00:00+08:00", "2024-03-02") + SAID)
    assert (refused.value.line, refused.value.field) == (1, "time")
