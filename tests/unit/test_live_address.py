"""Where live SQL listens, and the file that tells it to the owner's other processes."""

import stat
from pathlib import Path

import pytest

from schemas.errors import ServiceUnavailable, SettingsError
from storage.live_address import (
    ADDRESS_FILE,
    LiveAddress,
    listen_address,
    read_address,
    remove_address,
    write_address,
)


def address_of(store: Path, host: str = "localhost") -> LiveAddress:
    return LiveAddress(host, 9494, "secret-secret-secret", str(store.resolve()), "Asia/Shanghai")


@pytest.mark.parametrize(
    ("setting", "place"),
    [
        ("localhost:9494", ("localhost", 9494)),
        (" 127.0.0.1:0 ", ("127.0.0.1", 0)),
        ("[::1]:9494", ("::1", 9494)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),  # noqa: S104 - a setting that somebody may choose
        (":9494", ("localhost", 9494)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_a_setting_names_host_and_port(setting: str, place: tuple[str, int] | None) -> None:
    assert listen_address(setting) == place


@pytest.mark.parametrize(
    "setting",
    [
        "",
        "localhost",
        "localhost:",
        "localhost:abc",
        "localhost:65536",
        "localhost:-1",
        "a b:1",
        "a';--:1",
        "localhost:１",
    ],
)
def test_anything_else_is_refused_with_the_setting(setting: str) -> None:
    with pytest.raises(SettingsError, match="MILEPOST_SQL_LISTEN"):
        listen_address(setting)


def test_an_address_comes_back_and_is_for_the_owner_alone(tmp_path: Path) -> None:
    address = address_of(tmp_path / "s.duckdb")
    write_address(tmp_path, address)
    assert read_address(tmp_path, tmp_path / "s.duckdb") == address
    assert stat.S_IMODE((tmp_path / ADDRESS_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [ADDRESS_FILE]


def test_an_address_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    (tmp_path / ADDRESS_FILE).touch(mode=0o644)
    (tmp_path / ADDRESS_FILE).with_suffix(".new").touch(mode=0o644)
    write_address(tmp_path, address_of(tmp_path / "s.duckdb"))
    assert stat.S_IMODE((tmp_path / ADDRESS_FILE).stat().st_mode) == 0o600


def test_the_address_of_another_store_is_none_of_this_one(tmp_path: Path) -> None:
    write_address(tmp_path, address_of(tmp_path / "s.duckdb"))
    assert read_address(tmp_path, tmp_path / "other.duckdb") is None


def test_no_file_and_a_damaged_one_are_no_address(tmp_path: Path) -> None:
    assert read_address(tmp_path, tmp_path / "s.duckdb") is None
    for damaged in (
        "",
        "{",
        "[]",
        '{"host": "x"}',
        '{"host":"h","port":"p","token":"t","store":"s","timezone":"z"}',
    ):
        (tmp_path / ADDRESS_FILE).write_text(damaged)
        assert read_address(tmp_path, tmp_path / "s.duckdb") is None


def test_an_address_is_removed_once_and_for_all(tmp_path: Path) -> None:
    write_address(tmp_path, address_of(tmp_path / "s.duckdb"))
    remove_address(tmp_path)
    remove_address(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnavailable, match=r"cannot write .*sql\.json"):
        write_address(tmp_path / "nowhere", address_of(tmp_path / "s.duckdb"))


def test_a_token_is_not_shown() -> None:
    address = address_of(Path("s.duckdb"), host="::1")
    assert "secret" not in repr(address)
    assert str(address) == "[::1]:9494"
