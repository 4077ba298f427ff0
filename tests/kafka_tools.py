"""Kafka's own command-line tools for tests, from their Maven artifacts. `python -m tests.kafka_tools` only fetches them."""

import fcntl
import hashlib
import subprocess
import tempfile
from pathlib import Path

from tests.kafka_broker import CACHE, POM, what_is_missing

__all__ = ["write_console_consumer"]

TOOLS = POM.parent / "tools" / "pom.xml"
FETCH_SECONDS_MAX = 600
CONSOLE_CONSUMER = """\
#!/bin/sh
exec java -Xmx128m -Dorg.slf4j.simpleLogger.defaultLogLevel=error -cp '{libraries}/*' \
org.apache.kafka.tools.consumer.ConsoleConsumer "$@"
"""


def tool_libraries() -> Path:
    """The folder of the tools' jars; fetched once, by one process."""
    libraries = CACHE / f"tools-{hashlib.sha256(TOOLS.read_bytes()).hexdigest()[:12]}"
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "tools.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not libraries.is_dir():
            _fetch(libraries)
    return libraries


def _fetch(libraries: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as beside:
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={beside}/libs")
        subprocess.run(
            ("mvn", "-q", "-B", "-f", TOOLS, *goal), stdin=subprocess.DEVNULL, check=True,
            timeout=FETCH_SECONDS_MAX,
        )  # fmt: skip
        (Path(beside) / "libs").rename(libraries)


def write_console_consumer(folder: Path) -> None:
    """`kafka-console-consumer.sh`, as a distribution of Kafka has it."""
    script = folder / "kafka-console-consumer.sh"
    script.write_text(CONSOLE_CONSUMER.format(libraries=tool_libraries()))
    script.chmod(0o755)


if __name__ == "__main__":
    if (lacking := what_is_missing()) is not None:
        raise SystemExit(lacking)
    tool_libraries()
