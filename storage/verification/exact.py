"""The arithmetic that DuckDB lacks: sums, products and quotients of any size without loss.

SQL writes down what is to be computed, as words in postfix order (`3 4 + 2 /`); this module works it out. It knows
nothing of KPIs and shares nothing with the arithmetic of the streams. A number is a text `n` or `n/d` in lowest terms.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import Final

__all__ = ["work_out"]

Number = tuple[int, int]
"""Numerator and denominator, which is above 0."""

_AMOUNT_PLACES: Final = 6
_RATE_PLACES: Final = 12
_DECIMAL_LIMIT: Final = 10**38
_SHORT_TEXT_HOLDS: Final = 2.0**32
"""Up to here a double tells neighbours of 10⁻⁶ apart, and its shortest text is the number that was written."""
_DAYS_MAX: Final = 10**8


class _NoNumberError(Exception):
    """A division by zero, or digits that a DECIMAL(38, 12) does not hold."""


def work_out(words: str) -> str | None:
    """What the words come to; None for a division by zero. Amounts and rates are rounded half to even, as they are read."""
    stack: list[str | Number] = []
    try:
        for word in words.split(" "):
            operator = _OPERATORS.get(word)
            if operator is None:
                stack.append(word)
            else:
                operator(stack)
    except _NoNumberError:
        return None
    (result,) = stack
    return result if isinstance(result, str) else _text(result)


@lru_cache(maxsize=65536)
def _read(text: str) -> Number:
    top, _, bottom = text.partition("/")
    return int(top), int(bottom) if bottom else 1


def _pop(stack: list[str | Number]) -> Number:
    top = stack.pop()
    return _read(top) if isinstance(top, str) else top


def _text(number: Number) -> str:
    top, bottom = number
    return str(top) if bottom == 1 else f"{top}/{bottom}"


def _lowest(top: int, bottom: int) -> Number:
    shared = gcd(top, bottom) if bottom != 1 else 1
    return (top // shared, bottom // shared) if shared != 1 else (top, bottom)


def _half_even(top: int, bottom: int) -> int:
    whole, rest = divmod(top, bottom)
    return whole + (2 * rest > bottom or (2 * rest == bottom and whole % 2 == 1))


# -- numbers as they stand in events: text and factor → rounded amount or rate -----------------------------------------


@lru_cache(maxsize=65536)
def _rounded(text: str, factor: Number, places: int) -> Number:
    size = float(text)
    written = Fraction(Decimal(text) if abs(size) >= _SHORT_TEXT_HOLDS else Decimal(repr(size)))
    number = written * Fraction(*factor) * 10**places
    return _lowest(_half_even(number.numerator, number.denominator), 10**places)


def _amount(stack: list[str | Number]) -> None:
    factor = _pop(stack)
    stack.append(_rounded(str(stack.pop()), factor, _AMOUNT_PLACES))


def _rate(stack: list[str | Number]) -> None:
    factor = _pop(stack)
    stack.append(_rounded(str(stack.pop()), factor, _RATE_PLACES))


# -- arithmetic ------------------------------------------------------------------------------------------------------


def _plus(left: Number, right: Number) -> Number:
    (a, b), (c, d) = left, right
    return _lowest(a + c, b) if b == d else _lowest(a * d + c * b, b * d)


def _add(stack: list[str | Number]) -> None:
    right = _pop(stack)
    stack.append(_plus(_pop(stack), right))


def _subtract(stack: list[str | Number]) -> None:
    top, bottom = _pop(stack)
    stack.append(_plus(_pop(stack), (-top, bottom)))


def _multiply(stack: list[str | Number]) -> None:
    (c, d), (a, b) = _pop(stack), _pop(stack)
    stack.append(_lowest(a * c, b * d))


def _divide(stack: list[str | Number]) -> None:
    (c, d), (a, b) = _pop(stack), _pop(stack)
    if c == 0:
        raise _NoNumberError
    stack.append(_lowest(a * d, b * c) if c > 0 else _lowest(-a * d, -b * c))


def _sum(stack: list[str | Number]) -> None:
    """`… count sum`: the sum of so many numbers before it."""
    count, _ = _pop(stack)
    total: Number = (0, 1)
    for _ in range(count):
        total = _plus(total, _pop(stack))
    stack.append(total)


def _compare(stack: list[str | Number]) -> None:
    """−1, 0 or 1: how the first stands to the second."""
    _subtract(stack)
    top, _ = _pop(stack)
    stack.append(((top > 0) - (top < 0), 1))


# -- what stands in a row ----------------------------------------------------------------------------------------------


def _double(stack: list[str | Number]) -> None:
    top, bottom = _pop(stack)
    stack.append(repr(top / bottom))


def _decimal(stack: list[str | Number]) -> None:
    top, bottom = _pop(stack)
    pico = _half_even(top * 10**_RATE_PLACES, bottom)
    if abs(pico) >= _DECIMAL_LIMIT:
        raise _NoNumberError
    digits = f"{abs(pico):013d}"
    stack.append(f"{'-' if pico < 0 else ''}{digits[:-_RATE_PLACES]}.{digits[-_RATE_PLACES:]}")


def _ceiling(stack: list[str | Number]) -> None:
    """Whole days that hold so many; beyond any calendar it makes no difference how far."""
    top, bottom = _pop(stack)
    stack.append((max(-_DAYS_MAX, min(_DAYS_MAX, -(-top // bottom))), 1))


_OPERATORS: Final[dict[str, Callable[[list[str | Number]], None]]] = {
    "amount": _amount,
    "rate": _rate,
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "sum": _sum,
    "?": _compare,
    "double": _double,
    "decimal": _decimal,
    "ceiling": _ceiling,
}
