"""What only the log on Kafka has: brokers that cannot be used, topics that others made, records of foreign clients."""

import itertools
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from eventlog.kafka import KafkaLog
from eventlog.kafka_connection import KafkaConnection
from eventlog.log import Entry
from eventlog.outages import outlast
from eventlog.scan import newest_first, records_between
from schemas.errors import MilepostError, ServiceAway, ServiceUnavailable, SettingsError, UsageError
from schemas.settings import KafkaOptions
from schemas.topics import Topics
from tests.kafka_broker import Broker, free_ports, make_certificates
from tests.outside_tools import program
from tests.waiting import until

PARTITIONS = 4
SECONDS_MAX = 10
Open = Callable[..., KafkaLog]


@pytest.fixture
def topics(topic_prefix: str) -> Topics:
    return Topics(topic_prefix)


@pytest.fixture
def open_log(broker: Broker, topics: Topics) -> Iterator[Open]:
    """Opens logs of this test's topics, and closes them in the end."""
    numbers = itertools.count()
    with ExitStack() as opened:

        def open_one(**more: Any) -> KafkaLog:
            settings: dict[str, Any] = {
                "timezone": "Asia/Shanghai", "partitions": PARTITIONS, "topics": topics,
                "log_id": lambda: f"log-{next(numbers)}", "constants": {}, **more,
            }  # fmt: skip
            return opened.enter_context(closing(KafkaLog.open(broker.url, **settings)))

        yield open_one


@pytest.fixture
def log(open_log: Open) -> KafkaLog:
    return open_log()


@pytest.fixture
def foreign(broker: Broker) -> Callable[..., Producer]:
    def make(**more: Any) -> Producer:
        return Producer({"bootstrap.servers": broker.address, **more})

    return make


# -- brokers that cannot be used ------------------------------------------------------------------------------------


def refusal(url: str, options: KafkaOptions) -> MilepostError:
    """What opening a log is refused with; in time, in one line, without a word of a secret."""
    began = time.monotonic()
    with pytest.raises(MilepostError) as caught:
        KafkaLog.open_existing(url, topics=Topics("nobody"), options=options)
    assert time.monotonic() - began < SECONDS_MAX
    text = str(caught.value)
    assert "\n" not in text
    assert not options.sasl_password or options.sasl_password not in text
    return caught.value


def secure_options(broker: Broker) -> KafkaOptions:
    return KafkaOptions(
        security_protocol="SASL_SSL", sasl_username=broker.user, sasl_password=broker.password,
        ssl_cafile=broker.ca_file,
    )  # fmt: skip


def test_nobody_listens() -> None:
    [port] = free_ports(1)
    found = refusal(f"kafka://127.0.0.1:{port}", KafkaOptions())
    assert isinstance(found, ServiceUnavailable)
    assert f"nothing listens at 127.0.0.1:{port}" in str(found)


def test_a_name_does_not_resolve() -> None:
    found = refusal("kafka://no-such-host.invalid:9092", KafkaOptions())
    assert isinstance(found, ServiceUnavailable)
    assert "the name no-such-host.invalid does not resolve" in str(found)


def test_one_of_several_brokers_is_enough(broker: Broker, open_log: Open, topics: Topics) -> None:
    open_log()
    [port] = free_ports(1)
    url = f"kafka://127.0.0.1:{port},{broker.address}"
    with closing(KafkaLog.open_existing(url, topics=topics)) as log:
        assert log.identity.partitions == PARTITIONS


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sasl_password": "not the secret"}, "refuses the password of alice"),
        ({"sasl_username": "mallory"}, "refuses the password of mallory"),
        ({"sasl_mechanism": "PLAIN"}, "does not take the mechanism PLAIN"),
        ({"ssl_cafile": None}, "not signed by a certificate that this system trusts"),
        ({"security_protocol": "PLAINTEXT"}, "MILEPOST_KAFKA_SECURITY_PROTOCOL"),
        ({"security_protocol": "SSL"}, "expects a password"),
        ({"security_protocol": "SASL_PLAINTEXT"}, "MILEPOST_KAFKA_SECURITY_PROTOCOL"),
    ],
    ids=["password", "user", "mechanism", "no CA", "plaintext to TLS", "no password", "password without TLS"],
)
def test_a_secure_listener_says_what_is_wrong(
    secure_broker: Broker, changes: dict[str, Any], words: str
) -> None:
    found = refusal(secure_broker.secure_url, replace(secure_options(secure_broker), **changes))
    assert isinstance(found, ServiceUnavailable)
    assert words in str(found)


