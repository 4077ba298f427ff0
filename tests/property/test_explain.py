"""What `explain` names is enough: the statements named give the same value again, and the inputs give it by the formula."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.acceptance import accept
from schemas.catalog import KPIS
from schemas.rejections import Rejected
from streams.core.evaluation import evaluate
from streams.core.explain.explanation import Explanation
from streams.core.finish import finished_since
from streams.core.project import Project
from streams.core.statements import Statement, statement_of
from tests.builders import RECORDED_AT_US, START, ZONE
from tests.explaining import Recomputed, calculated, explanations, project_of
from tests.feeds import FOCI
from tests.messes import Mess, some_statement

SIZES: Final = (2, 8, 20, 40, 80)
BUSY: Final = (4, 8, 12)
EXACTNESS: Final = 1e-9
MESSES: Final = 120
TURNED: Final = {"done": "reopened", "reopened": "done", "withdrawn": "done"}
"""Of tasks; projects are completed."""


def statements_of(records: Iterable[bytes]) -> Iterator[Statement]:
    for offset, raw in enumerate(records):
        try:
            yield statement_of(accept(raw, (), RECORDED_AT_US, ZONE), raw, offset)
        except Rejected:
            continue


def messy_project(kinds: tuple[str, ...], busy: int, seeds: Iterable[int]) -> Project:
    mess = Mess(projects=("p1",), kinds=kinds, busy=busy)
    return project_of(statements_of(some_statement(Random(seed), mess) for seed in seeds))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """One project of a mess."""
    size = draw(st.sampled_from(SIZES))
    seeds = draw(st.lists(st.integers(0, 99_999), min_size=size, max_size=size))
    return messy_project(draw(st.sampled_from(FOCI)), draw(st.sampled_from(BUSY)), seeds)


def days() -> st.SearchStrategy[int]:
    offsets = st.one_of(st.integers(-6, 14), st.integers(-6, 70), st.just(366))
    return offsets.map(lambda offset: START.toordinal() + offset)


@settings(max_examples=80)
@given(projects(), days())
def test_the_statements_named_give_the_same_value_again(project: Project, day: int) -> None:
    recomputed = Recomputed()
    for explanation in explanations(project, day):
        assert recomputed.value(explanation) == explanation.value, explanation.formula


@settings(max_examples=60)
@given(projects(), days())
def test_the_inputs_give_the_value_by_the_formula(project: Project, day: int) -> None:
    for explanation in explanations(project, day):
        if explanation.value.value is not None:
            assert is_calculated(explanation), explanation.formula


def is_calculated(explanation: Explanation) -> bool:
    value, inputs = explanation.value, explanation.inputs
    result = calculated(explanation.names, inputs, percent=KPIS[value.kpi].unit == "%")
    if value.value_date is not None:
        result -= explanation.day
    numbers = [abs(each.value) for each in inputs if isinstance(each.value, int | float)]
    size = max([1.0, abs(value.value or 0), *numbers])
    return abs(float(result) - (value.value or 0)) <= EXACTNESS * size


def test_what_is_named_matters_somewhere() -> None:
    """Of every type that an input ever rests on, some statement changes the value when it is left out or says something else."""
    named: set[tuple[str, str]] = set()
    proven: set[tuple[str, str]] = set()
    for explanation in numbers_of_messes(MESSES):
        for statement in {each for one in explanation.inputs for each in one.statements}:
            role = (explanation.value.kpi, statement.key[0])
            named.add(role)
            if role not in proven and matters(explanation, statement):
                proven.add(role)
    assert named - proven == set()


def numbers_of_messes(count: int) -> Iterator[Explanation]:
    """Explanations of the numbers of some messes, without nulls and zeros; what is finished has several reasons to be so."""
    for seed in range(count):
        chance = Random(seed)
        project = messy_project(chance.choice(FOCI), 8, [chance.randrange(99_999) for _ in range(30)])
        day = START.toordinal() + chance.randrange(1, 30)
        if finished_since(project, day) is None:
            yield from (each for each in explanations(project, day) if each.value.value)


def matters(explanation: Explanation, statement: Statement) -> bool:
    others = [each for each in explanation.statements if each is not statement]
    place = (explanation.value.kpi, explanation.value.scope)
    for instead in ([], *changes(statement)):
        values = evaluate(project_of([*others, *instead]), explanation.day)[1]
        if {(each.kpi, each.scope): each for each in values}.get(place) != explanation.value:
            return True
    return False


def changes(statement: Statement) -> Iterator[list[Statement]]:
    """The statement with another number, without a section of its plan, or with the status turned."""
    for field, said in statement.data.items():
        if isinstance(said, float):
            yield [saying(statement, field, said + 1)]
            yield [saying(statement, field, said + 1e9)]
        elif isinstance(said, list | dict):
            yield [saying(statement, field, None)]
        elif field == "status":
            yield [saying(statement, field, TURNED.get(said, "completed"))]


def saying(statement: Statement, field: str, said: Any) -> Statement:
    data = {**statement.data, field: said}
    return Statement(statement.key, statement.order, statement.raw, data, statement.offset)
