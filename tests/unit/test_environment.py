from pathlib import Path

import pytest

from milepost.environment import settings_from
from schemas.errors import SettingsError


def test_an_option_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    found = settings_from({"home": "/o"}, {"MILEPOST_HOME": "/v", "MILEPOST_PARTITIONS": "3"})
    assert (found.settings.home, found.settings.partitions, found.settings.timezone) == (
        Path("/o"),
        3,
        "Asia/Shanghai",
    )
    assert (found.sources["home"], found.sources["partitions"], found.sources["timezone"]) == (
        "--home",
        "MILEPOST_PARTITIONS",
        "default",
    )


def test_only_a_default_is_not_chosen() -> None:
    found = settings_from({}, {"MILEPOST_TIMEZONE": "Asia/Shanghai"})
    assert found.chosen("timezone")
    assert not found.chosen("partitions")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MILEPOST_PARTITIONS", "many"),
        ("MILEPOST_TIMEZONE", "Mars/Olympus"),
        ("MILEPOST_TOPIC_PREFIX", "a b"),
    ],
)
def test_a_wrong_setting_is_named_with_its_source_and_value(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{variable} '{value}'"):
        settings_from({}, {variable: value})


def test_a_misspelt_variable_is_remembered_for_the_doctor() -> None:
    assert settings_from({}, {"MILEPOST_PARTITION": "3"}).unknown_variables == ("MILEPOST_PARTITION",)
