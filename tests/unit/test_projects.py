"""Projects of a saved state are made when they are asked for, once each, and no sooner."""

from functools import partial

import pytest

from streams.core.project import Project
from streams.core.projects import Projects
from streams.core.saved_state import UnreadableState
from tests.builders import ZONE


def some_projects(made: list[str]) -> Projects:
    """One in memory, two that are not."""

    def load(project: Project) -> None:
        made.append(project.id)
        project.newest_offset = 7

    projects = Projects(partial(Project, zone=ZONE))
    projects.add("new")
    projects.leave("项目-2", load)
    projects.leave("p1", load)
    return projects


def test_a_project_is_made_when_it_is_asked_for_and_stays() -> None:
    made: list[str] = []
    projects = some_projects(made)
    assert projects["项目-2"] is projects["项目-2"]
    assert projects["项目-2"].newest_offset == 7
    assert projects["new"].newest_offset == -1
    assert made == ["项目-2"]
    assert [project.id for project in projects.values()] == ["new", "项目-2", "p1"]
    assert made == ["项目-2", "p1"]


def test_who_they_are_is_told_without_making_any() -> None:
    made: list[str] = []
    projects = some_projects(made)
    assert sorted(projects) == ["new", "p1", "项目-2"]
    assert len(projects) == 3
    assert "p1" in projects
    assert "p2" not in projects
    assert projects.get("p2") is None
    assert list(projects.loaded) == ["new"]
    assert made == []


def test_a_project_that_cannot_be_made_is_not_one_half_made() -> None:
    def fail(project: Project) -> None:
        project.newest_offset = 7
        raise UnreadableState(project.id)

    projects = some_projects([])
    projects.leave("p3", fail)
    for _ in range(2):
        with pytest.raises(UnreadableState, match="p3"):
            projects.get("p3")
    assert "p3" not in projects.loaded
