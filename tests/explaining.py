"""Whether an explanation is enough and true: values from the statements named alone, and formulas from their inputs."""

import ast
import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from streams.core.evaluation import evaluate
from streams.core.explain.explanation import DECLARED, Explanation, explain_day
from streams.core.explain.inputs import Input
from streams.core.history import gone
from streams.core.project import Project
from streams.core.statements import Key, Statement
from streams.core.values import Value
from tests.builders import ZONE

__all__ = ["Recomputed", "calculated", "explanations", "project_of"]

_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def project_of(statements: Iterable[Statement], project_id: str = "p1") -> Project:
    """A project of some statements."""
    project = Project(project_id, ZONE)
    for statement in statements:
        project.fold(statement)
    return project


def explanations(project: Project, day: int) -> list[Explanation]:
    """Explanations of all values of a day."""
    return [each for kpi in DECLARED for each in explain_day(project, day, kpi)]


class Recomputed:
    """Values of the statements named alone; what is named by several values is folded once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, frozenset[Key]], tuple[int, list[Value]]] = {}

    def value(self, explanation: Explanation) -> Value:
        """The value of the same KPI, scope and day; the row of one that is gone where nothing tells of its scope."""
        keys = (explanation.day, frozenset(each.key for each in explanation.statements))
        if keys not in self._known:
            self._known[keys] = evaluate(project_of(explanation.statements), explanation.day)
        baseline, values = self._known[keys]
        value = explanation.value
        found = [each for each in values if (each.kpi, each.scope) == (value.kpi, value.scope)]
        return found[0] if found else gone(value, baseline)


def calculated(names: str, inputs: Iterable[Input], *, percent: bool) -> Fraction:
    """What a formula in names gives with the numbers of the inputs; dates are days.

    Raises LookupError for a name that no input has.
    """
    numbers: dict[str, Fraction] = {}
    text = names.replace("−", "-").replace("×", "*")
    for each in sorted(inputs, key=lambda each: -len(each.name)):
        name = each.name.replace("−", "-").replace("×", "*")
        if each.value is not None and name in text:
            numbers[f"v{len(numbers)}"] = _number(each.value)
            text = text.replace(name, f" v{len(numbers) - 1} ")
    result = _evaluated(ast.parse(text.strip(), mode="eval").body, numbers)
    return 100 * result if percent and "/" in names else result


def _number(value: float | date) -> Fraction:
    return Fraction(value.toordinal() if isinstance(value, date) else value)


def _evaluated(node: ast.expr, numbers: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.BinOp(left, operation, right):
            return _OPERATORS[type(operation)](_evaluated(left, numbers), _evaluated(right, numbers))
        case ast.Call(ast.Name("max"), arguments):
            return max(_evaluated(argument, numbers) for argument in arguments)
        case ast.Name(name):
            return numbers[name]
        case ast.Constant(int(number)):
            return Fraction(number)
    raise LookupError(ast.dump(node))
