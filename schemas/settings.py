"""The settings of a process: a pure model. `milepost.environment` fills it; nothing else reads the environment."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

__all__ = ["ENGINE_CONSTANTS", "KafkaOptions", "Settings"]

ENGINE_CONSTANTS: dict[str, int] = {
    "engine_version": 1,
    "silent_after_days": 62,
    "packed_after_days": 400,
    "missed_ticks_max": 31,
    "coverage_7d_min": 5,
    "coverage_30d_min": 20,
}
"""Numbers that shape history; fixed in a log when it is created."""

_KAFKA = "kafka_"
SecurityProtocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
SaslMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """How to talk to a Kafka broker besides its address; the names are those of Kafka's own clients."""

    security_protocol: SecurityProtocol = "PLAINTEXT"
    sasl_mechanism: SaslMechanism = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ssl_cafile: Path | None = None
    ssl_certfile: Path | None = None
    ssl_keyfile: Path | None = None
    ssl_check_hostname: bool = True

    @property
    def encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.security_protocol in {"SSL", "SASL_SSL"}

    @property
    def with_password(self) -> bool:
        """Whether user name and password are asked for."""
        return self.security_protocol.startswith("SASL_")


class Settings(BaseModel):
    """All settings with their defaults; the names are those of the variables without `MILEPOST_`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(Path("data"), description="Where the embedded log and the store live")
    log: str = Field("embedded://", description="embedded:// or kafka://host:9092[,host…]")
    topic_prefix: str = Field(
        "milepost", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Prefix of topics and groups"
    )
    partitions: int = Field(8, ge=1, le=1024, description="Partitions of a new log")
    timezone: str = Field("Asia/Shanghai", description="Business calendar of a new log")
    store: Path | None = Field(None, description="Store file; default milepost.duckdb in home")
    catalog: Path | None = Field(None, description="Catalog folder; default the bundled one")
    sql_listen: str = Field("localhost:9494", description="Live SQL address; port 0: any; off")
    sql_token: str | None = Field(None, repr=False, description="Live SQL token; default random")
    http_listen: str = Field("localhost:8765", description="Dashboard address; port 0: any; off")
    kafka_security_protocol: SecurityProtocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, as the broker's listener"
    )
    kafka_sasl_mechanism: SaslMechanism = Field(
        "SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str | None = Field(None, description="User name for a SASL listener")
    kafka_sasl_password: str | None = Field(None, repr=False, description="Password for a SASL listener")
    kafka_ssl_cafile: Path | None = Field(
        None, description="Certificate (PEM) that the broker's one is signed with; default the system's"
    )
    kafka_ssl_certfile: Path | None = Field(None, description="Own certificate (PEM), if the broker asks")
    kafka_ssl_keyfile: Path | None = Field(None, description="Key (PEM) of the own certificate")
    kafka_ssl_check_hostname: bool = Field(
        default=True, description="Whether the broker's certificate must name its host"
    )

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            msg = f"unknown time zone {value!r}; use an IANA name such as Asia/Shanghai"
            raise ValueError(msg) from error
        return value

    @property
    def kafka(self) -> KafkaOptions:
        """How to talk to a Kafka broker."""
        given = {
            name.removeprefix(_KAFKA): getattr(self, name)
            for name in type(self).model_fields
            if name.startswith(_KAFKA)
        }
        return KafkaOptions(**given)

    @property
    def log_file(self) -> Path:
        """File of the embedded log."""
        return self.home / "log.db"

    @property
    def state_file(self) -> Path:
        """File of the saved states of an embedded log; it may be deleted at any time."""
        return self.home / "state.db"

    @property
    def store_file(self) -> Path:
        """File of the store."""
        return self.store or self.home / "milepost.duckdb"
