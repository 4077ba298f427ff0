"""Parts of the product as processes beside a test: started, watched, and ended in good order within the promised time."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["service"]

STOP_SECONDS_MAX = 25
"""On a broker a stop takes at most 20 s, without one too."""


@contextmanager
def service(
    words: Sequence[str], *, folder: Path, environment: Mapping[str, str], exit_codes: Sequence[int] = (0,)
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `milepost …` until the block ends; it must not end before, and stop with one of the exit codes."""
    heard = folder / f"{'-'.join(words[:2])}.log"
    with heard.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "milepost", *words], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=out, stderr=out,
        )  # fmt: skip
        try:
            yield process
            _must(process.poll() is None or process.returncode in exit_codes, words, heard, "ended by itself")
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS_MAX)
            _must(process.returncode in exit_codes, words, heard, f"stopped with {process.returncode}")
        finally:
            process.kill()
            process.wait()


def _must(fine: bool, words: Sequence[str], heard: Path, what: str) -> None:
    assert fine, f"milepost {' '.join(words)} {what}:\n{heard.read_text(encoding='utf-8')[-4000:]}"
