"""Chance with a seed: the same draws on every machine, so that the same seed gives the same bytes.

Every process of every project has a stream of its own, named after it, so that adding one disturbs no other. What
depends on the mathematical library of a machine (logarithms) is rounded before anybody builds on it.
"""

from random import Random

__all__ = ["lifetime", "stream", "wait"]


def stream(seed: int, *names: str) -> Random:
    """The stream of that name. Seeds of text are spread by SHA-512, alike in every process."""
    return Random("/".join((str(seed), *names)))  # noqa: S311 - a simulation, no secret


def wait(chance: Random, mean: float) -> int:
    """A whole waiting time without memory: exponential."""
    return round(chance.expovariate(1.0) * mean)


def lifetime(chance: Random, scale: float, shape: float) -> int:
    """A whole time until something fails: Weibull; a shape above 1 means wear, below 1 early failures."""
    return max(1, round(chance.weibullvariate(scale, shape)))
