"""Numbers whose text says more than a double can hold: they are taken as written, so that large amounts stay exact.

A double tells neighbours of 10⁻⁶ apart up to 2³²; below that its shortest text is the number that was written.
"""

import json
from typing import Any, Final

__all__ = ["LARGE", "Written", "as_written"]

LARGE: Final = 2.0**32
_DIGITS_OF_DOUBLE = 15


class Written(float):
    """A double that remembers the text that it was read from; `repr` is that text."""

    __slots__ = ("text",)
    text: str

    def __repr__(self) -> str:
        return self.text


def as_written(raw: bytes, data: dict[str, Any]) -> dict[str, Any]:
    """The data of an accepted event, with `Written` where the text has more digits than a double."""
    # The event was decoded by schemas.codec; only the hooks of this parser see the digits.
    exact = json.loads(raw, parse_float=_number, parse_int=_number)["data"]  # noqa: TID251
    taken: dict[str, Any] = _taken(data, exact)
    return taken


def _number(text: str) -> float:
    if sum(char.isdigit() for char in text) <= _DIGITS_OF_DOUBLE:
        return float(text)
    number = Written(text)
    number.text = text
    return number


def _taken(value: Any, exact: Any) -> Any:
    """`value` as validated, with the numbers of `exact`, which has the same shape."""
    if value.__class__ is float:
        return exact if exact.__class__ is Written else value
    if isinstance(value, dict):
        return {name: _taken(member, exact[name]) for name, member in value.items()}
    if isinstance(value, list):
        return [_taken(member, other) for member, other in zip(value, exact, strict=True)]
    return value
