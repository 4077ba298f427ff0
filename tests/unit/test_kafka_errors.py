"""What ends a worker on Kafka is told in one line that names group and place and says what to do."""

import pytest
from aiokafka import errors

from schemas.errors import ServiceUnavailable, SettingsError
from streams.transports.kafka_errors import explain


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.InconsistentGroupProtocolError(), "the group m.worker has a member that assigns partitions in another way"),
        (errors.InvalidSessionTimeoutError(), "set its group.min.session.timeout.ms to less"),
        (errors.GroupAuthorizationFailedError("m.worker"), "does not let this user read as group m.worker; grant it"),
        (errors.TopicAuthorizationFailedError("m.events"), "does not let this user read .*m.events.*; grant it"),
        (errors.KafkaConnectionError("no"), "no Kafka at broker:9092; start it or correct MILEPOST_LOG"),
        (errors.KafkaError(), "the group m.worker cannot go on reading from Kafka at broker:9092: KafkaError"),
        (ValueError("x" * 9_000), "at broker:9092: x{300}; start the worker again"),
    ],
)  # fmt: skip
def test_an_error_of_the_client_is_one_line(error: Exception, told: str) -> None:
    explained = explain(error, place="broker:9092", group="m.worker")
    assert isinstance(explained, ServiceUnavailable)
    with pytest.raises(ServiceUnavailable, match=told):
        raise explained
    assert "\n" not in str(explained)


def test_an_error_of_ours_stays_what_it_is() -> None:
    ours = SettingsError("wrong")
    assert explain(ours, place="broker:9092", group="g") is ours