def test_another_ca_is_named(secure_broker: Broker, tmp_path: Path) -> None:
    make_certificates(tmp_path)
    other = replace(secure_options(secure_broker), ssl_cafile=tmp_path / "ca.pem")
    assert f"not signed by {tmp_path / 'ca.pem'}" in str(refusal(secure_broker.secure_url, other))


@pytest.mark.parametrize(
    ("changes", "words"),
    [({}, "does not speak TLS"), ({"security_protocol": "SASL_PLAINTEXT"}, "asks for no password")],
    ids=["TLS", "password"],
)
def test_a_plain_listener_says_what_is_too_much(
    secure_broker: Broker, changes: dict[str, Any], words: str
) -> None:
    found = refusal(secure_broker.url, replace(secure_options(secure_broker), **changes))
    assert isinstance(found, ServiceUnavailable)
    assert words in str(found)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (KafkaOptions(security_protocol="SASL_SSL", sasl_username="alice"), "MILEPOST_KAFKA_SASL_PASSWORD"),
        (KafkaOptions(security_protocol="SSL", ssl_cafile=Path("/nowhere.pem")), "MILEPOST_KAFKA_SSL_CAFILE"),
    ],
    ids=["no password", "no file"],
)
def test_options_that_cannot_work_are_settings_to_correct(options: KafkaOptions, words: str) -> None:
    found = refusal("kafka://127.0.0.1:1", options)
    assert isinstance(found, SettingsError)
    assert words in str(found)


def test_a_log_works_over_tls_with_a_password(secure_broker: Broker, topics: Topics) -> None:
    with closing(
        KafkaLog.open(
            secure_broker.secure_url, timezone="UTC", partitions=2, topics=topics, log_id=lambda: "safe",
            constants={}, options=secure_options(secure_broker),
        )
    ) as log:  # fmt: skip
        log.append([Entry(topics.events, b"k", b"secret", 1)])
        assert [record.value for record in log.read(topics.events, 1, 0, 10)] == [b"secret"]


def test_an_outage_is_told_in_words(own_broker: Broker, topics: Topics) -> None:
    log = KafkaLog.open(
        own_broker.url, timezone="Asia/Shanghai", partitions=1, topics=topics, log_id=lambda: "log",
        constants={},
    )  # fmt: skip
    own_broker.kill()
    with closing(log):
        for ask in (
            lambda: log.end_offset(topics.events, 0),
            lambda: log.append([Entry(topics.events, b"k", b"v")]),
        ):
            with pytest.raises(ServiceAway, match=f"nothing listens at {own_broker.address}"):
                ask()


def test_who_reads_as_a_group_is_known_with_its_partitions(
    log: KafkaLog, broker: Broker, topics: Topics
) -> None:
    assert log.members(topics.worker_group) == []
    consumer = Consumer({"bootstrap.servers": broker.address, "group.id": topics.worker_group})

    def is_given_all() -> bool:
        consumer.poll(0.05)
        places = [sorted(member.places) for member in log.members(topics.worker_group)]
        return places == [[(topics.events, number) for number in range(PARTITIONS)]]

    with closing(consumer):
        consumer.subscribe([topics.events])
        until(is_given_all)
        [member] = log.members(topics.worker_group)
        assert member.host == "127.0.0.1"
    until(lambda: log.members(topics.worker_group) == [])


def test_a_broker_that_goes_away_and_comes_back_is_outlasted(own_broker: Broker, topics: Topics) -> None:
    with closing(
        KafkaLog.open(
            own_broker.url, timezone="UTC", partitions=2, topics=topics, log_id=lambda: "log", constants={}
        )
    ) as log:
        log.append([Entry(topics.events, b"k", b"before", 0)])
        own_broker.kill()
        for use in (
            lambda: log.read(topics.events, 0, 1, 10),
            lambda: log.end_offset(topics.events, 0),
            lambda: log.append([Entry(topics.events, b"k", b"lost or not", 1)]),
        ):
            began = time.monotonic()
            with pytest.raises(ServiceAway):
                use()
            assert time.monotonic() - began < SECONDS_MAX
        threading.Thread(target=own_broker.start).start()
        records = outlast(lambda: log.read(topics.events, 0, 0, 10), threading.Event())
        assert [record.value for record in records or ()] == [b"before"]
        log.append([Entry(topics.events, b"k", b"after", 0)])
        assert [record.value for record in log.read(topics.events, 0, 1, 10)] == [b"after"]


