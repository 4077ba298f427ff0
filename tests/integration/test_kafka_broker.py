"""The broker of the tests itself: what other tests rely on."""

import os
import signal

from kafka import KafkaAdminClient

from tests.kafka_broker import Broker


def topics_of(broker: Broker) -> set[str]:
    with broker.admin() as admin:
        return set(admin.list_topics())


def make_topic(broker: Broker, name: str) -> None:
    with broker.admin() as admin:
        admin.create_topics({name: {"num_partitions": 2, "replication_factor": 1}})


def test_a_broker_that_was_killed_starts_again_with_its_topics_at_the_same_place(own_broker: Broker) -> None:
    address = own_broker.address
    make_topic(own_broker, "kept")
    pid = own_broker.pid
    own_broker.kill()
    own_broker.start()
    assert (own_broker.address, own_broker.pid != pid) == (address, True)
    assert "kept" in topics_of(own_broker)


def test_tests_share_a_broker_and_have_names_of_their_own(broker: Broker, topic_prefix: str) -> None:
    make_topic(broker, f"{topic_prefix}.one")
    assert f"{topic_prefix}.one" in topics_of(broker)
    os.kill(broker.pid, signal.SIGCONT)


def test_the_secure_listener_takes_the_password_over_tls(secure_broker: Broker, topic_prefix: str) -> None:
    make_topic(secure_broker, topic_prefix)
    client = KafkaAdminClient(
        bootstrap_servers=secure_broker.secure_address, bootstrap_timeout_ms=5_000,
        security_protocol="SASL_SSL", ssl_cafile=str(secure_broker.ca_file), sasl_mechanism="SCRAM-SHA-512",
        sasl_plain_username=secure_broker.user, sasl_plain_password=secure_broker.password,
    )  # fmt: skip
    try:
        assert topic_prefix in client.list_topics()
    finally:
        client.close()
