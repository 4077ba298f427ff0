"""What applying a plan means, given what stands: every decision, without a log."""

from datetime import UTC, date, datetime
from typing import Any, Final

import pytest

from milepost.applying import Action, Change, Decision, Standing, decide, differences
from producers.catalog import CatalogProject, baseline_event
from schemas.codec import decode

TODAY: Final = date(2024, 3, 1)
TIME: Final = datetime(2024, 3, 1, tzinfo=UTC)


def project(*, numbered: bool = False, **fields: Any) -> CatalogProject:
    data = {"baseline": 1, "name": "N", "start": "2024-01-01", **fields}
    return CatalogProject("p", data, "plan.yaml", 2, numbered)


def read_back(said: CatalogProject) -> dict[str, Any]:
    event: Any = decode(baseline_event(said, source="s", event_id="e", stated_at=TIME))
    return dict(event["data"])


def stands(revision: int = 0, **fields: Any) -> Standing:
    return Standing(revision, read_back(project(**fields)))


RETRACTED: Final = Standing(2, None)


def decided(said: CatalogProject, standing: dict[int, Standing], change: Change = Change.UNSAID) -> Decision:
    return decide(said, read_back(said), standing, change, TODAY)


def outcome(decision: Decision) -> tuple[Action, int, int]:
    return decision.action, decision.baseline, decision.revision


def test_a_project_of_which_nothing_stands_is_published() -> None:
    for change in Change:
        assert outcome(decided(project(), {}, change)) == (Action.PUBLISHED, 1, 0)
    assert outcome(decided(project(baseline=4, numbered=True), {})) == (Action.PUBLISHED, 4, 0)


def test_a_retracted_plan_is_published_again_so_that_it_wins() -> None:
    assert outcome(decided(project(), {1: RETRACTED})) == (Action.PUBLISHED, 1, 3)


@pytest.mark.parametrize("change", Change)
def test_the_same_plan_changes_nothing(change: Change) -> None:
    same = decided(project(finish="2024-05-01"), {1: stands(finish="2024-05-01")}, change)
    assert outcome(same) == (Action.UNCHANGED, 1, 0)
    assert not same.publishes


def test_numbers_and_nulls_are_compared_by_what_they_mean() -> None:
    said = project(campaign={"total": 8}, owner=None)
    assert (
        decided(said, {1: stands(campaign={"total": 8.0, "unit": None} | {"districts": None})}).action
        == "unchanged"
    )


def test_another_plan_is_refused_until_somebody_says_what_it_is() -> None:
    refused = decided(project(finish="2024-06-01"), {1: stands(finish="2024-05-01")})
    assert refused.action is Action.REFUSED
    assert refused.changed == ("finish",)
    assert not refused.publishes


def test_a_revision_keeps_the_number_and_the_day_of_approval() -> None:
    standing = {1: stands(), 2: stands(revision=4, baseline=2, approved_on="2024-02-01")}
    revised = decided(project(finish="2024-06-01"), standing, Change.REVISE)
    assert outcome(revised) == (Action.REVISED, 2, 5)
    assert revised.project.data["approved_on"] == "2024-02-01"


def test_a_revision_may_give_another_day_of_approval() -> None:
    standing = {1: stands(approved_on="2024-02-01")}
    revised = decided(project(approved_on="2024-02-09"), standing, Change.REVISE)
    assert (revised.changed, revised.project.data["approved_on"]) == (("approved_on",), "2024-02-09")


def test_the_next_baseline_is_approved_today_unless_the_file_says_when() -> None:
    standing = {1: stands(), 2: stands(baseline=2)}
    following = decided(project(finish="2024-06-01"), standing, Change.BASELINE)
    assert outcome(following) == (Action.NEW_BASELINE, 3, 0)
    assert following.project.data["approved_on"] == "2024-03-01"
    said = project(finish="2024-06-01", approved_on="2024-02-20")
    assert decided(said, standing, Change.BASELINE).project.data["approved_on"] == "2024-02-20"


def test_after_a_next_baseline_the_same_file_changes_nothing() -> None:
    said = project(finish="2024-06-01")
    following = decided(said, {1: stands()}, Change.BASELINE)
    standing = {1: stands(), 2: Standing(following.revision, read_back(following.project))}
    assert outcome(decided(said, standing)) == (Action.UNCHANGED, 2, 0)


def test_a_number_that_was_retracted_is_taken_again_so_that_it_wins() -> None:
    following = decided(project(finish="2024-06-01"), {1: stands(), 2: RETRACTED}, Change.BASELINE)
    assert outcome(following) == (Action.NEW_BASELINE, 2, 3)


def test_a_file_with_a_number_means_that_baseline() -> None:
    standing = {1: stands(), 2: stands(baseline=2, finish="2024-05-01")}
    assert decided(project(numbered=True), standing).action is Action.UNCHANGED
    late = project(numbered=True, finish="2024-06-01")
    assert outcome(decided(late, standing, Change.REVISE)) == (Action.REVISED, 1, 1)
    refused = decided(late, standing, Change.BASELINE)
    assert refused.action is Action.REFUSED
    assert "write 3" in refused.problem


def test_a_file_with_a_new_number_is_the_next_baseline_and_must_say_so() -> None:
    said, standing = project(baseline=2, numbered=True), {1: stands()}
    assert outcome(decided(said, standing, Change.BASELINE)) == (Action.NEW_BASELINE, 2, 0)
    for change in (Change.UNSAID, Change.REVISE):
        refused = decided(said, standing, change)
        assert refused.action is Action.REFUSED
        assert "use --baseline" in refused.problem


@pytest.mark.parametrize(
    ("old", "new", "differing"),
    [
        ({"owner": "A"}, {"owner": "B"}, ("owner",)),
        ({"owner": "A"}, {}, ("owner",)),
        ({}, {"owner": None}, ()),
        ({"region": {"city": "A"}}, {"region": {"city": "B", "district": "C"}}, ("region.city", "region.district")),
        ({"lines": [{"id": "a"}, {"id": "b"}]}, {"lines": [{"id": "b"}]}, ("lines[a]",)),
        ({"lines": [{"id": "a", "name": "1"}]}, {"lines": [{"id": "a", "name": "2"}]}, ("lines[a].name",)),
        ({"lines": [{"id": "a"}, {"id": "b"}]}, {"lines": [{"id": "b"}, {"id": "a"}]}, ("lines",)),
        ({"tags": ["a", "b"]}, {"tags": ["a"]}, ("tags[1]",)),
        ({"baseline": 1, "revision": 2}, {"baseline": 2}, ()),
    ],
)  # fmt: skip
def test_differences_name_the_field(
    old: dict[str, Any], new: dict[str, Any], differing: tuple[str, ...]
) -> None:
    assert differences(old, new, approval=True) == differing


def test_the_day_of_approval_counts_only_where_the_file_has_it() -> None:
    assert differences({"approved_on": 1}, {}, approval=False) == ()
    assert differences({"approved_on": 1}, {"approved_on": 2}, approval=True) == ("approved_on",)
