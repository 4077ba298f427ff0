"""Alerts against the pure run of their lifecycle: at every cut, and after every evaluation in between."""

from collections.abc import Iterable
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import AlertTransition
from tests.builders import ZONE, log
from tests.feeds import PROJECTS, Feed, feeds
from tests.folds import RULES, new_partition, records_of
from tests.oracle.alerts import Alert, Alerts, Change

ACTIVE = {"pending", "firing"}


def changes_of(transitions: Iterable[AlertTransition]) -> list[Change]:
    return [change_of(transition) for transition in transitions]


def change_of(transition: AlertTransition) -> Change:
    data = transition["data"]
    labels = data["labels"]
    alert = Alert(data["project_id"], labels["alertname"], labels["severity"], data["scope"])
    return Change(alert, data["state"], data["reason"] if data["state"] == "resolved" else None)


@settings(max_examples=80)
@given(feeds())
def test_active_alerts_are_those_of_the_run_at_every_cut(feed: Feed) -> None:
    partition, expected = new_partition(), Alerts(RULES, ZONE)
    for record, same in zip(records_of(feed.values), log(feed.values), strict=True):
        told = changes_of(partition.fold([record]).alerts)
        expected.changes.clear()
        expected.record(same)
        assert sorted(told, key=repr) == sorted(expected.changes, key=repr)


@settings(max_examples=80)
@given(feeds(), st.randoms(use_true_random=False))
def test_what_needs_no_time_fires_and_resolves_early(feed: Feed, chance: Random) -> None:
    partition, expected = new_partition(), Alerts(RULES, ZONE)
    for record, same in zip(records_of(feed.values), log(feed.values), strict=True):
        expected.changes.clear()
        told = changes_of(partition.fold([record]).alerts)
        expected.record(same)
        if chance.randrange(4) == 0:
            chosen = chance.choice((PROJECTS, PROJECTS[:1], PROJECTS[1:]))
            expected.live(partition.touched.intersection(chosen))
            told += changes_of(partition.evaluate_live(chosen).alerts)
        assert sorted(told, key=repr) == sorted(expected.changes, key=repr)
