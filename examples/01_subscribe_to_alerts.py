"""Print every alert that fires or resolves from now on: `python examples/01_subscribe_to_alerts.py [HOME]`, Ctrl-C to end."""

import sys
import threading
from pathlib import Path

from consumers.follow import alert_of, end_positions, follow
from eventlog.embedded import EmbeddedLog

TOPIC = "milepost.alerts"

log = EmbeddedLog.open_existing(Path(sys.argv[1] if len(sys.argv) > 1 else "data") / "log.db")
for record in follow(log, TOPIC, end_positions(log, TOPIC), stop=threading.Event()):
    alert = alert_of(record)
    if alert and alert["data"]["state"] in {"firing", "resolved"}:
        data = alert["data"]
        print(
            data["state"],
            data["labels"]["alertname"],
            data["project_id"],
            data["annotations"]["summary"],
            flush=True,
        )
