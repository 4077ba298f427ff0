"""The worker inside one of our threads: builds the Faust application and runs it until stopped or until all is folded."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import click

from eventlog.kafka_connection import servers_of
from milepost.environment import SourcedSettings, read_environment, settings_from
from milepost.exit_codes import exit_code_of, one_line, report
from milepost.folders import FolderPlan
from milepost.locks import worker_lock
from milepost.wiring import catalog_of, is_embedded, topics_of
from schemas.errors import MilepostError
from schemas.settings import Settings
from streams.app import WorkerApp, create_app
from streams.broker import Broker
from streams.core.rules import RuleSet
from streams.faust_command import end_with
from streams.kafka_credentials import credentials_of
from streams.runner import StopSignal, fold_until, running

__all__ = ["broker_of", "create_worker_app", "fold", "worker_app"]

OnProgress = Callable[[Mapping[int, int]], None]
"""Hears the next offset of each partition."""


def fold(
    sourced: SourcedSettings,
    stop: StopSignal,
    *,
    live: bool = True,
    ends: Mapping[int, int] | None = None,
    on_progress: OnProgress | None = None,
) -> bool:
    """Run a worker until `stop` is set or every partition is folded up to its end. The caller holds the worker's lock."""
    return asyncio.run(_fold(worker_app(sourced, live=live), stop, ends, on_progress))


async def _fold(
    app: WorkerApp, stop: StopSignal, ends: Mapping[int, int] | None, on_progress: OnProgress | None
) -> bool:
    async with running(app) as folder:
        return await fold_until(folder, ends, stop, on_progress)


def create_worker_app() -> WorkerApp:
    """The application of `faust -A streams.app worker`: settings from the environment, the lock taken when it starts."""
    try:
        sourced = settings_from({}, read_environment())
        app = worker_app(sourced, lock=worker_lock(sourced.settings))
    except MilepostError as error:
        raise _Refused(error) from error
    return end_with(_report, app)


class _Refused(click.ClickException):
    """An error before there is an application, for the command line of Faust."""

    def __init__(self, error: MilepostError) -> None:
        super().__init__(one_line(error))
        self.exit_code = exit_code_of(error)


def _report(error: Exception, verbose: bool) -> int:  # noqa: FBT001 - as `streams.faust_command` calls it
    report(error, verbose=verbose)
    return exit_code_of(error)


def worker_app(
    sourced: SourcedSettings, *, live: bool = True, lock: AbstractContextManager[object] | None = None
) -> WorkerApp:
    """A worker for these settings; with `lock` it holds that lock while it runs."""
    settings = sourced.settings
    broker = broker_of(settings)
    plan = FolderPlan(sourced, broker, topics_of(settings), RuleSet(catalog_of(settings).rules), live, lock)
    return create_app(broker, plan.topics, plan.open_folder)


def broker_of(settings: Settings) -> Broker:
    """The log as Faust names it. Raises SettingsError."""
    if is_embedded(settings):
        return Broker.embedded(settings.log_file)
    servers = [str(server) for server in servers_of(settings.log)]
    return Broker.kafka(servers, credentials_of(settings.kafka))
