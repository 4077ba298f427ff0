"""The page that lists the catalog: as generated, and naming every project and part."""

from pathlib import Path
from typing import Final

from producers.catalog import Catalog, load_catalog
from producers.catalog_page import catalog_page
from tests.simulated import catalog

PAGE: Final = Path(__file__).parents[2] / "docs" / "catalog.md"


def test_the_page_is_what_the_catalog_gives() -> None:
    assert PAGE.read_text(encoding="utf-8") == catalog_page(catalog())


def test_a_row_tells_the_parts_and_the_statements_of_a_project(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(
        "time: 2024-03-01T09:00:00+08:00\n"
        "projects:\n"
        "  - id: p\n"
        "    name: Outfalls\n"
        "    name_zh: 入河排污口\n"
        "    kind: campaign\n"
        "    start: 2024-01-01\n"
        "    campaign: {unit: task, districts: [{id: north}, {id: south}]}\n"
        "    series: [{id: rate}]\n"
        "    statements:\n"
        "      - {type: task.assigned, task: t-1, assigned_on: 2024-02-01}\n"
        "      - {type: tally.reported, as_of: 2024-02-29, district: north, done: 3}\n",
        encoding="utf-8",
    )
    page = catalog_page(load_catalog(tmp_path))
    parts = "series: rate; districts: north, south; tasks: t-1"
    assert (
        f"\n## plan.yaml\n\n| Project | Name | Kind | Parts | Statements |\n|---|---|---|---|---|\n| `p` | Outfalls 入河排污口 | campaign | {parts} | 2 |\n"
        in page
    )


def test_projects_without_statements_are_simulated(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("projects: [{id: p, name: N, start: 2024-01-01}]\n", encoding="utf-8")
    assert "| `p` | N |  |  | 0, simulated |\n" in catalog_page(load_catalog(tmp_path))
    assert "0 projects" in catalog_page(Catalog((), ()))
