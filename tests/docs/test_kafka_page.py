"""docs/kafka.md: the page runs from top to bottom on a real broker with real processes, and says what it shows."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli import ROOT, Milepost, product_environment
from tests.kafka_broker import Broker
from tests.kafka_tools import write_console_consumer
from tests.outside_tools import program
from tests.services import service
from tests.waiting import until

PAGE = (ROOT / "docs" / "kafka.md").read_text(encoding="utf-8")
USUAL_BROKER = "localhost:9092"
BLOCK_SECONDS_MAX = 60
PAGE_SECONDS_MAX = 300
SHELLS = {"sh": ("bash", "-euo", "pipefail", "-c"), "python": (sys.executable, "-c")}


@dataclass(frozen=True)
class Block:
    """Something to run, and what the page says that it prints."""

    language: str
    script: str
    shown: str

    @property
    def only_asks(self) -> bool:
        """Whether it may be run again until what was published has arrived."""
        return all(line.startswith("milepost query") for line in self.script.splitlines())


def fences() -> list[tuple[str, str]]:
    return re.findall(r"^```(\S+)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)


def blocks() -> list[Block]:
    found = fences()
    following = [*found[1:], ("", "")]
    return [
        Block(language, text, after if after_language == "output" else "")
        for (language, text), (after_language, after) in zip(found, following, strict=True)
        if language in SHELLS
    ]


def services() -> list[list[str]]:
    """The parts that the page starts one by one, but for the clock."""
    started = re.findall(r"^\d  milepost (\w+)", PAGE, flags=re.MULTILINE)
    return [[name] for name in started if name != "clock"]


def agrees(printed: str, shown: str) -> bool:
    """Whether an output is the one of the page, where `…` stands for anything."""
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    return re.fullmatch(pattern, printed.strip(), flags=re.DOTALL) is not None


class Reader:
    """Does what the page says, in a folder of its own."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.folder, self._broker = folder, broker
        tools = folder / "bin"
        tools.mkdir()
        write_console_consumer(tools)
        path = os.pathsep.join((str(tools), str(Path(sys.executable).parent), os.environ["PATH"]))
        self.environment = product_environment(
            PATH=path, PYTHONPATH=str(ROOT), MILEPOST_LOG=broker.url, MILEPOST_SQL_LISTEN="localhost:0"
        )

    def run(self, block: Block) -> subprocess.CompletedProcess[str]:
        script = block.script.replace(USUAL_BROKER, self._broker.address)
        return subprocess.run(
            [*SHELLS[block.language], script], cwd=self.folder, env=self.environment, capture_output=True,
            text=True, timeout=BLOCK_SECONDS_MAX, check=False,
        )  # fmt: skip

    def check(self, block: Block) -> None:
        """Run a block; a question is asked again until the answer has arrived."""
        done = self.run(block)

        def shows_it() -> bool:
            nonlocal done
            if not agrees(done.stdout, block.shown):
                done = self.run(block)
            return agrees(done.stdout, block.shown)

        if block.only_asks:
            until(shows_it, BLOCK_SECONDS_MAX)
        assert done.returncode == 0, f"{block.script}\n{done.stderr}"
        assert agrees(done.stdout, block.shown), f"{block.script}\n{done.stdout}\nis not\n{block.shown}"


@pytest.mark.timeout(PAGE_SECONDS_MAX)
def test_the_page_does_what_it_shows(own_broker: Broker, milepost: Milepost) -> None:
    program("kcat", "apt-get install kcat")
    folder = milepost.folder
    (folder / "projects.yaml").write_text(dict(fences())["yaml"], encoding="utf-8")
    reader = Reader(folder, own_broker)
    with ExitStack() as parts:
        for words in services():
            parts.enter_context(service(words, folder=folder, environment=reader.environment))
        for block in blocks():
            reader.check(block)


def test_two_lines_with_kcat_publish_an_event_and_read_the_alert_that_it_caused() -> None:
    both = next(block for block in blocks() if "kcat" in block.script)
    publish, subscribe = both.script.splitlines()
    assert "| kcat -P " in publish
    assert "-t milepost.events " in publish
    assert subscribe.startswith("kcat -C ")
    assert "-t milepost.alerts " in subscribe
    assert "milepost.alert.firing.v1" in both.shown
