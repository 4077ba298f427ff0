"""Days and instants as command line arguments."""

from datetime import date, datetime
from typing import Any

import click

__all__ = ["DAY", "INSTANT"]


class _Day(click.ParamType):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """`2024-02-17` → date."""
        try:
            return value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day; write YYYY-MM-DD", param, ctx)


class _Instant(click.ParamType):
    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """`2024-02-17T23:59:59+08:00` → aware datetime."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not an instant; write 2024-02-17T23:59:59+08:00", param, ctx)
        if instant.tzinfo is None:
            whole = value if len(value) > len("2024-02-17") else f"{value}T23:59:59"
            self.fail(f"{value!r} has no offset; write for example {whole}+08:00", param, ctx)
        return instant


DAY = _Day()
INSTANT = _Instant()
