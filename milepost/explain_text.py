"""Shows an explanation to people: the formula with its numbers, inputs, statements, what was superseded, what has changed."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final, TextIO

from milepost.explain_words import REASONS, WORDS, Language
from milepost.explaining import Change, Explained
from milepost.render import console_for, plain_text, write_table
from schemas.catalog import KPIS
from schemas.events import RETRACTION_TYPE
from schemas.keys import KEY_FIELDS
from streams.core.explain.formula import number_text
from streams.core.project import BASELINED, day_of
from streams.core.statements import Statement

__all__ = ["write_explanation"]

_NOT_SAID: Final = frozenset({"revision", "note", "type"})
_OF_A_PLAN: Final = ("baseline", "name", "start", "finish")
_PREFIX, _SUFFIX = "milepost.", ".v1"


def write_explanation(out: TextIO, answer: Explained, language: Language) -> None:
    """Everything, from the value down to the statements."""
    page = _Page(out, answer, language)
    page.head()
    page.inputs()
    page.statements()
    page.superseded()
    page.change()


class _Page:
    """One explanation on its way to a terminal or a pipe."""

    def __init__(self, out: TextIO, answer: Explained, language: Language) -> None:
        self._out, self._answer, self._language = out, answer, language
        self._numbers = {id(each): number for number, each in enumerate(answer.explanation.statements, 1)}

    def _word(self, name: str) -> str:
        return WORDS[name][self._language]

    def _say(self, text: str) -> None:
        console_for(self._out).print(text, highlight=False)

    def head(self) -> None:
        """The value, the formula, and the reason in words."""
        row = self._answer.row
        kpi = KPIS[row["kpi"]]
        name = kpi.name_zh if self._language == "zh" else kpi.name
        where = " ".join(plain_text(text) for text in (row["project_id"], row["scope"]) if text)
        since = (
            f"{self._word('known_at')} {row['known_at'].isoformat()}"
            if row["known_at"]
            else self._word("not_cut")
        )
        self._say(f"{name} ({kpi.kpi})  {where}")
        self._say(
            f"{self._word('as_of')} {row['as_of']}, {since}, {self._word('baseline')} {row['baseline']}"
        )
        self._say(f"\n{self._word('formula')}: {self._answer.explanation.formula}")
        self._say(f"{self._word('source')}: {kpi.source}")
        if row["reason"] is not None:
            self._say(f"{self._word('why_null')}: {row['reason']}. {REASONS[row['reason']][self._language]}")

    def inputs(self) -> None:
        """Inputs, each with the numbers of the statements that it rests on."""
        rows = [
            (
                each.name,
                _shown(each.value),
                each.unit,
                _ranges(sorted(self._numbers[id(said)] for said in each.statements)),
            )
            for each in self._answer.explanation.inputs
        ]
        self._table("inputs", ("name", "value", "unit", "rests_on"), rows)

    def statements(self) -> None:
        """The statements, numbered."""
        said = self._answer.explanation.statements
        if not said:
            self._say(f"\n{self._word('no_statements')}")
            return
        rows = [(str(self._numbers[id(each)]), *self._cells(each)) for each in said]
        self._table("statements", ("number", *_COLUMNS), rows)

    def superseded(self) -> None:
        """What lost, with what stands in its place."""
        lost = self._answer.superseded
        standing = self._answer.known.project.slots
        rows = [
            (*self._cells(each), _named(standing[each.key]))
            for each in lost
            if each is not standing[each.key]
        ]
        if rows:
            self._table("superseded", (*_COLUMNS, "by"), rows)

    def change(self) -> None:
        """What the value was at an earlier moment, and what was stated since."""
        change = self._answer.change
        if change is None:
            return
        self._say(f"\n{self._word('since')} {change.since.isoformat()}: {self._moved(change)}")
        if change.statements:
            self._table("changed_by", _COLUMNS, [self._cells(each) for each in change.statements])
        else:
            self._say(self._word("nothing_since"))

    def _moved(self, change: Change) -> str:
        now = _told(self._answer.row)
        if change.before is None:
            return f"{self._word('unknown_then')}, {self._word('is')} {now}"
        then = _told(change.before)
        return (
            f"{then}, {self._word('unchanged')}"
            if then == now
            else f"{self._word('was')} {then}, {self._word('is')} {now}"
        )

    def _cells(self, statement: Statement) -> tuple[str, ...]:
        day = day_of(statement.key, self._answer.known.project.zone)
        kind = RETRACTION_TYPE if statement.retracts else statement.key[0]
        return (
            "" if day is None else str(date.fromordinal(day)),
            kind.removeprefix(_PREFIX).removesuffix(_SUFFIX),
            statement.source,
            statement.id,
            str(statement.order[0]),
            _said(statement),
        )

    def _table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self._say("")
        write_table(self._out, [self._word(column) for column in columns], rows, title=self._word(title))


_COLUMNS: Final = ("day", "type", "event_source", "id", "revision", "said")


def _named(statement: Statement) -> str:
    return f"{statement.source} {statement.id}"


def _said(statement: Statement) -> str:
    """What a statement says besides its day; of a plan only what it is called."""
    data, kind = statement.data, statement.key[0]
    if statement.retracts:
        return ", ".join(
            f"{field} {plain_text(data[field])}" for field in KEY_FIELDS[kind] if data.get(field) is not None
        )
    shown = (
        _OF_A_PLAN
        if kind == BASELINED
        else [field for field in data if field not in _NOT_SAID and field != "as_of"]
    )
    return ", ".join(f"{field} {_shown(data[field])}" for field in shown if field in data)


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return plain_text(value)


def _told(row: dict[str, Any]) -> str:
    """A value with its unit, or the reason why there is none."""
    if row["value_date"] is not None:
        return str(row["value_date"])
    if row["value"] is None:
        return f"null ({row['reason']})"
    return f"{number_text(row['value'])} {row['unit']}".removesuffix(" 1")


def _ranges(numbers: Sequence[int]) -> str:
    """`1, 3–5` of 1, 3, 4, 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs)
