"""What an alert book publishes at cuts, between them, and after a restart."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.alerts import AlertTransition, Rule, fingerprint
from schemas.kpi import Position
from streams.core.alerting import AlertBook
from streams.core.lifecycle import Reason
from streams.core.project import Project
from streams.core.rules import RuleSet
from streams.core.statements import statement_of
from streams.core.values import Value

DAY = date(2024, 3, 1).toordinal()
HOUR = 3_600_000_000
SPI = {"alert": "Behind", "kpi": "spi", "below": 0.9, "clear": 0.95}
Told = list[tuple[str, str]]


def at(hours: float) -> int:
    """Microseconds so many hours after the first of March 2024."""
    return int(datetime(2024, 3, 1, tzinfo=UTC).timestamp()) * 1_000_000 + int(hours * HOUR)


def rule(**fields: Any) -> Rule:
    return Rule.model_validate(SPI | fields)


def spi(number: float | None, scope: str = "") -> Value:
    return Value("spi", scope, number, None, None, None, "1", None if number is not None else "no_data")


def project_with(**baseline: Any) -> Project:
    project = Project("p", ZoneInfo("Asia/Shanghai"))
    data = {"baseline": 1, "name": "Depot", "name_zh": "油库", "start": date(2024, 1, 1), **baseline}
    event = {
        "id": "1",
        "source": "s",
        "type": "milepost.project.baselined.v1",
        "time": datetime(2024, 1, 1, tzinfo=UTC),
        "data": data,
    }
    project.fold(statement_of(event, b'{"data":{"n":1}}', 0))
    return project


class Watched:
    """A book and one project; every call is an evaluation, `position` counts them."""

    def __init__(self, *rules: Rule, project: Project | None = None) -> None:
        self.project = project or project_with()
        self.start(*rules)
        self.offset = 0

    def start(self, *rules: Rule, restore: list[AlertTransition] | None = None) -> "Watched":
        """Start, or start again with what was published last."""
        self.book = AlertBook(RuleSet(rules))
        newest = {transition["data"]["fingerprint"]: transition["data"] for transition in restore or []}
        published = max((data["position"]["offset"] for data in newest.values()), default=-1)
        self.book.restore(
            [data for data in newest.values() if data["state"] in {"pending", "firing"}], published
        )
        return self

    def _position(self) -> Position:
        self.offset += 1
        return {"partition": 3, "offset": self.offset, "seq": 0}

    def cut(
        self, hours: float, *values: Value, day: int | None = DAY, publish: bool = True
    ) -> list[AlertTransition]:
        return self.book.at_cut(self.project, day, values, at(hours), self._position(), publish=publish)

    def live(
        self, hours: float, *values: Value, known_at: float = 0, day: int | None = DAY
    ) -> list[AlertTransition]:
        return self.book.between_cuts(self.project, day, values, at(known_at), at(hours), self._position())

    def time(self, hours: float, *, publish: bool = True) -> list[AlertTransition]:
        projects = {self.project.id: self.project}
        return self.book.pass_time(projects, at(hours), self._position(), publish=publish)


def told(transitions: list[AlertTransition]) -> Told:
    return [(transition["data"]["state"], transition["data"]["reason"]) for transition in transitions]


# -- what a transition says ----------------------------------------------------------------------------------------


def test_a_transition_is_alertmanagers_alert_in_a_cloudevent() -> None:
    watched = Watched(rule(severity="critical", summary="{name} at {value} < {threshold} on {as_of}"))
    (fired,) = watched.cut(16, spi(0.8649))
    data = fired["data"]
    labels = {"alertname": "Behind", "project_id": "p", "severity": "critical"}
    assert data["labels"] == labels
    assert data["fingerprint"] == fingerprint(labels)
    assert fired["id"] == f"{fingerprint(labels)}/1/firing"
    assert fired["type"] == "milepost.alert.firing.v1"
    assert fired["subject"] == "p"
    assert fired["time"] == data["startsAt"] == data["known_at"] == "2024-03-01T16:00:00.000000Z"
    assert data["endsAt"] is None
    assert data["generatorURL"] == "milepost:kpi/spi/p"
    assert data["annotations"]["summary"] == "Depot at 0.86 < 0.9 on 2024-03-01"
    assert data["annotations"]["value"] == "0.8649"
    assert (data["value"], data["as_of"]) == (0.8649, "2024-03-01")
    assert data["position"] == {"partition": 3, "offset": 1, "seq": 0}
    assert (data["previous_state"], data["state"]) == ("inactive", "firing")


def test_values_are_rounded_half_up_for_people() -> None:
    (fired,) = Watched(rule(summary_zh="{name_zh} {value}", runbook="run/{kpi}")).cut(1, spi(0.125))
    assert fired["data"]["annotations"]["summary_zh"] == "油库 0.13"
    assert fired["data"]["annotations"]["runbook"] == "run/spi"


def test_a_value_of_any_size_can_be_told() -> None:
    huge = rule(below=None, above=1, clear=None, summary="{value}")
    (fired,) = Watched(huge).cut(1, spi(1.25e32))
    assert fired["data"]["annotations"]["summary"] == "125000000000000000000000000000000"


def test_a_rule_without_texts_has_texts_all_the_same() -> None:
    (fired,) = Watched(rule()).cut(1, spi(0.5))
    assert fired["data"]["annotations"]["summary"] == "Depot: spi is 0.5 on 2024-03-01"


def test_the_scope_is_a_label_only_where_there_is_one() -> None:
    fired = Watched(rule(scope="*")).cut(1, spi(0.5), spi(0.4, "m 1"))
    assert [transition["data"]["labels"].get("scope") for transition in fired] == [None, "m 1"]
    assert [transition["data"]["scope"] for transition in fired] == ["", "m 1"]


def test_a_rule_for_null_tells_no_value() -> None:
    (fired,) = Watched(rule(below=None, clear=None, is_null=True, summary="{value}")).cut(1, spi(None))
    assert (fired["data"]["value"], fired["data"]["annotations"]["summary"]) == (None, "–")
    assert fired["data"]["annotations"]["value"] == ""


# -- cuts ----------------------------------------------------------------------------------------------------------


def test_a_breach_fires_once_and_resolves_once() -> None:
    watched = Watched(rule())
    assert told(watched.cut(1, spi(0.8))) == [("firing", "breached")]
    assert told(watched.cut(2, spi(0.7))) == []
    assert told(watched.cut(3, spi(0.92))) == []
    (resolved,) = watched.cut(4, spi(0.96), day=DAY + 1)
    assert told([resolved]) == [("resolved", "cleared")]
    assert resolved["data"]["startsAt"] == "2024-03-01T01:00:00.000000Z"
    assert resolved["data"]["endsAt"] == "2024-03-01T04:00:00.000000Z"
    assert resolved["data"]["value"] == 0.96
    assert told(watched.cut(5, spi(0.96), day=DAY + 1)) == []


def test_a_correction_of_the_same_day_resolves_as_corrected() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8))
    assert told(watched.cut(2, spi(1.0))) == [("resolved", "corrected")]


def test_for_goes_from_pending_to_firing_and_remembers_since_when() -> None:
    watched = Watched(rule(**{"for": "3h"}))
    assert told(watched.cut(1, spi(0.8))) == [("pending", "breach_began")]
    assert told(watched.cut(3, spi(0.8))) == []
    (fired,) = watched.cut(4, spi(0.8))
    assert told([fired]) == [("firing", "breach_held")]
    assert fired["data"]["activeAt"] == "2024-03-01T01:00:00.000000Z"
    assert fired["data"]["startsAt"] == "2024-03-01T04:00:00.000000Z"
    assert fired["data"]["previous_state"] == "pending"


def test_what_was_pending_goes_back_to_inactive() -> None:
    watched = Watched(rule(**{"for": "3h"}))
    watched.cut(1, spi(0.8))
    assert told(watched.cut(2, spi(1.0))) == [("inactive", "not_held")]


def test_an_alert_whose_row_is_gone_resolves() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8))
    assert told(watched.cut(2, day=None)) == [("resolved", "cleared")]


def test_an_alert_whose_project_left_the_rule_resolves() -> None:
    watched = Watched(rule(where={"kind": "construction"}), project=project_with(kind="construction"))
    watched.cut(1, spi(0.8))
    watched.project = project_with(kind="restart")
    assert told(watched.cut(2, spi(0.8), day=DAY + 1)) == [("resolved", "cleared")]


def test_time_passes_for_a_project_that_a_cut_does_not_evaluate() -> None:
    watched = Watched(rule(**{"for": "3h", "keep_firing_for": "2h"}))
    watched.cut(1, spi(0.8))
    assert told(watched.time(3)) == []
    assert told(watched.time(4)) == [("firing", "breach_held")]
    assert told(watched.time(9)) == []
    watched.cut(10, spi(1.0), day=DAY + 1)
    assert told(watched.time(11)) == []
    (resolved,) = watched.time(12)
    assert told([resolved]) == [("resolved", "cleared")]
    assert resolved["data"]["value"] == 1.0


def test_a_cut_that_evaluated_a_project_is_not_counted_twice() -> None:
    watched = Watched(rule(**{"for": "0s", "keep_firing_for": "2h"}))
    watched.cut(1, spi(0.8))
    watched.cut(2, spi(1.0))
    assert told(watched.time(2)) == []


# -- between cuts --------------------------------------------------------------------------------------------------


def test_an_early_firing_that_the_cut_shares_is_published_once() -> None:
    watched = Watched(rule())
    (early,) = watched.live(5, spi(0.8), known_at=1)
    assert told([early]) == [("firing", "breached_early")]
    assert early["data"]["startsAt"] == early["time"] == "2024-03-01T05:00:00.000000Z"
    assert early["data"]["known_at"] is None
    assert told(watched.cut(6, spi(0.8))) == []
    (resolved,) = watched.cut(7, spi(1.0))
    assert resolved["data"]["startsAt"] == "2024-03-01T05:00:00.000000Z"


def test_an_early_firing_does_not_start_before_the_last_cut() -> None:
    (early,) = Watched(rule()).live(5, spi(0.8), known_at=8)
    assert early["data"]["startsAt"] == "2024-03-01T08:00:00.000000Z"


def test_an_early_firing_that_the_cut_does_not_share_is_not_confirmed() -> None:
    watched = Watched(rule())
    watched.live(5, spi(0.8))
    (resolved,) = watched.cut(6, spi(0.92))
    assert told([resolved]) == [("resolved", "not_confirmed")]
    assert told(watched.cut(7, spi(0.92))) == []


def test_an_alert_never_ends_before_it_starts() -> None:
    watched = Watched(rule())
    watched.live(5, spi(0.8))
    (resolved,) = watched.cut(2, spi(1.0))
    assert resolved["data"]["endsAt"] == resolved["data"]["startsAt"] == "2024-03-01T05:00:00.000000Z"


def test_an_early_resolve_that_the_cut_does_not_share_fires_again() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8))
    assert told(watched.live(2, spi(0.96))) == [("resolved", "corrected")]
    assert told(watched.live(3, spi(0.92))) == []
    assert told(watched.cut(4, spi(0.92))) == [("firing", "still_firing")]


def test_an_early_resolve_that_the_cut_shares_is_published_once() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8))
    assert told(watched.live(2, spi(0.96), day=DAY + 1)) == [("resolved", "cleared")]
    assert told(watched.cut(3, spi(0.96), day=DAY + 1)) == []


def test_between_cuts_for_and_keep_firing_for_do_not_move() -> None:
    held, kept = Watched(rule(**{"for": "1h"})), Watched(rule(keep_firing_for="1h"))
    assert told(held.live(5, spi(0.8))) == []
    held.cut(6, spi(0.8))
    assert told(held.live(9, spi(0.8))) == told(held.live(9, spi(1.0))) == []
    kept.cut(1, spi(0.8))
    assert told(kept.live(9, spi(1.0))) == []


def test_a_firing_alert_with_for_resolves_early() -> None:
    watched = Watched(rule(**{"for": "1h"}))
    watched.cut(1, spi(0.8))
    watched.cut(2, spi(0.8))
    assert told(watched.live(3, spi(1.0))) == [("resolved", "corrected")]
    assert told(watched.live(4, spi(0.8))) == []
    assert told(watched.cut(5, spi(0.8))) == [("firing", "still_firing")]


def test_the_last_breach_between_cuts_decides_whether_it_was_a_correction() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8))
    watched.live(2, spi(0.8), day=DAY + 1)
    assert told(watched.live(3, spi(1.0), day=DAY + 1)) == [("resolved", "corrected")]


# -- restarts ------------------------------------------------------------------------------------------------------


def test_after_a_restart_the_same_cuts_publish_nothing_again() -> None:
    watched = Watched(rule())
    published = watched.cut(1, spi(0.8))
    watched.start(rule(), restore=published)
    assert watched.cut(1, spi(0.8), publish=False) == []
    assert told(watched.cut(2, spi(0.8))) == []
    assert told(watched.cut(3, spi(1.0))) == [("resolved", "corrected")]


def test_a_cut_that_was_published_but_not_noted_publishes_nothing_new() -> None:
    watched = Watched(rule(), rule(alert="Held", **{"for": "1h"}))
    published = watched.cut(1, spi(0.8))
    watched.start(rule(), rule(alert="Held", **{"for": "1h"}), restore=published)
    assert told(watched.cut(1, spi(0.8))) == []


def test_a_cut_before_the_newest_transition_is_not_published_again() -> None:
    """Time alone ended the alert at the second cut, so no KPI record says that the first one was published."""
    kept = rule(keep_firing_for="2h")
    watched = Watched(kept)
    published = [*watched.cut(1, spi(0.8)), *watched.cut(2, spi(1.0)), *watched.time(3), *watched.time(4)]
    assert told(published) == [("firing", "breached"), ("resolved", "corrected")]
    watched.offset = 0
    watched.start(kept, restore=published)
    again = [*watched.cut(1, spi(0.8)), *watched.cut(2, spi(1.0)), *watched.time(3), *watched.time(4)]
    assert again == []


def test_a_silent_run_keeps_for_going() -> None:
    watched = Watched(rule(**{"for": "3h"}))
    published = watched.cut(1, spi(0.8))
    watched.start(rule(**{"for": "3h"}), restore=published)
    watched.cut(1, spi(0.8), publish=False)
    assert told(watched.time(3, publish=False)) == []
    assert told(watched.cut(4, spi(0.8))) == [("firing", "breach_held")]


def test_an_early_firing_is_known_after_a_restart() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(1.0))
    published = watched.live(2, spi(0.8), known_at=1)
    watched.start(rule(), restore=published)
    watched.cut(1, spi(1.0), publish=False)
    assert told(watched.live(2, spi(0.8), known_at=1)) == []
    assert told(watched.cut(3, spi(1.0))) == [("resolved", "not_confirmed")]


def test_the_day_of_the_last_breach_is_known_after_a_restart() -> None:
    watched = Watched(rule())
    published = watched.cut(1, spi(0.8), day=DAY)
    watched.cut(25, spi(0.7), day=DAY + 1)
    watched.offset = 0
    watched.start(rule(), restore=published)
    watched.cut(1, spi(0.8), day=DAY, publish=False)
    watched.cut(25, spi(0.7), day=DAY + 1, publish=False)
    assert told(watched.live(26, spi(1.0), known_at=25, day=DAY + 1)) == [("resolved", "corrected")]


def test_a_replay_of_an_earlier_alert_does_not_move_the_breach_of_one_that_fired_since() -> None:
    watched = Watched(rule())
    watched.cut(1, spi(0.8), day=DAY)
    watched.cut(25, spi(1.0), day=DAY + 1)
    published = watched.live(49, spi(0.8), known_at=25, day=DAY + 2)
    watched.offset = 0
    watched.start(rule(), restore=published)
    watched.cut(1, spi(0.8), day=DAY, publish=False)
    watched.cut(25, spi(1.0), day=DAY + 1, publish=False)
    watched.offset += 1
    assert told(watched.live(50, spi(1.0), known_at=25, day=DAY + 2)) == [("resolved", "corrected")]


def test_an_alert_of_a_rule_that_is_gone_resolves_at_the_next_cut() -> None:
    watched = Watched(rule())
    published = watched.cut(1, spi(0.8))
    watched.start(rule(alert="Other", below=0.1, clear=None), restore=published)
    assert told(watched.live(2, spi(0.8))) == []
    (resolved,) = watched.cut(3, spi(0.8))
    assert told([resolved]) == [("resolved", "rules_changed")]
    assert resolved["data"]["annotations"] == published[0]["data"]["annotations"]


def test_new_rules_begin_their_run_anew() -> None:
    watched = Watched(rule(), rule(alert="Stays", below=0.85))
    published = watched.cut(1, spi(0.8))
    watched.start(rule(**{"for": "3h"}), rule(alert="Stays", below=0.85), restore=published)
    again = watched.cut(2, spi(0.8))
    assert told(again) == [("resolved", "rules_changed"), ("pending", "breach_began")]
    assert [transition["data"]["labels"]["alertname"] for transition in again] == ["Behind", "Behind"]


def test_an_alert_that_new_rules_do_not_share_says_that_the_rules_changed() -> None:
    watched = Watched(rule())
    published = watched.cut(1, spi(0.8))
    watched.start(rule(below=0.5, clear=None), restore=published)
    assert told(watched.cut(2, spi(0.8))) == [("resolved", "rules_changed")]


def test_every_reason_to_publish_has_been_seen_above() -> None:
    published = {
        "breached", "breach_began", "breach_held", "breached_early", "cleared", "corrected", "not_held",
        "not_confirmed", "still_firing", "rules_changed",
    }  # fmt: skip
    silent = {
        "not_breached", "waits_for_hold", "still_breached", "not_yet_clear", "kept_firing", "waits_for_cut",
        "unchanged",
    }  # fmt: skip
    assert published | silent == {reason.value for reason in Reason}


def test_the_text_of_an_alert_that_is_over_does_not_repeat_what_its_rule_says_of_a_breach() -> None:
    watched = Watched(rule(summary="{name} is behind by {value}", summary_zh="{name_zh} 落后 {value}"))
    watched.cut(1, spi(0.5))
    (resolved,) = watched.cut(2, spi(0.97))
    texts = resolved["data"]["annotations"]
    assert resolved["data"]["state"] == "resolved"
    assert texts["summary"] == "Depot: Behind is over, spi is 0.97 on 2024-03-01"
    assert texts["summary_zh"] == "油库：Behind 已解除，spi 为 0.97（2024-03-01）"
