"""The oracle: a naive second implementation of the law, for tests only.

It takes the records of a log, sorts them and recomputes every statement in force, every row of history, the latest
rows and the findings, with fractions and without any memory but the rows that stand. It shares with the product only
the acceptance of single records. `choices.md` lists where the law leaves a choice, and which one is taken here.
"""

from tests.oracle.history import Outcome, kpi_at, replay
from tests.oracle.statements import LogRecord

__all__ = ["LogRecord", "Outcome", "kpi_at", "replay"]