# -- topics and identity ----------------------------------------------------------------------------------------------


def create(broker: Broker, name: str, partitions: int, **configs: str) -> None:
    wanted = {name.replace("_", "."): value for name, value in configs.items()}
    with broker.admin() as admin:
        admin.create_topics(
            {name: {"num_partitions": partitions, "replication_factor": 1, "configs": wanted}}
        )


def existing(broker: Broker, topics: Topics) -> set[str]:
    with broker.admin() as admin:
        return {name for name in admin.list_topics() if name.startswith(topics.prefix)}


def test_topics_are_made_as_the_contract_says(broker: Broker, log: KafkaLog, topics: Topics) -> None:
    with broker.admin() as admin:
        found = admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, name) for name in (*topics.all, topics.state)],
            config_filter="all",
        )["topic"]
    for name in (topics.events, topics.alerts, topics.rejected):
        assert found[name]["retention.ms"]["value"] == "-1"
        assert found[name]["cleanup.policy"]["value"] == "delete"
    assert found[topics.kpis]["cleanup.policy"]["value"] == "compact"
    assert int(found[topics.kpis]["min.compaction.lag.ms"]["value"]) == 30 * 24 * 60 * 60 * 1000
    assert found[topics.events]["message.timestamp.type"]["value"] == "LogAppendTime"
    assert found[topics.state]["cleanup.policy"]["value"] == "compact"


def test_topics_with_other_partitions_are_refused_before_anything_is_made(
    broker: Broker, open_log: Open, topics: Topics
) -> None:
    create(broker, topics.kpis, 3, message_timestamp_type="LogAppendTime")
    with pytest.raises(ServiceUnavailable, match=r"kpis .* has 3 partitions.*MILEPOST_PARTITIONS=3"):
        open_log()
    assert existing(broker, topics) == {topics.kpis}
    assert open_log(partitions=3).identity.partitions == 3


def test_events_with_the_time_of_their_producers_are_refused(
    broker: Broker, open_log: Open, topics: Topics
) -> None:
    create(broker, topics.events, PARTITIONS)
    with pytest.raises(
        ServiceUnavailable, match=r"events .* message.timestamp.type CreateTime.*LogAppendTime"
    ):
        open_log()


def test_a_state_that_expires_is_refused(broker: Broker, open_log: Open, topics: Topics) -> None:
    create(broker, topics.state, PARTITIONS)
    with pytest.raises(ServiceUnavailable, match=r"state .* cleanup.policy delete.*compact"):
        open_log()


def test_settings_that_contradict_the_log_are_refused_with_both_values(log: KafkaLog) -> None:
    log.check_identity(timezone="Asia/Shanghai", partitions=PARTITIONS)
    with pytest.raises(SettingsError, match=r"partitions 4, the setting says 8.*MILEPOST_PARTITIONS"):
        log.check_identity(partitions=8)


def test_there_is_no_log_before_somebody_makes_one(broker: Broker, topics: Topics) -> None:
    with pytest.raises(ServiceUnavailable, match=f"no log at .* under the prefix {topics.prefix}"):
        KafkaLog.open_existing(broker.url, topics=topics)
    assert existing(broker, topics) == set()


def test_many_who_open_a_new_log_at_once_agree_on_its_identity(open_log: Open) -> None:
    found: list[str] = []

    def look() -> None:
        found.append(open_log().identity.log_id)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1


def test_a_log_whose_maker_died_before_it_wrote_the_identity_gets_one(
    broker: Broker, open_log: Open, topics: Topics
) -> None:
    create(broker, topics.state, PARTITIONS, cleanup_policy="compact")
    first = open_log(timezone="UTC").identity
    assert first.timezone == "UTC"
    assert open_log().identity == first


# -- appending -------------------------------------------------------------------------------------------------------


