"""The key and the order of a statement, against the fields that the contract names."""

from typing import Any

import pytest

from schemas.events import RETRACTION_TYPE
from schemas.keys import KEY_FIELDS, OPTIONAL_KEY_FIELDS, key_values
from streams.core.statements import Statement, statement_of, wins


def stated(data: dict[str, Any], kind: str, text: bytes = b"{}") -> Statement:
    event = {"type": kind, "data": data, "source": "s", "id": "i"}
    return statement_of(event, b'{"data":' + text + b"}", 0, 17)


@pytest.mark.parametrize("kind", sorted(KEY_FIELDS))
@pytest.mark.parametrize("retracts", [False, True])
def test_the_key_is_the_type_and_its_fields_in_order(kind: str, *, retracts: bool) -> None:
    whole = {field: f"<{field}>" for field in KEY_FIELDS[kind]}
    needed = {field: value for field, value in whole.items() if field not in OPTIONAL_KEY_FIELDS}
    for data in (whole, needed, whole | dict.fromkeys(OPTIONAL_KEY_FIELDS & whole.keys())):
        said = stated(data | {"type": kind}, RETRACTION_TYPE if retracts else kind)
        assert said.key == (kind, *key_values(kind, data))
        assert said.retracts == retracts


def test_only_the_text_of_data_decides_between_statements_that_agree_otherwise() -> None:
    kind = "milepost.tally.reported.v1"
    said = [stated({"as_of": 1, "done": 1.0}, kind, b'{"as_of":1,"done":%d}' % done) for done in range(20)]
    greatest = max(said, key=lambda statement: statement.digest)
    assert all(wins(greatest, other) for other in said if other is not greatest)
    assert not any(wins(other, greatest) for other in said)
    again = stated({"as_of": 1, "done": 1.0}, kind, greatest.raw[8:-1])
    spaced = Statement(greatest.key, greatest.order, greatest.raw.replace(b":{", b": {"), greatest.data, 0)
    assert not wins(again, greatest)
    assert not wins(spaced, greatest)
    assert spaced.raw != greatest.raw
