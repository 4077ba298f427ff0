"""`milepost explain PROJECT KPI`: why a value is what it is, down to the statements that it rests on."""

import sys
from datetime import date, datetime

import click

from milepost.explain_text import write_explanation
from milepost.explain_words import LANGUAGES, Language
from milepost.explaining import Question, explained, object_of
from milepost.moments import DAY, INSTANT
from milepost.near_names import near
from milepost.project_records import open_project
from milepost.render import json_text
from milepost.shared_options import Call, command
from schemas.catalog import KPIS
from schemas.errors import UsageError

__all__ = ["explain"]

_ALL = '`milepost query "FROM kpi_catalog"` lists them'


@command(
    click.argument("project"),
    click.argument("kpi"),
    click.option(
        "--scope", default="", help="Milestone, item, line, district or series; default: the project"
    ),
    click.option("--as-of", type=DAY, help="Value of this day; default: the status date"),
    click.option("--known-at", type=INSTANT, help="As known at this moment, RFC 3339 with offset"),
    click.option(
        "--since", type=INSTANT, help="Say what has changed since this moment, and by which statements"
    ),
    click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="Language of the text"),
)
def explain(
    call: Call,
    *,
    project: str,
    kpi: str,
    scope: str,
    as_of: date | None,
    known_at: datetime | None,
    since: datetime | None,
    lang: Language,
) -> None:
    """The formula with the numbers filled in, its inputs, the statements behind them, and what was superseded.

    It is folded from the project's journal, exact to the record.
    """
    if kpi not in KPIS:
        raise UsageError(f"no KPI {kpi!r}; {near(kpi, KPIS, _ALL)}")
    if call.output_format == "csv":
        raise UsageError("an explanation is no table; use --format json")
    asked = Question(project, kpi, scope, as_of, known_at, since)
    with open_project(call, project) as records:
        answer = explained(records, asked)
    if call.as_json:
        print(json_text(object_of(answer)))
    else:
        write_explanation(sys.stdout, answer, lang)
