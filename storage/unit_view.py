"""SQL of the view that tells which units can be told in one another, drawn from the units that the fold knows."""

from schemas.quantities import dimensions

__all__ = ["unit_view"]


def unit_view() -> str:
    """Statement that creates `internal.units`: a unit, its dimension, the unit of reference, how many of those one is."""
    values = ", ".join(
        f"('{unit}', '{dimension}', '{reference}', {factor})"
        for unit, dimension, reference, factor in dimensions()
    )
    return (
        "CREATE OR REPLACE VIEW internal.units AS"
        f" SELECT * FROM (VALUES {values}) units(unit, dimension, reference, factor)"
    )
