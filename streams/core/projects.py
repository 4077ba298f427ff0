"""The projects of one partition by id. Those of a saved state are made one by one, when they are first asked for.

Most of a state is not needed between a start and the next day that is closed, so a start need not wait for all of it.
"""

from collections.abc import Callable, Iterator, Mapping

from streams.core.project import Project

__all__ = ["Load", "Projects"]

Load = Callable[[Project], None]
"""Fills a project of which nothing is known yet. May raise UnreadableState, and then the state is of no use."""


class Projects(Mapping[str, Project]):
    """All projects of a partition; `loaded` are those in memory, for who looks one up per event."""

    def __init__(self, new: Callable[[str], Project]) -> None:
        """`new` makes a project of which nothing is known yet."""
        self.loaded: dict[str, Project] = {}
        self._unloaded: dict[str, Load] = {}
        self._new = new

    def add(self, project_id: str) -> Project:
        """A project that is not among them yet."""
        self.loaded[project_id] = project = self._new(project_id)
        return project

    def leave(self, project_id: str, load: Load) -> None:
        """A project that is not among them yet; `load` is put off until it is asked for."""
        self._unloaded[project_id] = load

    def __getitem__(self, project_id: str) -> Project:
        project = self.loaded.get(project_id)
        if project is None:
            project = self._new(project_id)
            self._unloaded[project_id](project)
            del self._unloaded[project_id]
            self.loaded[project_id] = project
        return project

    def __contains__(self, project_id: object) -> bool:
        return project_id in self.loaded or project_id in self._unloaded

    def __iter__(self) -> Iterator[str]:
        yield from [*self.loaded, *self._unloaded]

    def __len__(self) -> int:
        return len(self.loaded) + len(self._unloaded)
