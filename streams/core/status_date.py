"""The status date of a project (P6: data date): the day that its newest figures are about."""

from streams.core.project import Project

__all__ = ["status_date"]


def status_date(project: Project, closed_through: int | None) -> int | None:
    """The later of the newest day closed by a tick in the partition and the newest day of a winning statement."""
    newest = project.days.last()
    if newest is None or closed_through is None:
        return newest if closed_through is None else closed_through
    return max(newest, closed_through)
