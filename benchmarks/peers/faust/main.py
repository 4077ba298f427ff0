"""The work with Faust as it comes: one agent, a timer, `topic.send`; its state in plain dicts or, with `tables`, in tables."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator

import faust
from same_work import SECONDS_PER_KPI, WINDOW_DAYS, Event, Job, Projects, Tally, event_of, kpi_text


class TableProjects:
    """The same arithmetic as `Projects`, on tables with changelogs; one write per report that counts."""

    def __init__(self, app: faust.App, partitions: int) -> None:
        self._days = app.Table("days", partitions=partitions)
        self._newest = app.Table("newest", partitions=partitions)
        self._changed: set[str] = set()

    def take(self, event: Event) -> None:
        project, report = event.subject, event.data
        day = report.period_end.toordinal()
        lines = self._days.get(f"{project}/{day}", {})
        statement = [report.revision, report.quantity]
        if statement <= lines.get(report.line, [-1, 0.0]):
            return
        self._days[f"{project}/{day}"] = {**lines, report.line: statement}
        if day > (self._newest.get(project) or 0):
            self._newest[project] = day
        self._changed.add(project)

    def changed(self) -> Iterator[tuple[bytes, bytes]]:
        changed, self._changed = self._changed, set()
        for project in changed:
            newest = self._newest[project]
            days = range(newest - WINDOW_DAYS + 1, newest + 1)
            week = [self._days.get(f"{project}/{day}", {}) for day in days]
            total = sum(quantity for lines in week for _, quantity in lines.values())
            yield project.encode(), kpi_text(project, newest, total)


def application(job: Job, *, tables: bool) -> faust.App:
    app = faust.App(
        job.group,
        broker=f"kafka://{job.bootstrap}",
        store="memory://",
        topic_partitions=len(job.ends),
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        datadir=job.folder,
    )
    events = app.topic(
        job.topic, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    kpis = app.topic(
        job.output, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw"
    )
    projects = TableProjects(app, len(job.ends)) if tables else Projects()
    tally, one_at_a_time = Tally(job), asyncio.Lock()

    async def publish() -> None:
        async with one_at_a_time:
            for key, value in projects.changed():
                await kpis.send(key=key, value=value)

    @app.timer(SECONDS_PER_KPI)
    async def every_second() -> None:
        await publish()

    @app.agent(events)
    async def fold(stream: faust.StreamT[bytes]) -> None:
        async for raw in stream:
            event = event_of(raw)
            if event is not None:
                projects.take(event)
            if tally.count(event):
                await publish()
                await app.producer.flush()
                tally.write()
                os.kill(os.getpid(), signal.SIGTERM)

    return app


def main(job: Job, *, tables: bool) -> None:
    faust.Worker(application(job, tables=tables), loglevel="ERROR").execute_from_commandline()


if __name__ == "__main__":
    main(Job.from_command_line(), tables=sys.argv[2:] == ["tables"])
