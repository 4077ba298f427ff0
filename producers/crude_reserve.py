"""The crude oil reserve: tanks erected course by course from plates that come late, in winter weather, by few crews.

`python -m producers.crude_reserve` publishes it day by day; it takes the options of `milepost simulate`.
"""

from typing import Final

from producers.construction import Construction, Manner
from producers.milestones import Milestones
from producers.script import run_as_script
from producers.site import Plan, Site

__all__ = ["crude_reserve"]

_TANKS: Final = Manner(
    stages=8,  # courses of plates of a tank's shell
    crews=5,
    crews_more=2,
    vigour=1.3,
    vigour_max=1.7,
    late_delivery_days=7.0,
    defects=0.12,
)


def crude_reserve(project_id: str, plan: Plan, seed: int) -> Site:
    """The building site of a tank farm."""
    site = Site(project_id, plan, seed)
    construction = Construction(site, _TANKS)
    site.begin(construction, Milestones(site, construction), ends="commissioned")
    return site


if __name__ == "__main__":
    run_as_script("crude-reserve")
