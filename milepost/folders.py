"""What folds the partitions of a worker, on either log: the core, what it knows of earlier workers, where it publishes."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from eventlog.log import EventLog, LogIdentity
from eventlog.partitioning import partition_of
from milepost.engine import engine_name
from milepost.environment import SourcedSettings
from milepost.wiring import existing_log, is_embedded, open_log
from schemas.topics import Topics
from streams.agents import EventFolder, Publish
from streams.app import WorkerApp
from streams.broker import Broker
from streams.core.constants import Constants
from streams.core.partition import Partition, Resume
from streams.core.rules import RuleSet
from streams.kafka_output import KafkaOutput
from streams.log_thread import LogThread
from streams.output import publish_to
from streams.recovery import read_resume
from streams.saved_states import SavedStates
from streams.state_saving import StateSaver
from streams.transports.embedded_states import EmbeddedStates
from streams.transports.kafka_states import KafkaStates

__all__ = ["FolderPlan"]

Close = Callable[[], Awaitable[None]]
NewPartition = Callable[[int], Awaitable[Partition]]
RecordedAt = Callable[[int, int], Awaitable[int | None]]
FINAL_SAVE_SHARE: Final = 0.6
"""Of the time that a stop may take."""


@dataclass(frozen=True)
class FolderPlan:
    """How to open the folder of a worker when it starts; `lock` is held while it runs."""

    sourced: SourcedSettings
    broker: Broker
    topics: Topics
    rules: RuleSet
    live: bool = True
    lock: AbstractContextManager[object] | None = None

    def open_folder(self, app: WorkerApp) -> EventFolder:
        """Open what it needs, in the thread of the worker. What is wrong with the log is told at once."""
        with ExitStack() as held:
            if self.lock is not None:
                held.enter_context(self.lock)
            opened = self._on_embedded(held) if is_embedded(self.sourced.settings) else self._on_kafka()
            saver, publish, close = opened
            saver.in_hurry = lambda: app.should_stop or app.rebalancing
            let_go = held.pop_all().close

        async def close_all() -> None:
            await saver.close()
            await close()
            let_go()

        return EventFolder(
            self.topics,
            saver.open,
            publish,
            app.end_offset,
            time.monotonic,
            live=self.live,
            save=saver.save,
            discard=saver.discard,
            close=close_all,
        )

    def _on_embedded(self, held: ExitStack) -> tuple[StateSaver, Publish, Close]:
        """One log of the worker's thread for everything: what is asked of it takes milliseconds."""
        log = held.enter_context(open_log(self.sourced))

        async def new_partition(number: int) -> Partition:
            return self._partition(number, log.identity, read_resume(log, self.topics, number))

        async def recorded_at(number: int, offset: int) -> int | None:
            return self._recorded_at(log, number, offset)

        async def close() -> None:
            """The log is closed with what is held."""

        states = EmbeddedStates(self.sourced.settings.state_file)
        return self._saver(states, log.identity, new_partition, recorded_at), publish_to(log), close

    def _on_kafka(self) -> tuple[StateSaver, Publish, Close]:
        """Questions to the log are put in a thread, for heartbeats must go on; output goes through a producer."""
        with open_log(self.sourced) as log:
            identity = log.identity
        reader = LogThread(partial(existing_log, self.sourced))
        output = KafkaOutput(self.broker, partitions=identity.partitions, last=self.topics.kpis)

        states = KafkaStates(
            self.broker.servers,
            topic=self.topics.state,
            group=self.topics.worker_group,
            credentials=self.broker.credentials,
        )

        async def new_partition(number: int) -> Partition:
            resume = await reader.ask(lambda log: self._resume(log, number))
            return self._partition(number, identity, resume)

        async def recorded_at(number: int, offset: int) -> int | None:
            return await reader.ask(lambda log: self._recorded_at(log, number, offset))

        async def close() -> None:
            await output.close()
            await reader.close()

        return self._saver(states, identity, new_partition, recorded_at), output.publish, close

    def _saver(
        self, states: SavedStates, identity: LogIdentity, new_partition: NewPartition, recorded_at: RecordedAt
    ) -> StateSaver:
        seconds_max = self.broker.stop_seconds_max * FINAL_SAVE_SHARE
        return StateSaver(
            states, identity, engine_name(), new_partition, recorded_at, time.monotonic, seconds_max
        )

    def _resume(self, log: EventLog, number: int) -> Resume:
        return read_resume(log, self.topics, number)

    def _recorded_at(self, log: EventLog, number: int, offset: int) -> int | None:
        """When the record at an offset was appended; -1: there has never been one, None: there is none any more."""
        if offset >= log.end_offset(self.topics.events, number):
            return -1
        found = log.read(self.topics.events, number, offset, 1)
        return found[0].recorded_at_us if found and found[0].offset == offset else None

    def _partition(self, number: int, identity: LogIdentity, resume: Resume) -> Partition:
        return Partition(
            number,
            place=lambda project_id: partition_of(project_id, identity.partitions),
            zone=ZoneInfo(identity.timezone),
            constants=Constants.of(identity.constants),
            rules=self.rules,
            resume=resume,
            notes_changes=True,
        )
