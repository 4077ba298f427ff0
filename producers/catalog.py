"""The catalog: projects and alert rules from YAML files. Reads files and nothing else; whoever publishes is elsewhere.

Every mistake is named by file, line and field. What a project may say is decided by the schemas of events alone, so
that a catalog cannot hold a plan or a statement that the log would refuse.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from producers.catalog_fields import CATALOG_FIELDS, PROJECT_FIELDS, RULE_FIELDS, Fields, first_unknown
from producers.catalog_judging import judge, with_advice
from producers.catalog_statements import CatalogStatement, file_time, statements_of
from producers.catalog_text import FieldPath, Located, parse, read_file
from schemas.alerts import Rule
from schemas.codec import to_json
from schemas.errors import UsageError
from schemas.events import BASELINE_TYPE

__all__ = [
    "Catalog",
    "CatalogProject",
    "CatalogStatement",
    "baseline_event",
    "bundled_catalog",
    "load_catalog",
]

_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BESIDE_THE_PLAN: Final = frozenset({"id", "simulated", "statements"})


@dataclass(frozen=True)
class CatalogProject:
    """A project as its file has it; `data` is the payload of `project.baselined`, dates as ISO text."""

    project_id: str
    data: dict[str, Any]
    file: str
    line: int
    numbered: bool = False
    """Whether the file itself says which baseline this is; without that `data` has baseline 1."""
    statements: tuple[CatalogStatement, ...] = ()
    """What was published about it."""
    simulated: bool = True
    """Whether simulated feeds let a model speak for it; otherwise they repeat its statements."""


@dataclass(frozen=True)
class Catalog:
    """All projects and rules of one folder or file."""

    projects: tuple[CatalogProject, ...]
    rules: tuple[Rule, ...]

    def project(self, project_id: str) -> CatalogProject:
        """The project of that name. Raises UsageError."""
        for project in self.projects:
            if project.project_id == project_id:
                return project
        raise UsageError(
            f"the catalog has no project {project_id!r}; add it to a file, or leave MILEPOST_CATALOG out"
        )


def bundled_catalog() -> Path:
    """The folder of the catalog that comes with Milepost."""
    return Path(str(resources.files("catalog")))


def baseline_event(
    project: CatalogProject, *, source: str, event_id: str, stated_at: datetime, revision: int = 0
) -> bytes:
    """The plan of a project as a structured CloudEvent."""
    return to_json(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": BASELINE_TYPE,
            "subject": project.project_id,
            "time": stated_at.isoformat(),
            "datacontenttype": "application/json",
            "data": {**project.data, "revision": revision} if revision else project.data,
        }
    )


def load_catalog(path: Path) -> Catalog:
    """Every project and rule of a file, or of the `*.yaml` files below a folder. Raises UsageError, CatalogError."""
    projects, rules = _Unique(), _Unique()
    for file in _files(path):
        located = parse(str(file), read_file(file))
        _check_top(located)
        stated_at = file_time(located)
        for at in _entries(located, "projects"):
            project = _project(located, at, stated_at)
            problem = "give each project its own id"
            projects.add(located, (*at, "id"), project.project_id, project, problem)
        for at in _entries(located, "rules"):
            rule = _rule(located, at)
            problem = "rules of one name need another severity, scope or where"
            selected = (rule.alert, rule.severity, rule.scope, rule.where)
            rules.add(located, (*at, "alert"), selected, rule, problem)
    return Catalog(tuple(projects.items), tuple(rules.items))


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise UsageError(f"{path} does not exist; name a catalog file or folder")
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*.yaml") if file.is_file())
    if not files:
        raise UsageError(
            f"{path} has no *.yaml file; put projects: or rules: into one, or name another folder"
        )
    return files


class _Unique:
    """Items of all files; of two with the same key both places are named."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self._places: dict[Any, str] = {}

    def add(self, located: Located, path: FieldPath, key: Any, item: Any, advice: str) -> None:
        """Keep an item, or refuse the second of its kind."""
        if first := self._places.get(key):
            raise located.error(path, f"stands already at {first}; {advice}")
        self._places[key] = f"{located.file}:{located.line(path)}"
        self.items.append(item)


def _check_top(located: Located) -> None:
    if not isinstance(located.data, dict) or not located.data:
        raise located.error((), "has neither projects: nor rules:")
    _check_names(located, located.data, CATALOG_FIELDS, ())


def _check_names(located: Located, data: Any, fields: Fields, at: FieldPath) -> None:
    if unknown := first_unknown(data, fields, at):
        raise located.error(*unknown)


def _entries(located: Located, section: str) -> Iterator[FieldPath]:
    entries = located.data.get(section)
    if entries is None and section not in located.data:
        return
    if not isinstance(entries, list):
        raise located.error((section,), "must be a list; begin each entry with a dash")
    for number, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise located.error((section, number), "must have fields, for example `name: …`")
        yield section, number


def _project(located: Located, at: FieldPath, stated_at: datetime | None) -> CatalogProject:
    entry = _entry(located, at)
    if "revision" in entry:
        raise located.error((*at, "revision"), "is counted by `milepost apply --revise`; remove it")
    _check_names(located, entry, PROJECT_FIELDS, at)
    if not isinstance(entry.get("id"), str):
        problem = "must be a text; put it in quotes" if "id" in entry else "the field is missing; add it"
        raise located.error((*at, "id"), problem)
    plan = {name: value for name, value in entry.items() if name not in _BESIDE_THE_PLAN}
    numbered = "baseline" in plan
    data = plan if numbered else {"baseline": 1, **plan}
    project = CatalogProject(entry["id"], data, located.file, located.line(at), numbered)
    judge(located, at, baseline_event(project, source="catalog", event_id="catalog", stated_at=_NO_TIME))
    said = entry.get("statements", [])
    statements = statements_of(located, (*at, "statements"), project.project_id, said, stated_at)
    return replace(project, statements=statements, simulated=_simulated(located, at, unheard=not statements))


def _entry(located: Located, at: FieldPath) -> dict[str, Any]:
    section, number = at
    entry: dict[str, Any] = located.data[section][number]
    return entry


def _simulated(located: Located, at: FieldPath, *, unheard: bool) -> bool:
    simulated = _entry(located, at).get("simulated", unheard)
    if not isinstance(simulated, bool):
        raise located.error((*at, "simulated"), f"must be true or false, not {simulated!r}")
    if not simulated and unheard:
        raise located.error((*at, "simulated"), "without statements there is nothing to repeat; leave it out")
    return simulated


def _rule(located: Located, at: FieldPath) -> Rule:
    entry = _entry(located, at)
    _check_names(located, entry, RULE_FIELDS, at)
    try:
        return Rule.model_validate_json(to_json(entry), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem = first["msg"].removeprefix("Value error, ")
        path = first["loc"] or _named_by(problem, entry)
        shown = f", not {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
        problem = f"{problem[0].lower()}{problem[1:]}{shown if first['type'] != 'value_error' else ''}"
        raise located.error((*at, *path), with_advice(path, problem)) from error


def _named_by(problem: str, entry: dict[str, Any]) -> FieldPath:
    """The field with which the description of a contradiction begins."""
    word = problem.split(maxsplit=1)[0]
    return (word,) if word in entry else ()
