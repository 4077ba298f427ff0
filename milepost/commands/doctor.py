"""`milepost doctor`: settings with their source, the state of everything around them, and what to do."""

import sys

from milepost.diagnosis import Check, diagnose, setting_rows
from milepost.exit_codes import CHECK_FAILED, DONE
from milepost.render import json_text, write_table
from milepost.shared_options import Call, command
from milepost.wall_clock import now

__all__ = ["doctor"]

_SETTING = ("setting", "value", "source")


@command()
def doctor(call: Call) -> int:
    """Exit status 1 when something fails; a note is no failure."""
    settings = setting_rows(call.sourced)
    checks = list(diagnose(call.sourced, now()))
    if call.as_json:
        found = [dict(zip(_SETTING, row, strict=True)) for row in settings]
        print(json_text({"settings": found, "checks": [check._asdict() for check in checks]}))
    else:
        write_table(sys.stdout, _SETTING, settings, title="Settings")
        write_table(sys.stdout, Check._fields, checks, title="Checks")
    return CHECK_FAILED if any(check.state == "failed" for check in checks) else DONE
