"""What pace and finish read: the campaign where there is one, else the restart."""

from streams.core.explain import campaign, restart
from streams.core.explain.inputs import Case, Declaration, Worked

__all__ = ["DECLARED", "finish", "pace"]


def pace(case: Case) -> Worked:
    """What is left / days left."""
    return campaign.pace(case) if "campaign" in case.view.sections else restart.pace(case)


def finish(case: Case) -> Worked:
    """D + what is left / pace."""
    return campaign.finish(case) if "campaign" in case.view.sections else restart.finish(case)


DECLARED: dict[str, Declaration] = {"required_pace": pace, "projected_finish": finish}
"""By KPI."""
