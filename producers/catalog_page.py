"""The page of the documentation that lists the bundled catalog: `python -m producers.catalog_page > docs/catalog.md`."""

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from producers.catalog import Catalog, CatalogProject, bundled_catalog, load_catalog

__all__ = ["catalog_page"]

_HEAD: Final = """# The catalog

<!-- Written by `python -m producers.catalog_page > docs/catalog.md`; a test checks that it is up to date. -->

Everything that the catalog which comes with Milepost knows: {projects} projects, and {statements} statements that were published
about them. The name of a project is its id in every table. Its parts are the scopes of its KPIs; *statements* counts what the
source published, and *simulated* says that simulated feeds let a model speak for the project instead of repeating it.
`milepost apply` publishes all of it; [`catalog/`](../catalog) is where it is written.
"""
_COLUMNS: Final = "| Project | Name | Kind | Parts | Statements |\n|---|---|---|---|---|\n"
_SECTIONS: Final = ("milestones", "work_items", "lines", "series")


def catalog_page(catalog: Catalog) -> str:
    """Markdown: a table per file, in the order of the files; the same catalog gives the same text."""
    statements = sum(len(project.statements) for project in catalog.projects)
    head = _HEAD.format(projects=len(catalog.projects), statements=statements)
    files = groupby(catalog.projects, key=lambda project: Path(project.file).name)
    return head + "".join(_table(name, projects) for name, projects in files)


def _table(file: str, projects: Iterable[CatalogProject]) -> str:
    return f"\n## {file}\n\n{_COLUMNS}" + "".join(_row(project) for project in projects)


def _row(project: CatalogProject) -> str:
    plan = project.data
    said = f"{len(project.statements)}{', simulated' if project.simulated else ''}"
    names = f"{plan['name']} {plan.get('name_zh') or ''}".strip()
    cells = (f"`{project.project_id}`", names, plan.get("kind") or "", "; ".join(_parts(project)), said)
    return f"| {' | '.join(cells)} |\n"


def _parts(project: CatalogProject) -> Iterator[str]:
    """`series: a, b` for each section that names parts."""
    plan = project.data
    for section in _SECTIONS:
        yield from _named(section.replace("_", " "), plan.get(section))
    yield from _named("districts", (plan.get("campaign") or {}).get("districts"))
    tasks = [said.data["task"] for said in project.statements if said.kind == "task.assigned"]
    yield from _named("tasks", [{"id": task} for task in tasks])


def _named(section: str, parts: list[dict[str, Any]] | None) -> Iterator[str]:
    if parts:
        yield f"{section}: {', '.join(part['id'] for part in parts)}"


if __name__ == "__main__":
    sys.stdout.write(catalog_page(load_catalog(bundled_catalog())))
