"""Publishes a catalog into a log: the plans of its projects, and what was published about them. All of it, or nothing."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventlog.log import Entry, EventLog
from milepost.apply_report import refuse
from milepost.applying import SOURCE, Change, Decision, decide
from milepost.applying_statements import StatementDecision, decide_statement
from milepost.standing import standing_statements
from producers.catalog import Catalog, CatalogProject, CatalogStatement, baseline_event
from producers.catalog_statements import statement_event
from schemas.acceptance import local_day
from schemas.codec import decode, to_json
from schemas.events import BASELINE_TYPE
from streams.core.statements import KEYS, Key

__all__ = ["Decisions", "publish_catalog"]

Decisions = tuple[list[Decision], list[StatementDecision]]
"""What became of the plans, and of the statements."""


def publish_catalog(
    log: EventLog, topic: str, catalog: Catalog, change: Change, stated_at: datetime
) -> Decisions:
    """Append what does not stand yet; `stated_at` is when the plans are stated. Raises UsageError."""
    plans, statements = _decide(log, topic, catalog, change, stated_at)
    refuse(plans, statements)
    log.append([*_baselines(topic, plans, stated_at), *_statements(topic, statements)])
    return plans, statements


def _decide(log: EventLog, topic: str, catalog: Catalog, change: Change, stated_at: datetime) -> Decisions:
    said = {project.project_id: dict(_said(project)) for project in catalog.projects}
    standing = standing_statements(log, topic, said)
    today = local_day(stated_at, ZoneInfo(log.identity.timezone))
    plans, statements = [], []
    for project in catalog.projects:
        stands = standing.get(project.project_id, {})
        baselines = {key[1]: found for key, found in stands.items() if key[0] == BASELINE_TYPE}
        plans.append(decide(project, _plan(project, stated_at), baselines, change, today))
        statements += [
            decide_statement(project.project_id, statement, data, stands.get(key), change)
            for key, (statement, data) in said[project.project_id].items()
        ]
    return plans, statements


def _plan(project: CatalogProject, stated_at: datetime) -> dict[str, Any]:
    """The payload as a reader of the log will see it, so that 8 and 8.0 are the same plan."""
    event = decode(baseline_event(project, source=SOURCE, event_id=SOURCE, stated_at=stated_at))
    return dict(event["data"])


def _said(project: CatalogProject) -> Iterator[tuple[Key, tuple[CatalogStatement, Mapping[str, Any]]]]:
    """By natural key: the statements of a project, with their payload as a reader of the log will see it."""
    for statement in project.statements:
        raw = statement_event(project.project_id, statement, source=SOURCE, event_id=SOURCE)
        data = decode(raw)["data"]
        yield KEYS[statement.type](data), (statement, data)


def _baselines(topic: str, decisions: Sequence[Decision], stated_at: datetime) -> Iterator[Entry]:
    for decision in decisions:
        if decision.publishes:
            project = decision.project
            raw = baseline_event(
                project,
                source=SOURCE,
                event_id=f"baseline-{decision.baseline}-{decision.revision}-{_digest(project.project_id, project.data)}",
                stated_at=stated_at,
                revision=decision.revision,
            )
            yield Entry(topic, project.project_id.encode(), raw)


def _statements(topic: str, decisions: Sequence[StatementDecision]) -> Iterator[Entry]:
    for decision in decisions:
        if decision.publishes:
            statement = decision.statement
            digest = _digest(decision.project_id, statement.type, statement.data)
            raw = statement_event(
                decision.project_id,
                statement,
                source=SOURCE,
                event_id=f"{statement.kind}-{decision.revision}-{digest}",
                revision=decision.revision,
            )
            yield Entry(topic, decision.project_id.encode(), raw)


def _digest(*content: object) -> str:
    return hashlib.sha256(to_json(content)).hexdigest()[:16]
