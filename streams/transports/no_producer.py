"""The producer that Faust wants and a worker of ours does not have: output goes through a port of its own, not through Faust."""

from typing import Any, NoReturn

from faust.transport import base

from schemas.errors import SettingsError

__all__ = ["NoProducer"]


class NoProducer(base.Producer):
    """Refuses whatever Faust would publish, and holds no connection."""

    async def create_topic(self, topic: str, partitions: int, replication: int, **options: Any) -> None:
        """Topics are made with the log."""

    async def send(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse."""
        raise SettingsError("this transport only reads; publish with the event log, not with Faust")

    async def send_and_wait(self, *args: Any, **options: Any) -> NoReturn:
        """Refuse."""
        await self.send()

    async def flush(self) -> None:
        """Nothing is ever under way."""
        await self.buffer.flush()

    def supports_headers(self) -> bool:
        """Nothing is sent, so no headers are."""
        return False
