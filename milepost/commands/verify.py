"""`milepost verify`: a second implementation in SQL against what the streams published."""

from dataclasses import asdict

from pydantic_core import to_json

from milepost.exit_codes import CHECK_FAILED, DONE
from milepost.shared_options import Call, command
from storage.verification.verify import Difference

__all__ = ["verify"]


@command()
def verify(call: Call) -> int:
    """Compare the newest row of every project, KPI, scope and day with what the journal says, and the journal with the log."""
    from milepost.verifying import verify_store

    found: list[Difference] = []
    rows = verify_store(
        call.sourced, found.append if call.as_json else lambda difference: _say(found, difference)
    )
    if call.as_json:
        print(to_json({"rows": rows, "differences": [asdict(difference) for difference in found]}).decode())
    else:
        print(f"rows compared {rows}, differences {len(found)}")
    return CHECK_FAILED if found else DONE


def _say(found: list[Difference], difference: Difference) -> None:
    found.append(difference)
    print(difference)
