"""The options that every command takes, before or after its name, and what a command is given for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import click

from milepost.environment import SourcedSettings, option_name, read_environment, settings_from, variable_name
from milepost.render import FORMATS
from schemas.settings import Settings

__all__ = ["Call", "SharedOptionsCommand", "command", "shared_options"]

_OUTPUT = ("format", "verbose")


@dataclass(frozen=True)
class Call:
    """One call of a command: its settings and how it is to speak."""

    sourced: SourcedSettings
    output_format: str | None
    verbose: bool

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.sourced.settings

    @property
    def as_json(self) -> bool:
        """Whether output is for programs."""
        return self.output_format == "json"


def shared_options() -> list[click.Option]:
    """Every setting as an option, and the two that say how to speak."""
    settings = [
        click.Option(
            [option_name(name)], metavar="VALUE", help=f"{field.description}  [{variable_name(name)}]"
        )
        for name, field in Settings.model_fields.items()
    ]
    output = click.Option(["--format"], type=click.Choice(FORMATS), help="How to print data")
    verbose = click.Option(
        ["--verbose", "-v"], is_flag=True, help="Log progress; show where an error comes from"
    )
    return [*settings, output, verbose]


class SharedOptionsCommand(click.Command):
    """A command that also takes the shared options and gets a `Call` as its first argument."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(shared_options())

    def invoke(self, ctx: click.Context) -> Any:
        """Take the shared options out of the parameters and hand them over as one `Call`."""
        before = ctx.parent.params if ctx.parent else {}
        given = {
            option.name: _given(option.name, ctx.params, before) for option in shared_options() if option.name
        }
        output_format, verbose = (given.pop(name) for name in _OUTPUT)
        sourced = settings_from(given, read_environment())
        ctx.params["call"] = Call(sourced, output_format, bool(verbose))
        return super().invoke(ctx)


def _given(name: str, after: dict[str, Any], before: Mapping[str, Any]) -> Any:
    return after.pop(name) or before.get(name)


def command(*parameters: Callable[[Any], Any]) -> Callable[[Callable[..., int | None]], SharedOptionsCommand]:
    """Make a command of a function `(call, …) -> exit status`; None is 0. `parameters` are click's decorators."""

    def make(function: Callable[..., int | None]) -> SharedOptionsCommand:
        decorated: Any = function
        for parameter in reversed(parameters):
            decorated = parameter(decorated)
        return click.command(cls=SharedOptionsCommand)(decorated)

    return make
