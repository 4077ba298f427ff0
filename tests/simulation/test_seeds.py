"""Whole messes against the law: feeds in disorder, workers that die at any append, a store in random batches."""

from typing import Final

import pytest

from tests.simulation.mess import simulate
from tests.simulation.regression_seeds import REGRESSION_SEEDS

SEEDS: Final = (0, 1, 2, 3, 4)


@pytest.mark.parametrize("seed", [*SEEDS, *REGRESSION_SEEDS])
def test_a_mess_gives_what_the_law_says(seed: int) -> None:
    assert simulate(seed) == []
