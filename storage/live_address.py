"""Where live SQL answers: the setting, and the file in home that tells other processes of the same owner."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from schemas.errors import ServiceUnavailable, SettingsError

__all__ = ["ADDRESS_FILE", "LiveAddress", "listen_address", "read_address", "remove_address", "write_address"]

ADDRESS_FILE: Final = "sql.json"
_ANY_HOST: Final = {"": "localhost", "0.0.0.0": "localhost", "::": "localhost"}  # noqa: S104 - what a client connects to instead


@dataclass(frozen=True, slots=True)
class LiveAddress:
    """A server of live SQL, the store that it serves, and what a client needs to be let in."""

    host: str
    port: int
    token: str = field(repr=False)
    store: str
    timezone: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


_addresses = TypeAdapter(LiveAddress)


def listen_address(setting: str) -> tuple[str, int] | None:
    """Host and port of MILEPOST_SQL_LISTEN, None for `off`. Raises SettingsError."""
    if setting.strip().lower() == "off":
        return None
    host, colon, port = setting.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if (
        not colon
        or not port.isascii()
        or not port.isdecimal()
        or int(port) > 65535
        or set(host) & set("'\" /")
    ):
        raise SettingsError(
            f"MILEPOST_SQL_LISTEN {setting!r} is not host:port; write for example localhost:9494, port 0 for any, or off"
        )
    return host or "localhost", int(port)


def client_host(host: str) -> str:
    """Where clients of this machine find a server that listens on `host`."""
    return _ANY_HOST.get(host, host)


def write_address(home: Path, address: LiveAddress) -> None:
    """Tell the owner's other processes where live SQL is; the token is for the owner alone."""
    path = home / ADDRESS_FILE
    new = path.with_suffix(".new")
    try:
        new.unlink(missing_ok=True)
        new.touch(mode=0o600, exist_ok=False)
        new.write_bytes(to_json(_addresses.dump_python(address), indent=1) + b"\n")
        new.replace(path)
    except OSError as error:
        raise ServiceUnavailable(
            f"cannot write {path}: {error.strerror}; make the folder writable or choose another --home"
        ) from error


def read_address(home: Path, store: Path) -> LiveAddress | None:
    """Where live SQL on this store was last said to be; whether it still answers is another question."""
    try:
        address = _addresses.validate_json((home / ADDRESS_FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    return address if address.store == store_name(store) else None


def remove_address(home: Path) -> None:
    """Live SQL has stopped."""
    with suppress(OSError):
        (home / ADDRESS_FILE).unlink(missing_ok=True)


def store_name(store: Path) -> str:
    """The store's file, the same for whoever names it."""
    return str(store.resolve())
