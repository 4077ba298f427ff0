"""Nothing happens at import, and the pure packages pull in no driver."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRIVERS = ("faust", "kafka", "aiokafka", "duckdb", "pyarrow", "sqlite3", "asyncio")

IMPORT_ALL = """
import pkgutil, importlib, socket, sys, threading
def refuse(*_, **__):
    raise AssertionError("a module opened a socket while it was imported")
socket.socket.connect = socket.socket.bind = socket.create_connection = refuse
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
assert threading.active_count() == 1, threading.enumerate()
print(*sorted(sys.modules))
"""


def modules_after_importing(*names: str, cwd: Path) -> set[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    done = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", IMPORT_ALL, *names],
        cwd=cwd, env={**environment, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def packages() -> list[str]:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    return sorted(found - {"tests", "benchmarks", "examples"})


def test_importing_everything_opens_no_socket_starts_no_thread_and_writes_no_file(tmp_path: Path) -> None:
    modules_after_importing(*packages(), cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_schemas_pull_in_no_driver(tmp_path: Path) -> None:
    loaded = modules_after_importing("schemas", cwd=tmp_path)
    assert loaded.isdisjoint({"faust", "kafka", "aiokafka", "duckdb", "pyarrow", "sqlite3"})


IMPORT_ONE = "import importlib, sys; importlib.import_module(sys.argv[1]); print(*sorted(sys.modules))"


@pytest.mark.parametrize("name", ["worker", "store", "up", "run", "rebuild"])
def test_a_command_looks_at_its_lock_before_it_loads_what_is_heavy(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ONE, f"milepost.commands.{name}"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert set(done.stdout.split()).isdisjoint({"faust", "kafka", "aiokafka", "duckdb", "pyarrow"})
