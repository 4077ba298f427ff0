"""The shape of the code: what reviewers would otherwise have to say again and again."""

import ast
import importlib.util
import re
import statistics
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 50
FUNCTION_LINES_MEDIAN_BELOW = 10
MODULE_LINES_MAX = 400
NOT_PRODUCT = {"tests", "benchmarks", "examples"}
OTHER_TOOL_FILES = {
    "ruff.toml", ".ruff.toml", "mypy.ini", ".mypy.ini", "pytest.ini", "tox.ini", "setup.cfg", "setup.py",
    ".importlinter", ".coveragerc", ".flake8", ".isort.cfg", "pytest.toml", ".pytest.toml",
}  # fmt: skip


@cache
def tracked_files() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return tuple(path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file())


def product_modules() -> list[Path]:
    python = (path for path in tracked_files() if path.suffix == ".py")
    return [path for path in python if path.relative_to(ROOT).parts[0] not in NOT_PRODUCT]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def top_level_packages() -> list[str]:
    return sorted(
        {
            path.parent.name
            for path in tracked_files()
            if path.name == "__init__.py" and path.parent.parent == ROOT
        }
    )


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = [
        name for path in product_modules() for name, lines in functions(path) if lines > FUNCTION_LINES_MAX
    ]
    assert too_long == []


def test_the_median_function_is_short() -> None:
    sizes = [lines for path in product_modules() for _, lines in functions(path)]
    assert statistics.median(sizes) < FUNCTION_LINES_MEDIAN_BELOW


def test_no_module_is_too_long_to_read_in_one_go() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in product_modules()}
    too_long = {
        str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MODULE_LINES_MAX
    }
    assert too_long == {}


def test_nothing_is_left_to_be_fixed_later() -> None:
    marker = re.compile("FIX" + "ME|XX" + "X|HA" + "CK")
    readable = [path for path in tracked_files() if path.suffix in {".py", ".md", ".sql", ".toml"}]
    assert [str(path) for path in readable if marker.search(path.read_text(encoding="utf-8"))] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in product_modules()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


@pytest.mark.parametrize("name", top_level_packages())
def test_a_top_level_name_means_our_package(name: str) -> None:
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_pyproject_is_the_only_tool_configuration() -> None:
    assert [path.name for path in tracked_files() if path.name in OTHER_TOOL_FILES] == []


def test_every_package_is_installed_linted_and_typed() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [name for name in top_level_packages() if name not in NOT_PRODUCT]
    tools = configuration["tool"]
    installed = [name.rstrip("*") for name in tools["setuptools"]["packages"]["find"]["include"]]
    assert set(packages) <= set(installed)
    assert set(packages) <= set(tools["importlinter"]["root_packages"])


def test_the_folder_map_in_the_architecture_page_is_the_tree() -> None:
    page = ROOT / "ARCHITECTURE.md"
    if not page.exists():
        return
    named = set(re.findall(r"^\| `([a-z_]+)/`", page.read_text(encoding="utf-8"), flags=re.MULTILINE))
    folders = {path.relative_to(ROOT).parts[0] for path in tracked_files() if path.parent != ROOT}
    assert named == {name for name in folders if not name.startswith(".")}
