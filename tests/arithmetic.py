"""Exact arithmetic over named figures: `{:done} / {other:total} * 100`, read by Python's own parser, never run as Python."""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

__all__ = ["value_of"]

_NAME = re.compile(r"\{([^{}]*)\}")
_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def value_of(expression: str, figure: Callable[[str], Fraction]) -> Fraction:
    """The value of an expression; `figure` knows what stands in braces, `year(…)` takes the year of a day."""
    names: list[str] = []

    def placed(found: re.Match[str]) -> str:
        names.append(found[1])
        return f"figure[{len(names) - 1}]"

    return _value(ast.parse(_NAME.sub(placed, expression), mode="eval").body, lambda at: figure(names[at]))


def _value(node: ast.expr, figure: Callable[[int], Fraction]) -> Fraction:
    match node:
        case ast.Constant(value=int() | float()):
            return Fraction(str(node.value))
        case ast.Subscript(slice=ast.Constant(value=int() as at)):
            return figure(at)
        case ast.BinOp(left, kind, right):
            return _OPERATORS[type(kind)](_value(left, figure), _value(right, figure))
        case ast.Call(func=ast.Name(id="year"), args=[day]):
            return Fraction(date.fromordinal(int(_value(day, figure))).year)
    raise ValueError(f"not arithmetic: {ast.dump(node)}")
