"""The work with Quix Streams: a stateful function on its RocksDB state with changelog, as its documentation shows it."""

import time
from pathlib import Path

from quixstreams import Application, State
from same_work import SECONDS_PER_KPI, WINDOW_DAYS, Job, Report, Tally, event_of, kpi_of


class Fold:
    """Latest report per cell and sum per day in the state of the key; KPIs wait in a dict until their second is over."""

    def __init__(self, job: Job, app: Application) -> None:
        self.tally = Tally(job)
        self._app = app
        self._waiting: dict[str, tuple[int, float]] = {}
        self._due = time.monotonic() + SECONDS_PER_KPI

    def take(self, raw: bytes, state: State) -> list[dict[str, str | float]]:
        """Fold one record; answers the KPIs that are due."""
        event = event_of(raw)
        last = self.tally.count(event)
        if event is not None and (kpi := _fold(event.data, state)) is not None:
            self._waiting[event.subject] = kpi
        if last:
            self._app.stop()
        elif time.monotonic() < self._due:
            return []
        self._due = time.monotonic() + SECONDS_PER_KPI
        waiting, self._waiting = self._waiting, {}
        return [kpi_of(project, *kpi) for project, kpi in waiting.items()]


def _fold(report: Report, state: State) -> tuple[int, float] | None:
    """Newest day and rolling sum after a report that counts; None for one that was overtaken."""
    day = report.period_end.toordinal()
    lines = state.get(str(day), {})
    latest = lines.get(report.line, [-1, 0.0])
    if [report.revision, report.quantity] <= latest:
        return None
    lines[report.line] = [report.revision, report.quantity]
    state.set(str(day), lines)
    newest, total = state.get("week", [0, 0.0])
    if day > newest:
        newest, total = day, _sum_of_week(day, state)
    elif day > newest - WINDOW_DAYS:
        total += report.quantity - latest[1]
    state.set("week", [newest, total])
    return newest, total


def _sum_of_week(last: int, state: State) -> float:
    days = (state.get(str(day), {}) for day in range(last - WINDOW_DAYS + 1, last + 1))
    return sum(quantity for lines in days for _, quantity in lines.values())


def main(job: Job) -> None:
    app = Application(
        broker_address=job.bootstrap,
        consumer_group=job.group,
        auto_offset_reset="earliest",
        state_dir=Path(job.folder) / "state",
        loglevel="WARNING",
    )
    events = app.topic(job.topic, value_deserializer="bytes", key_deserializer="bytes")
    kpis = app.topic(job.output, value_serializer="json", key_serializer="string")
    fold = Fold(job, app)
    frame = app.dataframe(events).apply(fold.take, stateful=True, expand=True)
    frame.to_topic(kpis, key=lambda kpi: kpi["project"])
    app.run()
    fold.tally.write()


if __name__ == "__main__":
    main(Job.from_command_line())