def test_a_record_that_no_topic_takes_is_refused_before_anything_is_sent(
    log: KafkaLog, topics: Topics
) -> None:
    entries = [Entry(topics.events, b"k", b"small", 0), Entry(topics.events, b"k", b"x" * (17 << 20), 0)]
    with pytest.raises(UsageError, match=r"a record of \d+ bytes for .*events is too large"):
        log.append(entries)
    assert log.read(topics.events, 0, 0, 10) == []


def test_a_producer_that_was_refused_once_is_replaced(broker: Broker, open_log: Open, topics: Topics) -> None:
    create(
        broker, topics.events, PARTITIONS, message_timestamp_type="LogAppendTime", max_message_bytes="1000"
    )
    log = open_log()
    with pytest.raises(UsageError, match=r"too large for .*events: set its max.message.bytes"):
        log.append([Entry(topics.events, b"k", b"x" * 5_000, 0)])
    log.append([Entry(topics.events, b"k", b"small", 0)])
    assert [record.value for record in log.read(topics.events, 0, 0, 10)] == [b"small"]


def test_a_record_without_key_or_value_that_kafka_cannot_hold_is_named(log: KafkaLog, topics: Topics) -> None:
    with pytest.raises(UsageError, match="neither key nor value"):
        log.append([Entry(topics.events, None, None, 0)])


def test_a_topic_or_partition_that_is_not_there_is_named(log: KafkaLog, topics: Topics) -> None:
    with pytest.raises(SettingsError, match=r"has no topic elsewhere"):
        log.append([Entry("elsewhere", b"k", b"v")])
    with pytest.raises(SettingsError, match=r"has partitions 0 to 3, not 4"):
        log.read(topics.events, 4, 0, 1)


# -- what others put there -------------------------------------------------------------------------------------------


def test_records_of_foreign_clients_are_read_as_they_are(
    log: KafkaLog, topics: Topics, foreign: Callable[..., Producer]
) -> None:
    producer = foreign()
    sent: list[tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]]]] = [
        (None, b"no key", []),
        (b"no value", None, []),
        (None, None, []),
        (b"headers", b"v", [("ce_id", b"1"), ("ce_id", b"\xff"), ("none", None)]),
        ("项目".encode(), "🏗️ مشروع".encode(), []),
    ]
    for key, value, headers in sent:
        producer.produce(topics.events, key=key, value=value, headers=headers, partition=3)
    assert producer.flush(10) == 0
    found = log.read(topics.events, 3, 0, 100)
    assert [(record.key, record.value) for record in found] == [(key, value) for key, value, _ in sent]
    assert found[3].headers == (("ce_id", b"1"), ("ce_id", b"\xff"), ("none", b""))


@pytest.mark.parametrize("codec", ["none", "gzip", "lz4", "snappy", "zstd"])
def test_a_header_whose_name_is_no_text_stops_nobody(
    broker: Broker, log: KafkaLog, topics: Topics, codec: str
) -> None:
    kcat = program("kcat", "apt-get install kcat")
    command: list[str | bytes] = [
        kcat,
        "-P",
        "-b",
        broker.address,
        "-t",
        topics.events,
        "-p",
        "2",
        "-z",
        codec,
        "-K",
        "=",
    ]
    odd = [*command, "-H", b"a\xffb=1", "-H", "ce_id=项目"]
    for words, value in ((command, b"k=before" * 9), (odd, b"k=odd" * 9), (command, b"k=after" * 9)):
        subprocess.run(words, input=value, check=True, timeout=20)
    before, found, after = log.read(topics.events, 2, 0, 100)
    assert (before.value, after.value) == ((b"k=before" * 9)[2:], (b"k=after" * 9)[2:])
    assert (found.key, found.value, found.offset) == (b"k", (b"k=odd" * 9)[2:], 1)
    assert found.headers == (("a\\xffb", b"1"), ("ce_id", "项目".encode()))
    assert before.recorded_at_us <= found.recorded_at_us <= after.recorded_at_us


@pytest.mark.parametrize("codec", ["gzip", "lz4", "snappy", "zstd"])
def test_every_compression_of_kafka_is_read(
    log: KafkaLog, topics: Topics, foreign: Callable[..., Producer], codec: str
) -> None:
    producer = foreign(**{"compression.type": codec, "linger.ms": 50})
    for number in range(2_000):
        producer.produce(topics.events, value=b"value of %d" % number, partition=1)
    assert producer.flush(10) == 0
    values = [record.value for record in records_between(log, topics.events, 1, 0, 5_000)]
    assert values == [b"value of %d" % number for number in range(2_000)]


