"""Settings from the environment and from options. Nothing else reads the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from schemas.errors import SettingsError
from schemas.settings import Settings

__all__ = ["PREFIX", "SourcedSettings", "option_name", "read_environment", "settings_from", "variable_name"]

PREFIX = "MILEPOST_"


@dataclass(frozen=True, slots=True)
class SourcedSettings:
    """Settings and where each of them came from: `default`, the name of a variable or of an option."""

    settings: Settings
    sources: Mapping[str, str]
    unknown_variables: tuple[str, ...] = ()

    def chosen(self, name: str) -> bool:
        """Whether somebody asked for this value, so that it is more than a default."""
        return self.sources[name] != "default"

    def in_home(self, home: Path) -> Self:
        """The same settings with another home."""
        return replace(self, settings=self.settings.model_copy(update={"home": home}))


def variable_name(field: str) -> str:
    """`home` → `MILEPOST_HOME`."""
    return PREFIX + field.upper()


def option_name(field: str) -> str:
    """`topic_prefix` → `--topic-prefix`."""
    return "--" + field.replace("_", "-")


def read_environment() -> dict[str, str]:
    """The `MILEPOST_…` variables that are set; an empty one counts as not set."""
    return {name: value for name, value in os.environ.items() if name.startswith(PREFIX) and value}


def settings_from(options: Mapping[str, str | None], environment: Mapping[str, str]) -> SourcedSettings:
    """Build the settings: an option wins over a variable, a variable over the default. Raises SettingsError."""
    values: dict[str, str] = {}
    sources = dict.fromkeys(Settings.model_fields, "default")
    for field in Settings.model_fields:
        if (value := options.get(field)) is not None:
            values[field], sources[field] = value, option_name(field)
        elif (value := environment.get(variable_name(field))) is not None:
            values[field], sources[field] = value, variable_name(field)
    known = {variable_name(field) for field in Settings.model_fields}
    return SourcedSettings(_validated(values, sources), sources, tuple(sorted(set(environment) - known)))


def _validated(values: Mapping[str, str], sources: Mapping[str, str]) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0])
        problem = first["msg"].removeprefix("Value error, ")
        msg = f"{sources[field]} {values[field]!r}: {problem}"
        raise SettingsError(msg) from error
