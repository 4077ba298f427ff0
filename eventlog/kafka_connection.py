"""A connection to Kafka brokers: opened with a clear word, asked with patience. Knows neither topics nor records of ours."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final, Self, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, LeaderNotAvailableError, NodeNotReadyError, RetriableError
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.structs import TopicPartition

from eventlog.kafka_reasons import Address, client_log, explain, in_words, unreachable
from schemas.errors import ServiceAway, ServiceUnavailable, SettingsError
from schemas.settings import KafkaOptions

__all__ = ["KafkaConnection", "client_settings", "servers_of"]

PATIENCE_SECONDS: Final = 3.0
"""How long a question is put again to a broker that is away, before that is told."""

REQUEST_MS: Final = 3_000
BOOTSTRAP_MS: Final = 4_000
DEFAULT_PORT: Final = 9092
_AGAIN_SECONDS: Final = 0.1
_FRAME_BYTES_MAX: Final = 100_000_000
_Answer = TypeVar("_Answer")
_log = logging.getLogger(__name__)


def servers_of(url: str) -> list[Address]:
    """The brokers of `kafka://host:port[,host…]`."""
    scheme, found, rest = url.partition("://")
    names = rest.rstrip("/").split(",")
    if scheme != "kafka" or not found or not all(names) or "/" in rest.rstrip("/") or "@" in rest:
        raise SettingsError(f"MILEPOST_LOG {url!r} names no broker; use kafka://host:9092[,host…]")
    return [_address(url, name) for name in names]


def _address(url: str, name: str) -> Address:
    host, colon, port = name.rpartition(":") if not name.endswith("]") else (name, "", "")
    if not colon:
        return Address(name.strip("[]"), DEFAULT_PORT)
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise SettingsError(f"MILEPOST_LOG {url!r}: {name} is no host:port; use kafka://host:9092[,host…]")
    return Address(host.strip("[]"), int(port))


def client_settings(servers: Iterable[Address], options: KafkaOptions) -> dict[str, Any]:
    """What every client of kafka-python is given. Raises SettingsError for options that contradict each other."""
    _check(options)
    settings: dict[str, Any] = {
        "bootstrap_servers": [str(server) for server in servers],
        "security_protocol": options.security_protocol,
        "reconnect_backoff_max_ms": 500,
        "request_timeout_ms": REQUEST_MS,
    }
    if options.encrypted:
        for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile"):
            settings[name] = None if getattr(options, name) is None else str(getattr(options, name))
        settings["ssl_check_hostname"] = options.ssl_check_hostname
    if options.with_password:
        settings["sasl_mechanism"] = options.sasl_mechanism
        settings["sasl_plain_username"] = options.sasl_username
        settings["sasl_plain_password"] = options.sasl_password
    return settings


def _check(options: KafkaOptions) -> None:
    if options.with_password and not (options.sasl_username and options.sasl_password):
        raise SettingsError(
            f"MILEPOST_KAFKA_SECURITY_PROTOCOL {options.security_protocol} needs a user; set "
            "MILEPOST_KAFKA_SASL_USERNAME and MILEPOST_KAFKA_SASL_PASSWORD"
        )
    for name in ("ssl_cafile", "ssl_certfile", "ssl_keyfile") if options.encrypted else ():
        path = getattr(options, name)
        if path is not None and not path.is_file():
            raise SettingsError(f"MILEPOST_KAFKA_{name.upper()} {path}: there is no such file")


class KafkaConnection:
    """A connection of one thread. A question that a broker cannot answer now is put again for a while."""

    def __init__(self, place: str, settings: dict[str, Any], options: KafkaOptions) -> None:
        """Use `open`."""
        self.place = place
        self.settings = settings
        self._options = options
        self._network = NetworkSelector()
        own = {"receive_message_max_bytes": _FRAME_BYTES_MAX, "client_id": "milepost"}
        self._manager = KafkaConnectionManager(self._network, **settings, **own)
        self._manager.cluster.config["allow_auto_create_topics"] = False
        self._never = threading.Event()

    @classmethod
    def open(cls, url: str, options: KafkaOptions) -> Self:
        """Connect. Raises ServiceUnavailable within ten seconds with the reason, and SettingsError."""
        servers = servers_of(url)
        settings = client_settings(servers, options)
        if (reason := unreachable(servers)) is not None:
            raise ServiceUnavailable(f"no Kafka at {url}: {reason}; start Kafka or correct MILEPOST_LOG")
        connection = cls(url, settings, options)
        try:
            connection._start()
        except BaseException:
            connection.close()
            raise
        return connection

    def _start(self) -> None:
        heard = client_log()
        before = heard.count
        self._network.start()
        try:
            self._manager.bootstrap(BOOTSTRAP_MS)
        except KafkaError as error:
            reason = explain(heard.since(before), self._options)
            raise ServiceUnavailable(f"cannot use the broker at {self.place}: {reason}") from error
        named = [Address(broker.host, broker.port) for broker in self._manager.cluster.brokers()]
        if (trouble := unreachable(named)) is not None:
            raise ServiceUnavailable(
                f"the broker at {self.place} tells clients to come to {', '.join(map(str, named))}: {trouble}; "
                "correct its advertised.listeners"
            )

    def watch(self, topics: Iterable[str]) -> None:
        """Keep knowing who leads the partitions of these topics, and no others."""
        names = set(topics)

        async def change() -> None:
            self._manager.cluster.set_topics(names)
            await self._manager.cluster.refresh_metadata()

        self.patiently(lambda: self._manager.run(change))

    def leader(self, topic: str, partition: int) -> int:
        """The broker to ask about a partition. Raises a KafkaError that passes by when nobody leads it now."""
        node = self._manager.cluster.leader_for_partition(TopicPartition(topic, partition))
        if node is None or node == -1:
            raise LeaderNotAvailableError(f"{topic} {partition}")
        return int(node)

    def leads(self, node: int, topic: str, partition: int) -> bool:
        """Whether this broker leads the partition, as far as is known."""
        return bool(self._manager.cluster.leader_for_partition(TopicPartition(topic, partition)) == node)

    def partitions(self, topic: str) -> int:
        """Number of partitions of a watched topic. Raises a KafkaError that passes by while nobody tells."""
        found = self._manager.cluster.partitions_for_topic(topic)
        if not found:
            raise LeaderNotAvailableError(topic)
        return len(found)

    def ask(self, request: Any, node: int) -> Any:
        """Send one request and wait for its answer."""
        return self._manager.run(self._manager.send, request, node)

    def patiently(self, question: Callable[[], _Answer]) -> _Answer:
        """Put a question until it is answered. Raises ServiceAway when nobody answers for too long."""
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return question()
            except RetriableError as error:
                if monotonic() > deadline:
                    raise ServiceAway(f"Kafka at {self.place} does not answer: {self.why(error)}") from error
            except KafkaError as error:
                raise ServiceUnavailable(f"Kafka at {self.place} refuses: {_brief(error)}") from error
            self._never.wait(_AGAIN_SECONDS)
            self._look_again()

    def why(self, error: KafkaError) -> str:
        """What somebody sees who looks for the brokers now; one that listens tells the rest by its error."""
        return unreachable(servers_of(self.place)) or in_words(error) or _brief(error)

    def _look_again(self) -> None:
        """Ask who leads now; a broker that is away says nothing."""
        try:
            self._manager.run(self._manager.cluster.refresh_metadata)
        except (RetriableError, NodeNotReadyError):
            _log.debug("no broker tells who leads", exc_info=True)

    @contextmanager
    def admin(self) -> Iterator[KafkaAdminClient]:
        """A client for topics and groups, for a while."""
        client = self.patiently(lambda: KafkaAdminClient(**self.settings, bootstrap_timeout_ms=BOOTSTRAP_MS))
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        """Hang up."""
        self._network.run(self._hang_up)
        self._network.stop()
        self._network.close()

    async def _hang_up(self) -> None:
        self._manager.close()


def _brief(error: BaseException) -> str:
    """The first words of an error: some hold a whole answer of the broker."""
    text = str(error).partition("Request '")[0].strip() or type(error).__name__
    return text if len(text) <= 200 else text[:200] + "…"