def test_what_a_transaction_took_back_is_not_read_and_its_marks_confuse_nobody(
    log: KafkaLog, topics: Topics, foreign: Callable[..., Producer]
) -> None:
    producer = foreign(**{"transactional.id": topics.prefix})
    producer.init_transactions(10)
    for number, keep in enumerate([True, False, True, False]):
        producer.begin_transaction()
        for at in range(3):
            producer.produce(topics.events, value=b"%d %d" % (number, at), partition=2)
        if keep:
            producer.commit_transaction(10)
        else:
            producer.flush(10)
            producer.abort_transaction(10)
    kept = [b"%d %d" % (number, at) for number in (0, 2) for at in range(3)]
    # Four times three records and a mark; the broker answers a commit before it has written the mark.
    end = 4 * (3 + 1)
    until(lambda: log.end_offset(topics.events, 2) == end)
    assert [record.value for record in log.read(topics.events, 2, 0, 100)] == kept
    assert [record.value for record in records_between(log, topics.events, 2, 0, end)] == kept
    assert [record.value for record in newest_first(log, topics.events, 2)] == kept[::-1]
    last = log.last(topics.events, 2)
    assert last is not None
    assert last.value == kept[-1]
    for offset in range(last.offset + 1, end + 1):
        assert log.read(topics.events, 2, offset, 100) == []
    log.append([Entry(topics.events, b"k", b"behind", 2)])
    assert [record.value for record in log.read(topics.events, 2, last.offset + 1, 100)] == [b"behind"]


def test_a_transaction_that_is_open_is_read_when_it_is_done(
    log: KafkaLog, topics: Topics, foreign: Callable[..., Producer]
) -> None:
    producer = foreign(**{"transactional.id": topics.prefix})
    producer.init_transactions(10)
    producer.begin_transaction()
    producer.produce(topics.events, value=b"in doubt", partition=0)
    producer.flush(10)
    log.append([Entry(topics.events, b"k", b"behind it", 0)])
    assert log.read(topics.events, 0, 0, 10) == []
    assert log.end_offset(topics.events, 0) == 0
    producer.commit_transaction(10)
    until(lambda: len(log.read(topics.events, 0, 0, 10)) == 2)


def test_reading_begins_with_what_is_left_where_old_records_were_deleted(
    broker: Broker, log: KafkaLog, topics: Topics
) -> None:
    log.append([Entry(topics.rejected, b"k", b"%d" % at, 0) for at in range(10)])
    with broker.admin() as admin:
        admin.delete_records({TopicPartition(topics.rejected, 0): 6})
    assert [record.value for record in log.read(topics.rejected, 0, 0, 2)] == [b"6", b"7"]
    assert [record.offset for record in newest_first(log, topics.rejected, 0)] == [9, 8, 7, 6]


# -- what it costs ----------------------------------------------------------------------------------------------------


def test_whoever_follows_all_partitions_asks_once_for_all(
    monkeypatch: pytest.MonkeyPatch, log: KafkaLog, topics: Topics
) -> None:
    places = [(topic, partition) for topic in topics.all for partition in range(PARTITIONS)]
    asked: list[object] = []
    ask = KafkaConnection.ask

    def counted(connection: KafkaConnection, request: Any, node: int) -> Any:
        asked.append(request)
        return ask(connection, request, node)

    for place in places:
        assert log.read(*place, 0, 10) == []
    monkeypatch.setattr(KafkaConnection, "ask", counted)
    for _ in range(5):
        for place in places:
            assert log.read(*place, 0, 10) == []
    assert len(asked) < len(places)


def test_what_one_appends_is_read_at_once_by_the_same_and_by_others(open_log: Open, topics: Topics) -> None:
    log, other = open_log(), open_log()
    for number in range(20):
        log.append([Entry(topics.events, b"k", b"%d" % number, 0)])
        assert len(log.read(topics.events, 0, number, 10)) == 1
        assert log.end_offset(topics.events, 0) == number + 1
        until(lambda number=number: len(other.read(topics.events, 0, number, 10)) == 1)  # type: ignore[misc]
