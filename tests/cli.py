"""The command line as users call it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Milepost", "Run", "product_environment"]

ROOT = Path(__file__).parents[1]
CALL_SECONDS_MAX = 60
Run = subprocess.CompletedProcess[str]


def product_environment(**more: str) -> dict[str, str]:
    """The environment of a process that we start: ours without any MILEPOST_ setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILEPOST_")}
    return {**kept, **more}


@dataclass
class Milepost:
    """Runs `milepost …` on one home, from a folder that is not the checkout."""

    home: Path
    folder: Path

    def command(self, *words: object) -> list[str]:
        """The words of a call."""
        return [sys.executable, "-m", "milepost", *map(str, words)]

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of a call."""
        return product_environment(**{"MILEPOST_HOME": str(self.home), "PYTHONPATH": str(ROOT), **more})

    def __call__(
        self,
        *words: object,
        stdin: str | bytes = b"",
        env: Mapping[str, str] | None = None,
        seconds_max: float = CALL_SECONDS_MAX,
    ) -> Run:
        """Run to the end."""
        command = self.command(*words)
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            command,
            input=given,
            capture_output=True,
            cwd=self.folder,
            env=self.environment(**(env or {})),
            timeout=seconds_max,
            check=False,
        )
        return Run(command, done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start a service; whoever starts it ends it."""
        return subprocess.Popen(
            self.command(*words),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(),
        )
