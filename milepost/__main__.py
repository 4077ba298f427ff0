"""`milepost COMMAND …`, the same as `python -m milepost COMMAND …`."""

import importlib
import logging
import os
import signal
import sys
from typing import NoReturn, TextIO

import click

from milepost.commands import COMMANDS, SERVICES
from milepost.exit_codes import DONE, exit_code_of, report
from milepost.shared_options import shared_options

__all__ = ["cli", "main"]


class LazyCommands(click.Group):
    """Loads the module of a command when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command and give it its summary."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"milepost.commands.{cmd_name}")
        found: click.Command = getattr(module, cmd_name)
        found.help = f"{COMMANDS[cmd_name]}\n\n{found.help or ''}"
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def cli() -> click.Group:
    """The whole command line."""
    return LazyCommands(
        name="milepost",
        params=list(shared_options()),
        help="Monitor of industrial project progress. Options may stand before or after the command.",
        context_settings={"help_option_names": ["-h", "--help"]},
        callback=lambda **_: None,
    )


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        _speak_utf8(stream)
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # a shell starts what it puts into the background deaf to SIGINT
        signal.signal(number, signal.default_int_handler)
    verbose = "--verbose" in words or "-v" in words
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    sys.exit(_exit_status(words, verbose=verbose))


def _exit_status(words: list[str], *, verbose: bool) -> int:
    try:
        status = _run(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough. Nothing more can be written, not even by the interpreter's last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the last place that can turn an error into one clear line
        if isinstance(error, KeyboardInterrupt) and not SERVICES.isdisjoint(words):
            return DONE  # a service that is stopped before it was ready has stopped all the same
        report(error, verbose=verbose)
        return exit_code_of(error)
    return status or DONE


def _run(words: list[str]) -> int | None:
    """What click's own `main` does, but for the empty line that it writes before it tells of an interruption."""
    commands = cli()
    try:
        with commands.make_context("milepost", list(words) or ["--help"]) as context:
            status: int | None = commands.invoke(context)
            return status
    except click.exceptions.Exit as ended:
        return ended.exit_code


def _speak_utf8(stream: TextIO) -> None:
    """Chinese names must come out whole whatever the locale says."""
    if (reconfigure := getattr(stream, "reconfigure", None)) is not None:
        reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
