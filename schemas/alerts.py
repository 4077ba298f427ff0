"""Alert rules and the transitions that they cause, in the words of Prometheus and Alertmanager."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from typing_extensions import TypedDict

from schemas.catalog import KPIS
from schemas.kpi import Position

__all__ = [
    "AlertData",
    "AlertState",
    "AlertTransition",
    "Rule",
    "RuleScope",
    "duration_us",
    "fill_in",
    "fingerprint",
    "rule_set_hash",
]

AlertState = Literal["pending", "firing", "resolved", "inactive"]

_DURATION = r"^[0-9]{1,6}[smhd]$"
_UNIT_US = {"s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86400 * 10**6}
Duration = Annotated[str, StringConstraints(pattern=_DURATION)]


def duration_us(text: str) -> int:
    """Microseconds of `30s`, `5m`, `2h` or `3d`."""
    return int(text[:-1]) * _UNIT_US[text[-1]]


class RuleScope(BaseModel):
    """Which projects a rule looks at; every field given must match."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    kind: str | None = None
    project: str | None = None
    city: str | None = None
    tags: tuple[str, ...] | None = None


class Rule(BaseModel):
    """An alert rule. `above` and `below` are strict, `clear` is inclusive; null is false."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    alert: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
    kpi: str
    where: RuleScope = RuleScope()
    scope: Annotated[str, StringConstraints(max_length=200)] = ""
    above: Annotated[float, Field(allow_inf_nan=False)] | None = None
    below: Annotated[float, Field(allow_inf_nan=False)] | None = None
    is_null: bool | None = None
    clear: Annotated[float, Field(allow_inf_nan=False)] | None = None
    hold: Duration | None = Field(None, alias="for")
    keep_firing_for: Duration | None = None
    severity: Literal["info", "warning", "critical"] = "warning"
    summary: Annotated[str, StringConstraints(max_length=10_000)] = ""
    summary_zh: Annotated[str, StringConstraints(max_length=10_000)] = ""
    runbook: Annotated[str, StringConstraints(max_length=10_000)] = ""

    @field_validator("kpi")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in KPIS:
            msg = f"{value!r} is not a KPI; see kpi_catalog"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _one_condition(self) -> "Rule":
        conditions = [name for name in ("above", "below", "is_null") if getattr(self, name) is not None]
        if len(conditions) != 1:
            msg = "give exactly one of above, below, is_null"
            raise ValueError(msg)
        if self.clear is not None:
            self._check_clear()
        return self

    def _check_clear(self) -> None:
        if self.above is not None and self.clear is not None and self.clear > self.above:
            msg = f"clear {self.clear} must not lie above {self.above}"
            raise ValueError(msg)
        if self.below is not None and self.clear is not None and self.clear < self.below:
            msg = f"clear {self.clear} must not lie below {self.below}"
            raise ValueError(msg)
        if self.is_null is not None:
            msg = "clear goes with above or below, not with is_null"
            raise ValueError(msg)


def rule_set_hash(rules: Sequence[Rule]) -> str:
    """Sixteen hexadecimal digits that change with any rule."""
    text = "\n".join(sorted(rule.model_dump_json(by_alias=True) for rule in rules))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_FNV_OFFSET, _FNV_PRIME, _U64 = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def fingerprint(labels: Mapping[str, str]) -> str:
    """FNV-1a 64 over the sorted labels, as Prometheus prints it: 16 hexadecimal digits."""
    digest = _FNV_OFFSET
    for name in sorted(labels):
        for byte in b"%b\xff%b\xff" % (name.encode(), labels[name].encode()):
            digest = ((digest ^ byte) * _FNV_PRIME) & _U64
    return f"{digest:016x}"


_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


def fill_in(template: str, fields: Mapping[str, str]) -> str:
    """Text with `{name}` replaced by a field; unknown names stay as they are."""
    return _PLACEHOLDER.sub(lambda found: fields.get(found.group(1), found.group(0)), template)


class AlertData(TypedDict):
    """Alertmanager's alert object with what Milepost knows of its cause."""

    labels: dict[str, str]
    annotations: dict[str, str]
    startsAt: str | None
    endsAt: str | None
    generatorURL: str
    fingerprint: str
    state: AlertState
    previous_state: AlertState
    reason: str
    value: float | None
    as_of: str | None
    known_at: str | None
    project_id: str
    scope: str
    rule_hash: str
    position: Position
    activeAt: NotRequired[str | None]


class AlertTransition(TypedDict):
    """CloudEvent on the topic of alerts; the type names the new state."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Literal[
        "milepost.alert.pending.v1",
        "milepost.alert.firing.v1",
        "milepost.alert.resolved.v1",
        "milepost.alert.inactive.v1",
    ]
    subject: str
    time: str
    datacontenttype: Literal["application/json"]
    data: AlertData
