"""Names of the topics and consumer groups under one prefix."""

from dataclasses import dataclass

__all__ = ["Topics"]


@dataclass(frozen=True, slots=True)
class Topics:
    """Full topic and group names, for example `milepost.events`."""

    prefix: str = "milepost"

    @property
    def events(self) -> str:
        """Statements and ticks, keyed by project id."""
        return f"{self.prefix}.events"

    @property
    def kpis(self) -> str:
        """Evaluations, keyed by project id."""
        return f"{self.prefix}.kpis"

    @property
    def alerts(self) -> str:
        """Alert transitions, keyed by fingerprint."""
        return f"{self.prefix}.alerts"

    @property
    def rejected(self) -> str:
        """Records that are wrong in themselves, keyed by source."""
        return f"{self.prefix}.rejected"

    @property
    def state(self) -> str:
        """Internal and on Kafka alone: the log's identity and saved states, compacted. None of the public topics."""
        return f"{self.prefix}.state"

    @property
    def all(self) -> tuple[str, str, str, str]:
        """The four public topics."""
        return (self.events, self.kpis, self.alerts, self.rejected)

    @property
    def worker_group(self) -> str:
        """Consumer group of the workers."""
        return f"{self.prefix}.worker"

    @property
    def store_group(self) -> str:
        """Consumer group of the store."""
        return f"{self.prefix}.store"
