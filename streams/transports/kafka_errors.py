"""What ended a worker on Kafka, in one line with what to do."""

from typing import Final

from aiokafka import errors
from aiokafka.errors import KafkaError

from schemas.errors import MilepostError, ServiceUnavailable

__all__ = ["explain"]

_MEANINGS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (
        errors.InconsistentGroupProtocolError,
        "the group {group} has a member that assigns partitions in another way; stop all its members",
    ),
    (
        errors.InvalidSessionTimeoutError,
        "the broker allows no session of 10 s; set its group.min.session.timeout.ms to less",
    ),
    (
        errors.GroupAuthorizationFailedError,
        "the broker does not let this user read as group {group}; grant it",
    ),
    (errors.TopicAuthorizationFailedError, "the broker does not let this user read {error}; grant it"),
    (errors.CorruptRecordException, "a record on the broker is damaged: {error}; restore the partition"),
    (errors.KafkaConnectionError, "no Kafka at {place}; start it or correct MILEPOST_LOG"),
)


def explain(error: BaseException, *, place: str, group: str) -> MilepostError:
    """An error of the client in our words."""
    if isinstance(error, MilepostError):
        return error
    for kind, meaning in _MEANINGS:
        if isinstance(error, kind):
            return ServiceUnavailable(meaning.format(place=place, group=group, error=_brief(error)))
    return ServiceUnavailable(
        f"the group {group} cannot go on reading from Kafka at {place}: {_brief(error)}; start the worker again"
    )


def _brief(error: BaseException) -> str:
    known = error if not isinstance(error, KafkaError) else (str(error) or type(error).__name__)
    return str(known)[:300] or type(error).__name__
