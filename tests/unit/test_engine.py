"""The name of the code that folds changes with that code."""

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

from milepost import engine


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the packages that fold."""
    for package in ("schemas", "streams.core"):
        shutil.copytree(str(files(package)), tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(engine, "files", lambda package: tmp_path / package)
    return tmp_path


def named() -> str:
    return engine.engine_name.__wrapped__()


def test_the_same_code_has_the_same_name_wherever_it_is_installed(core: Path) -> None:
    assert named() == engine.engine_name()


def test_any_change_of_a_module_that_folds_changes_the_name(core: Path) -> None:
    names = [named()]
    for module in ("schemas/keys.py", "streams.core/project.py", "streams.core/kpis/production.py"):
        file = core / module
        file.write_text(file.read_text() + "\n# another day\n")
        names.append(named())
    (core / "streams.core" / "new.py").touch()
    assert len({*names, named()}) == 5
