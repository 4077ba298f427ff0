"""The work as a Bytewax dataflow: keyed by project, a batch logic that keeps the state and notifies itself once a second."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from bytewax import operators as op
from bytewax._bytewax import cli_main
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from same_work import SECONDS_PER_KPI, Job, Project, Report, Tally, event_of, kpi_text

PAUSE = timedelta(seconds=SECONDS_PER_KPI)


class ProjectLogic(StatefulBatchLogic):
    """State of one project; emits its KPI a second after the first change, and at the end."""

    def __init__(self, project: Project | None) -> None:
        self._project = project or Project()
        self._due: datetime | None = None

    def on_batch(self, values: list[Report]) -> tuple[Iterable[tuple[int, float]], bool]:
        changes = [self._project.take(report) for report in values]
        if any(changes) and self._due is None:
            self._due = datetime.now(UTC) + PAUSE
        return (), False

    def on_notify(self) -> tuple[Iterable[tuple[int, float]], bool]:
        self._due = None
        return (self._project.rolling(),), False

    def on_eof(self) -> tuple[Iterable[tuple[int, float]], bool]:
        return self.on_notify()

    def notify_at(self) -> datetime | None:
        return self._due

    def snapshot(self) -> Project:
        return self._project


def dataflow(job: Job, tally: Tally) -> Dataflow:
    flow = Dataflow("same_work")
    records = op.input("events", flow, KafkaSource([job.bootstrap], [job.topic], tail=False))

    def keyed(record: KafkaSourceMessage) -> tuple[str, Report] | None:
        event = event_of(record.value)
        tally.count(event)
        return None if event is None else (event.subject, event.data)

    reports = op.filter_map("decode", records, keyed)
    sums = op.stateful_batch("sum", reports, ProjectLogic)
    kpis = op.map(
        "encode", sums, lambda item: KafkaSinkMessage(item[0].encode(), kpi_text(item[0], *item[1]))
    )
    kop.output("kpis", kpis, brokers=[job.bootstrap], topic=job.output)
    return flow


if __name__ == "__main__":
    job = Job.from_command_line()
    tally = Tally(job)
    cli_main(dataflow(job, tally))
    tally.write()
