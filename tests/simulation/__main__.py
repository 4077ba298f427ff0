"""`python -m tests.simulation SEED [LAST]` simulates one mess, or all from SEED to LAST, and tells what contradicts the law."""

import sys
from time import monotonic

from tests.simulation.mess import simulate

SHOWN_MAX = 20


def main(first: int, last: int) -> int:
    """Simulate; the exit status is 1 when something contradicts the law."""
    failed = []
    for seed in range(first, last + 1):
        began = monotonic()
        found = simulate(seed)
        print(f"seed {seed}: {len(found)} contradictions in {monotonic() - began:.1f} s", flush=True)  # noqa: T201
        for line in found[:SHOWN_MAX]:
            print(f"  {line}")  # noqa: T201
        failed += [seed] if found else []
    if failed:
        print(f"add to tests/simulation/regression_seeds.py: {failed}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[-1])))
