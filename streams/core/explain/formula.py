"""A formula with the numbers filled in."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal

from streams.core.explain.inputs import Input, Number
from streams.core.render import day_text
from streams.core.values import Value

__all__ = ["filled_in", "number_text", "worked_out"]

_PLACES = Decimal("0.000001")
_DISPLAY = Context(prec=60, rounding=ROUND_HALF_UP)


def filled_in(formula: str, inputs: Sequence[Input]) -> str:
    """The formula with each name replaced by its number; a name without a number stays."""
    texts = {each.name: text for each in inputs if (text := _text(each.value)) is not None}
    if not texts:
        return formula
    names = sorted(texts, key=len, reverse=True)
    pattern = "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names)
    return re.sub(pattern, lambda found: texts[found.group()], formula)


def worked_out(formula: str, names: str, inputs: Sequence[Input], value: Value) -> str:
    """`EV / PV = 45 / 50 = 0.9`: the formula, the same with numbers, the value with its unit."""
    steps = [formula, filled_in(names, inputs), _result(value)]
    return " = ".join(step for step, before in zip(steps, ["", *steps], strict=False) if step != before)


def number_text(number: Number) -> str:
    """A number with at most six decimals, half up; what is smaller than that with an exponent."""
    rounded = Decimal(str(number)).quantize(_PLACES, context=_DISPLAY)
    if not rounded:
        return f"{number:.3g}"
    text = format(rounded, "f")
    return text.rstrip("0").rstrip(".")


def _text(value: Number | date | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, date):
        return value.isoformat()
    text = number_text(value)
    return f"({text})" if text.startswith("-") else text


def _result(value: Value) -> str:
    if value.value_date is not None:
        return day_text(value.value_date)
    if value.value is None:
        return f"null ({value.reason})"
    unit = "" if value.unit == "1" else f" {value.unit}"
    return f"{number_text(value.value)}{unit}"
