"""Folds of a log by the core alone, as workers do it: in slices, with evaluations between them, life after life."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from eventlog.log import Record
from schemas.alerts import AlertTransition, Rule
from schemas.kpi import KpiEvaluated
from streams.core.constants import Constants
from streams.core.partition import Output, Partition, Resume
from streams.core.rules import RuleSet
from tests.builders import ZONE, log

__all__ = ["RULES", "RULES_LATER", "TOPIC", "fold_whole", "new_partition", "records_of"]

TOPIC: Final = "milepost.events"


def _rule(alert: str, kpi: str, **fields: object) -> Rule:
    return Rule.model_validate({"alert": alert, "kpi": kpi, **fields})


RULES: Final = (
    _rule("Output", "output_cumulative", above=20),
    _rule("OutputStays", "output_cumulative", above=20, **{"for": "2d"}),
    _rule("LineOutput", "output_cumulative", scope="*", above=10, clear=1, keep_firing_for="3d"),
    _rule("Behind", "spi", below=0.9, clear=0.95, **{"for": "3d"}, severity="critical"),
    _rule("Silent", "report_age", above=1),
    _rule("NoEarnedValue", "earned_value", is_null=True, where={"kind": "construction"}),
    _rule("Reading", "reading_latest", scope="*", above=35, clear=12),
    _rule("Done", "completion_rate", scope="*", below=50, where={"project": "p1"}),
    _rule("Milestones", "milestones_overdue", above=0, keep_firing_for="1d"),
)


RULES_LATER: Final = (
    _rule("Output", "output_cumulative", above=100),
    _rule("Behind", "spi", below=0.9, clear=0.95, severity="critical"),
    _rule("Reading", "reading_latest", scope="*", above=35, clear=12, keep_firing_for="2d"),
    _rule("Reported", "report_age", below=1),
    *(rule for rule in RULES if rule.alert in {"Milestones", "OutputStays"}),
)
"""What a later release of the catalog might say instead."""


def records_of(values: Iterable[bytes], partition: int = 0) -> list[Record]:
    """Records of the topic of events."""
    return [
        Record(TOPIC, partition, record.offset, record.recorded_at_us, None, record.value)
        for record in log(values, partition=partition)
    ]


def new_partition(
    number: int = 0,
    *,
    resume: Resume | None = None,
    rules: Sequence[Rule] = RULES,
    place: Callable[[str], int] = lambda _: 0,
) -> Partition:
    """The state of a partition at the start of a life."""
    return Partition(
        number, place=place, zone=ZONE, constants=Constants(), rules=RuleSet(rules), resume=resume
    )


def fold_whole(values: Iterable[bytes]) -> tuple[list[KpiEvaluated], list[AlertTransition]]:
    """Everything that one life publishes about a log that it folds in one go."""
    output: Output = new_partition().fold(records_of(values))
    return output.kpis, output.alerts
