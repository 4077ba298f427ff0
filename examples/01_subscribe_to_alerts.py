"""Print every alert that fires or resolves from now on: `python examples/01_subscribe_to_alerts.py [HOME]`, Ctrl-C to end.

Listens to the log that MILEPOST_LOG names: on Kafka as well as in a home.
"""

import sys
import threading

from consumers.follow import alert_of, end_positions, follow
from milepost.environment import read_environment, settings_from
from milepost.wiring import existing_log, topics_of

home = {"home": sys.argv[1]} if len(sys.argv) > 1 else {}
settings = settings_from(home, read_environment())
topic = topics_of(settings.settings).alerts
with existing_log(settings) as log:
    for record in follow(log, topic, end_positions(log, topic), stop=threading.Event()):
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
