"""Reading catalog files: what is accepted, and that every mistake is named by file, line and field."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from producers.catalog import Catalog, CatalogProject, baseline_event, load_catalog
from producers.catalog_text import FILE_BYTES_MAX
from schemas.acceptance import accept
from schemas.errors import CatalogError, UsageError


class Write(Protocol):
    def __call__(self, text: str, name: str = ...) -> Path: ...


PROJECT: Final = "projects:\n  - id: p\n    name: N\n    start: 2024-01-01\n"
RULE: Final = "rules:\n  - alert: A\n    kpi: spi\n    below: 1\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "plan.yaml") -> Path:
        path = tmp_path / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path

    return written


def only_project(path: Path) -> CatalogProject:
    (project,) = load_catalog(path).projects
    return project


# -- what is accepted ----------------------------------------------------------------------------------------------


def test_a_project_is_the_payload_of_its_baseline(write: Write) -> None:
    path = write(PROJECT + "    region: {city: 洛阳}\n    milestones:\n      - {id: a, finish: 2024-02-17}\n")
    project = only_project(path)
    assert project == CatalogProject(
        "p",
        {
            "baseline": 1,
            "name": "N",
            "start": "2024-01-01",
            "region": {"city": "洛阳"},
            "milestones": [{"id": "a", "finish": "2024-02-17"}],
        },
        str(path),
        2,
    )


def test_a_file_may_say_which_baseline_it_is(write: Write) -> None:
    project = only_project(write(PROJECT + "    baseline: 3\n"))
    assert (project.data["baseline"], project.numbered) == (3, True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"), ("007", "007"), ("12:30", "12:30"), ("2024-02-17", "2024-02-17"), ("0x1F", "0x1F"),
        ("'null'", "null"), ('"12"', "12"), ("电解铝", "电解铝"), ("😀", "😀"), ("שלום", "שלום"),
    ],
)  # fmt: skip
def test_words_without_quotes_stay_what_was_written(write: Write, written: str, meant: str) -> None:
    assert only_project(write(PROJECT + f"    owner: {written}\n")).data["owner"] == meant


@pytest.mark.parametrize(
    ("written", "meant"), [("8", 8), ("-1", -1), ("2.5", 2.5), ("1e3", 1000.0), ("2E-1", 0.2)]
)
def test_numbers_are_those_of_json(write: Write, written: str, meant: float) -> None:
    series = only_project(write(PROJECT + f"    series: [{{id: s, target: {written}}}]\n")).data["series"]
    assert series == [{"id": "s", "target": meant}]
    assert type(series[0]["target"]) is type(meant)


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(write: Write) -> None:
    assert only_project(write("\ufeff" + PROJECT.replace("\n", "\r\n"))).data["name"] == "N"


def test_every_yaml_file_below_a_folder_is_read_in_order(write: Write) -> None:
    write(PROJECT.replace("id: p", "id: late"), "z.yaml")
    write(PROJECT.replace("id: p", "id: early"), "a/deep/plan.yaml")
    folder = write(RULE, "rules.yaml").parent
    write("not: [yaml", "notes.yml")
    (folder / "folder.yaml").mkdir()
    catalog = load_catalog(folder)
    assert [project.project_id for project in catalog.projects] == ["early", "late"]
    assert [rule.alert for rule in catalog.rules] == ["A"]


def test_a_rule_may_differ_for_one_project(write: Write) -> None:
    rules = load_catalog(write(RULE + "  - {alert: A, kpi: spi, below: 0.8, where: {project: p}}\n")).rules
    assert [rule.below for rule in rules] == [1, 0.8]


def test_a_project_is_found_by_its_id(write: Write) -> None:
    catalog = load_catalog(write(PROJECT))
    assert catalog.project("p") is catalog.projects[0]
    with pytest.raises(UsageError, match="'q'"):
        Catalog((), ()).project("q")


def test_a_baseline_event_says_what_the_file_says(write: Write) -> None:
    project = only_project(write(PROJECT))
    stated_at = datetime(2024, 2, 17, 10, tzinfo=UTC)
    raw = baseline_event(project, source="test", event_id="e-1", stated_at=stated_at, revision=2)
    event: Any = accept(raw, (), 2**60, UTC)
    assert (event["subject"], event["source"], event["id"], event["time"]) == ("p", "test", "e-1", stated_at)
    assert (event["data"]["revision"], event["data"]["baseline"], event["data"]["name"]) == (2, 1, "N")


# -- mistakes ------------------------------------------------------------------------------------------------------

LINES = "    lines:\n      - id: L\n        plan:\n          - {period: 2024-02, value: 1}\n"
MISTAKES: dict[str, tuple[str, int, str, str]] = {
    "nothing": ("", 1, "file", "neither projects: nor rules:"),
    "only a comment": ("# later\n", 1, "file", "neither projects: nor rules:"),
    "a list at the top": ("- id: p\n", 1, "file", "neither projects: nor rules:"),
    "a misspelt section": ("\nproject:\n  - id: p\n", 2, "project", "did you mean projects?"),
    "a section without entries": ("projects:\n", 1, "projects", "must be a list"),
    "a section that is an object": ("projects:\n  p: {name: N}\n", 1, "projects", "must be a list"),
    "an entry without fields": ("projects:\n  - p\n", 2, "projects[0]", "must have fields"),
    "no id": ("projects:\n  - name: N\n    start: 2024-01-01\n", 2, "projects[0].id", "missing"),
    "a number as id": (PROJECT.replace("id: p", "id: 12"), 2, "projects[0].id", "quotes"),
    "an id with a slash": (PROJECT.replace("id: p", "id: a/b"), 2, "projects[0].id", "no /"),
    "the id of the clock": (PROJECT.replace("id: p", "id: clock"), 2, "projects[0].id", "reserved"),
    "no name": ("projects:\n  - id: p\n    start: 2024-01-01\n", 2, "projects[0].name", "missing"),
    "a misspelt field": (PROJECT + "    finsh: 2024-02-01\n", 5, "projects[0].finsh", "did you mean finish?"),
    "a strange field": (PROJECT + "    zzqq: 1\n", 5, "projects[0].zzqq", "known are id, note, baseline"),
    "a misspelt field inside": (
        PROJECT + "    milestones:\n      - id: a\n        wieght: 3\n", 7, "projects[0].milestones[0].wieght", "weight?",
    ),
    "a revision": (PROJECT + "    revision: 1\n", 5, "projects[0].revision", "--revise"),
    "no such day": (PROJECT + "    finish: 2024-02-30\n", 5, "projects[0].finish", "YYYY-MM-DD"),
    "a day in another form": (PROJECT + "    finish: 2024-2-3\n", 5, "projects[0].finish", "YYYY-MM-DD"),
    "a finish before the start": (PROJECT + "    finish: 2023-01-01\n", 5, "projects[0].finish", "swap"),
    "a text for a number": (
        PROJECT + "    campaign:\n      total: many\n", 6, "projects[0].campaign.total", "number, not 'many'",
    ),
    "an endless number": (PROJECT + "    campaign: {total: 1e999}\n", 5, "projects[0].campaign.total", "finite"),
    "a number of 5,000 digits": (
        PROJECT + f"    campaign: {{total: {'9' * 5000}}}\n", 5, "projects[0].campaign.total", "finite",
    ),
    "a negative amount": (PROJECT + "    campaign: {total: -1}\n", 5, "projects[0].campaign.total", "or equal to 0"),
    "a number for a text": (PROJECT + "    owner: 12\n", 5, "projects[0].owner", "quotes"),
    "a text for an object": (PROJECT + "    region: Henan\n", 5, "projects[0].region", "object"),
    "an object for a list": (PROJECT + "    milestones: {id: a}\n", 5, "projects[0].milestones", "array"),
    "a year without quotes": (
        PROJECT + LINES.replace("2024-02", "2024"), 8, "projects[0].lines[0].plan[0].period", "quotes",
    ),
    "no such month": (PROJECT + LINES.replace("-02", "-13"), 8, "projects[0].lines[0].plan[0].period", "1..12"),
    "a period in words": (
        PROJECT + LINES.replace("2024-02", "spring"), 8, "projects[0].lines[0].plan[0].period", "2024-02-10/2024-02-17",
    ),
    "a rhythm in words": (PROJECT + "    report_every: weekly\n", 5, "projects[0].report_every", "P1W or PT12H, not 'weekly'"),
    "two parts of one id": (
        PROJECT + "    milestones:\n      - {id: a}\n      - {id: a}\n", 7, "projects[0].milestones[1].id", "twice",
    ),
    "a plan that falls": (
        PROJECT + "    planned_value:\n      - {date: 2024-02-01, value: 2}\n      - {date: 2024-03-01, value: 1}\n",
        7, "projects[0].planned_value[1].value", "cumulative",
    ),
    "a project above itself": (PROJECT + "    parent: p\n", 5, "projects[0].parent", "own parent"),
    "a plan that is too big for an event": (
        PROJECT + "    tags:\n" + f"      - {'x' * 9000}\n" * 120, 2, "projects[0]", "split it",
    ),
    "the same key twice": (PROJECT + "    name: M\n", 5, "projects[0].name", "on lines 3 and 5"),
    "the same project twice": (
        PROJECT + PROJECT.removeprefix("projects:\n"), 5, "projects[1].id", "plan.yaml:2; give each project",
    ),
    "a misspelt field of a rule": (RULE + "    claer: 2\n", 5, "rules[0].claer", "did you mean clear?"),
    "the inner name of a field": (RULE + "    hold: 3d\n", 5, "rules[0].hold", "unknown field"),
    "a misspelt selector": (RULE + "    where:\n      citty: 洛阳\n", 6, "rules[0].where.citty", "city?"),
    "no name of an alert": ("rules:\n  - kpi: spi\n    below: 1\n", 2, "rules[0].alert", "required"),
    "an alert with a space": (RULE.replace("alert: A", "alert: A B"), 2, "rules[0].alert", "letters, digits"),
    "an unknown KPI": (RULE.replace("kpi: spi", "kpi: spii"), 3, "rules[0].kpi", "'spii' is not a KPI"),
    "a threshold in quotes": (RULE.replace("1", "'1'"), 4, "rules[0].below", "number, not '1'"),
    "two conditions": (RULE + "    above: 2\n", 2, "rules[0]", "exactly one of above, below, is_null"),
    "a clear on the wrong side": (RULE + "    clear: 0.5\n", 5, "rules[0].clear", "must not lie below"),
    "a duration in words": (RULE + "    for: 3 days\n", 5, "rules[0].for", "30s, 5m, 2h or 3d, not '3 days'"),
    "an unknown severity": (RULE + "    severity: bad\n", 5, "rules[0].severity", "'critical', not 'bad'"),
    "the same rule twice": (
        RULE + "  - {alert: A, kpi: cpi, below: 1}\n", 5, "rules[1].alert", "plan.yaml:2; rules of one name",
    ),
    "a tab": ("projects:\n\t- id: p\n", 2, "file", "not YAML"),
    "an open bracket": (PROJECT + "    tags: [a\n", 6, "file", "not YAML"),
    "two documents": (PROJECT + "---\nrules: []\n", 5, "file", "another document"),
    "an alias": ("a: &a [1]\nb: [*a, *a]\n", 1, "file", "anchor 'a'"),
    "a merge": (PROJECT + "    <<: {owner: O}\n", 5, "projects[0].<<", "unknown field"),
    "an object of Python": (PROJECT + "    tags: !!python/name:os.system\n", 5, "projects[0].tags", "not supported"),
    "a tag of one's own": (PROJECT + "    owner: !mine O\n", 5, "projects[0].owner", "tag !mine is not supported"),
    "a list as key": (PROJECT + "    ? [a, b]\n    : 1\n", 5, "projects[0]", "must be a word"),
    "a control character": (PROJECT + "    owner: a\x07b\n", 5, "file", "U+0007"),
    "NUL in other words": (PROJECT + '    owner: "a\\0b"\n', 5, "projects[0].owner", "NUL"),
    "a deep heap of lists": (PROJECT + "    tags: " + "[" * 70 + "]" * 70 + "\n", 5, "file", "64 levels"),
    "a very deep heap of lists": ("projects: " + "[" * 100_000, 1, "file", "nest"),
    "a very deep heap of dashes": ("projects:\n" + "- " * 50_000 + "a\n", 2, "file", "64 levels"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named_by_file_line_and_field(name: str, write: Write) -> None:
    text, line, field, problem = MISTAKES[name]
    path = write(text)
    with pytest.raises(CatalogError) as refused:
        load_catalog(path)
    error = refused.value
    assert (error.file, error.line, error.field) == (str(path), line, field), error
    assert problem in error.problem
    assert str(error).startswith(f"{path}:{line}: {field}: ")


def test_a_project_in_two_files_is_refused_with_both_places(write: Write) -> None:
    first, second = write(PROJECT, "a.yaml"), write("rules: []\n" + PROJECT, "b.yaml")
    with pytest.raises(CatalogError) as refused:
        load_catalog(first.parent)
    assert str(refused.value).startswith(f"{second}:3: projects[0].id: stands already at {first}:2;")


def test_text_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_bytes(PROJECT.encode() + "    owner: 洛阳\n".encode("gbk"))
    with pytest.raises(
        CatalogError, match=r"plan\.yaml:5: file: byte \d+ is not UTF-8; save the file as UTF-8"
    ):
        load_catalog(path)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    with path.open("wb") as file:
        file.truncate(FILE_BYTES_MAX + 1)
    with pytest.raises(CatalogError, match="split it"):
        load_catalog(path)


def test_a_folder_without_catalog_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no \*\.yaml file"):
        load_catalog(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        load_catalog(tmp_path / "elsewhere")
