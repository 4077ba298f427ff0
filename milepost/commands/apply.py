"""`milepost apply [FILE|DIR]`: publishes the projects of a catalog as baselines."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import click

from eventlog.log import Entry, EventLog
from milepost.applying import Action, Change, Decision, decide
from milepost.shared_options import Call, command
from milepost.standing_plans import standing_plans
from milepost.wall_clock import now
from milepost.wiring import catalog_of, open_log, topics_of
from producers.catalog import Catalog, CatalogProject, baseline_event, load_catalog
from schemas.acceptance import local_day
from schemas.codec import decode, to_json
from schemas.errors import UsageError

__all__ = ["apply"]

_SOURCE: Final = "milepost/apply"
_PROJECTS_SHOWN_MAX: Final = 5
_FIELDS_SHOWN_MAX: Final = 6
_ADVICE: Final = "--revise corrects what stands, --baseline makes it the next baseline"
_COUNTED: Final = {
    Action.PUBLISHED: "published",
    Action.UNCHANGED: "unchanged",
    Action.REVISED: "revised",
    Action.NEW_BASELINE: "new_baselines",
}


@command(
    click.argument("path", required=False, type=click.Path(path_type=Path)),
    click.option("--revise", is_flag=True, help="A plan that differs corrects the baseline that stands"),
    click.option("--baseline", is_flag=True, help="A plan that differs is the next baseline"),
)
def apply(call: Call, *, path: Path | None, revise: bool, baseline: bool) -> None:
    """PATH is a catalog file or folder; without it the configured catalog. All of it is published, or nothing."""
    if revise and baseline:
        raise UsageError("--revise and --baseline are two ways to mean a change; give one of them")
    change = Change.REVISE if revise else Change.BASELINE if baseline else Change.UNSAID
    catalog = catalog_of(call.settings) if path is None else load_catalog(path)
    with open_log(call.sourced) as log:
        topic, stated_at = topics_of(call.settings).events, now()
        decisions = _decide(log, topic, catalog, change, stated_at)
        _refuse(decisions)
        log.append([_entry(topic, decision, stated_at) for decision in decisions if decision.publishes])
    print(_json(decisions) if call.as_json else _text(decisions))


def _decide(
    log: EventLog, topic: str, catalog: Catalog, change: Change, stated_at: datetime
) -> list[Decision]:
    standing = standing_plans(log, topic, {project.project_id for project in catalog.projects})
    today = local_day(stated_at, ZoneInfo(log.identity.timezone))
    return [
        decide(project, _plan(project, stated_at), standing.get(project.project_id, {}), change, today)
        for project in catalog.projects
    ]


def _plan(project: CatalogProject, stated_at: datetime) -> dict[str, object]:
    """The payload as a reader of the log will see it, so that 8 and 8.0 are the same plan."""
    event = decode(baseline_event(project, source=_SOURCE, event_id=_SOURCE, stated_at=stated_at))
    return dict(event["data"])


def _refuse(decisions: Sequence[Decision]) -> None:
    refused = [decision for decision in decisions if decision.action is Action.REFUSED]
    if not refused:
        return
    named = [_reason(decision) for decision in refused[:_PROJECTS_SHOWN_MAX]]
    if more := len(refused) - len(named):
        named.append(f"and {more} more")
    advice = "" if any(decision.problem for decision in refused) else f"; {_ADVICE}"
    raise UsageError(f"nothing was published, another plan stands: {'; '.join(named)}{advice}")


def _reason(decision: Decision) -> str:
    differing = f"{decision.project.project_id} differs in {_fields(decision.changed)}"
    return f"{differing} ({decision.problem})" if decision.problem else differing


def _fields(changed: Sequence[str]) -> str:
    shown = ", ".join(changed[:_FIELDS_SHOWN_MAX])
    more = len(changed) - _FIELDS_SHOWN_MAX
    return f"{shown} and {more} more" if more > 0 else shown


def _entry(topic: str, decision: Decision, stated_at: datetime) -> Entry:
    project = decision.project
    content = hashlib.sha256(to_json([project.project_id, project.data])).hexdigest()[:16]
    raw = baseline_event(
        project,
        source=_SOURCE,
        event_id=f"baseline-{decision.baseline}-{decision.revision}-{content}",
        stated_at=stated_at,
        revision=decision.revision,
    )
    return Entry(topic, project.project_id.encode(), raw)


def _text(decisions: Sequence[Decision]) -> str:
    lines = [_line(decision) for decision in decisions]
    counts = (f"{name.replace('_', ' ')} {count}" for name, count in _counts(decisions).items())
    return "\n".join([*lines, ", ".join(counts)])


def _line(decision: Decision) -> str:
    place = f"{decision.action:12}  {decision.project.project_id}  baseline {decision.baseline}"
    revision = f" revision {decision.revision}" if decision.revision else ""
    return f"{place}{revision}" + (f": {_fields(decision.changed)}" if decision.changed else "")


def _counts(decisions: Sequence[Decision]) -> dict[str, int]:
    found = Counter(decision.action for decision in decisions)
    return {name: found[action] for action, name in _COUNTED.items()}


def _json(decisions: Sequence[Decision]) -> str:
    projects = [
        {
            "project_id": decision.project.project_id,
            "action": decision.action.replace(" ", "_"),
            "baseline": decision.baseline,
            "revision": decision.revision,
            "changed": list(decision.changed),
        }
        for decision in decisions
    ]
    return json.dumps({**_counts(decisions), "projects": projects}, ensure_ascii=False)
