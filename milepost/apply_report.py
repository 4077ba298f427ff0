"""What an `apply` did or refuses to do, in words and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from milepost.applying import Action, Decision
from milepost.applying_statements import StatementDecision
from schemas.errors import UsageError

__all__ = ["as_json", "as_text", "refuse"]

_SHOWN_MAX: Final = 5
_FIELDS_SHOWN_MAX: Final = 6
_ADVICE: Final = "--revise corrects what stands, --baseline makes it the next baseline"
_PLANS_COUNTED: Final[dict[Action, str]] = {
    Action.PUBLISHED: "published",
    Action.UNCHANGED: "unchanged",
    Action.REVISED: "revised",
    Action.NEW_BASELINE: "new_baselines",
}
_STATEMENTS_COUNTED: Final[dict[Action, str]] = {
    Action.PUBLISHED: "published",
    Action.UNCHANGED: "unchanged",
    Action.REVISED: "revised",
    Action.LEFT: "left",
}


def refuse(plans: Sequence[Decision], statements: Sequence[StatementDecision]) -> None:
    """Raises UsageError when something is refused, in one line that names the first of it and what to do."""
    refused = [decision for decision in plans if decision.action is Action.REFUSED]
    reasons = [_reason(decision) for decision in refused]
    reasons += [_statement_reason(decision) for decision in statements if decision.action is Action.REFUSED]
    if not reasons:
        return
    more = len(reasons) - _SHOWN_MAX
    named = [*reasons[:_SHOWN_MAX], f"and {more} more"] if more > 0 else reasons
    advice = "" if any(decision.problem for decision in refused) else f"; {_ADVICE}"
    what = "another plan" if refused else "another statement"
    raise UsageError(f"nothing was published, {what} stands: {'; '.join(named)}{advice}")


def _reason(decision: Decision) -> str:
    differing = f"{decision.project.project_id} differs in {_fields(decision.changed)}"
    return f"{differing} ({decision.problem})" if decision.problem else differing


def _statement_reason(decision: StatementDecision) -> str:
    said = decision.statement
    return (
        f"{decision.project_id} {said.kind} ({said.file}:{said.line}) differs in {_fields(decision.changed)}"
    )


def _fields(changed: Sequence[str]) -> str:
    shown = ", ".join(changed[:_FIELDS_SHOWN_MAX])
    more = len(changed) - _FIELDS_SHOWN_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def as_text(plans: Sequence[Decision], statements: Sequence[StatementDecision]) -> str:
    """A line per project, one for the statements if there are any, and the counts of the plans."""
    lines = [_line(decision) for decision in plans]
    if statements:
        lines.append(f"statements: {_said(_counts(statements, _STATEMENTS_COUNTED))}")
    return "\n".join([*lines, _said(_counts(plans, _PLANS_COUNTED))])


def _line(decision: Decision) -> str:
    place = f"{decision.action:12}  {decision.project.project_id}  baseline {decision.baseline}"
    revision = f" revision {decision.revision}" if decision.revision else ""
    return f"{place}{revision}" + (f": {_fields(decision.changed)}" if decision.changed else "")


def _said(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())


def _counts(decisions: Iterable[Decision | StatementDecision], names: dict[Action, str]) -> dict[str, int]:
    found = Counter(decision.action for decision in decisions)
    return {name: found[action] for action, name in names.items()}


def as_json(plans: Sequence[Decision], statements: Sequence[StatementDecision]) -> str:
    """One object: the counts of the plans, those of the statements, and what became of each project."""
    report = {
        **_counts(plans, _PLANS_COUNTED),
        "statements": _counts(statements, _STATEMENTS_COUNTED),
        "projects": list(_projects(plans)),
    }
    return json.dumps(report, ensure_ascii=False)


def _projects(plans: Iterable[Decision]) -> Iterator[dict[str, object]]:
    for decision in plans:
        yield {
            "project_id": decision.project.project_id,
            "action": decision.action.replace(" ", "_"),
            "baseline": decision.baseline,
            "revision": decision.revision,
            "changed": list(decision.changed),
        }
