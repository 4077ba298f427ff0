"""`faust … worker` with an end of our own: Faust's would be three tracebacks, and status 1 whatever it was."""

import logging
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import faust

from streams.app import WorkerApp
from streams.runner import crashes_told_once

__all__ = ["Report", "end_with"]

Report = Callable[[Exception, bool], int]
"""Tells what stopped a worker, at length or not, and answers the exit status."""


def end_with(report: Report, app: WorkerApp) -> WorkerApp:
    """The same application; when Faust's command runs it and something stops it, `report` has the last word."""

    class CommandWorker(faust.Worker):
        """Runs until a signal, or until something stops the application."""

        def execute_from_commandline(self) -> NoReturn:
            """The same; ends the process."""
            verbose = _is_verbose(self.loglevel)
            try:
                with crashes_told_once(verbose=verbose):
                    super().execute_from_commandline()
            except SystemExit as ended:
                if isinstance(ended.__context__, Exception):
                    sys.exit(report(ended.__context__, verbose))
                raise

    conf: Any = app.conf
    conf.Worker = CommandWorker
    return app


def _is_verbose(level: str | int | None) -> bool:
    number = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    return isinstance(number, int) and number <= logging.INFO
