"""`milepost alerts`: the alerts that stand, or with `--follow` an ordinary subscriber of their topic."""

import sys

import click

from consumers.follow import alert_of, end_positions, follow
from milepost.parts import stop_on_signals
from milepost.render import write_rows
from milepost.shared_options import Call, command
from milepost.wiring import existing_log, topics_of
from schemas.alerts import AlertTransition
from storage.reader import open_reader

__all__ = ["alerts"]

_COLUMNS = (
    "fingerprint", "alertname", "project_id", "scope", "severity", "state", "starts_at", "ends_at", "value", "summary", "labels", "annotations",
)  # fmt: skip
_SHOWN = (
    "state", "severity", "CAST(starts_at AS DATE) AS since", "CAST(ends_at AS DATE) AS until", "alertname",
    "coalesce(nullif(summary, ''), concat_ws(' ', project_id, nullif(scope, ''))) AS summary",
)  # fmt: skip
"""For people: whole days, and the summary, which names the project and says the value in words; a rule may have none."""
_STATES_SHOWN = frozenset({"firing", "resolved"})


@command(click.option("--follow", "follows", is_flag=True, help="Subscribe to the topic until Ctrl-C"))
def alerts(call: Call, *, follows: bool) -> None:
    """Firing, pending and resolved alerts. JSON of --follow: one CloudEvent per line, as on the topic."""
    if follows:
        _follow(call)
    else:
        _show(call)


def _show(call: Call) -> None:
    columns = _SHOWN if call.output_format in {None, "table"} else _COLUMNS
    order = "ORDER BY list_position(['firing', 'pending', 'resolved'], state), project_id, alertname, scope"
    with open_reader(call.settings) as reader:
        result = reader.query(f"SELECT {', '.join(columns)} FROM alerts {order}")
    write_rows(sys.stdout, call.output_format or "table", result.columns, result.rows, result.types)


def _follow(call: Call) -> None:
    topic = topics_of(call.settings).alerts
    with existing_log(call.sourced) as log, stop_on_signals() as stop:
        positions = end_positions(log, topic)
        print(f"following {topic}; Ctrl-C ends", file=sys.stderr, flush=True)
        for record in follow(log, topic, positions, stop):
            transition = alert_of(record)
            if transition is not None and transition["data"]["state"] in _STATES_SHOWN:
                line = (record.value or b"").decode() if call.as_json else _line(transition)
                print(line, flush=True)


def _line(transition: AlertTransition) -> str:
    data = transition["data"]
    scope = f" {data['scope']}" if data["scope"] else ""
    summary = data["annotations"].get("summary", "")
    return f"{transition['time']}  {data['state']:8}  {data['labels']['alertname']}  {data['project_id']}{scope}  {summary}"
