"""The environments of the peers: a virtual environment or a folder of jars each, made once from what is pinned for it."""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["PEERS", "NotInstallable", "java_classes", "python_of", "versions_in"]

PEERS = Path(__file__).parents[1] / "peers"
CACHE = PEERS.with_name(".peers")
SECONDS_MAX = 900.0


class NotInstallable(Exception):
    """A peer that this machine cannot run, and why."""


def python_of(peer: str) -> Path:
    """The interpreter of a peer's own environment."""
    requirements = PEERS / peer / "requirements.txt"
    return _made_once(peer, requirements, lambda folder: _install(requirements, folder)) / "bin" / "python"


def _install(requirements: Path, folder: Path) -> None:
    uv = (sys.executable, "-m", "uv")
    _run((*uv, "venv", "--quiet", "--python", sys.executable, "--relocatable", str(folder)))
    python = str(folder / "bin" / "python")
    _run((*uv, "pip", "install", "--quiet", "--python", python, "-r", str(requirements)))


def java_classes(peer: str) -> str:
    """The class path of a peer in Java."""
    for tool in ("java", "javac", "mvn"):
        if shutil.which(tool) is None:
            raise NotInstallable(f"{tool} is not installed")
    made = _made_once(peer, PEERS / peer / "pom.xml", lambda folder: _build(peer, folder))
    return f"{made}/classes:{made}/libs/*"


def _build(peer: str, folder: Path) -> None:
    pom = str(PEERS / peer / "pom.xml")
    _run(("mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder}/libs"))
    sources = [str(path) for path in _java_sources(peer)]
    _run(("javac", "-nowarn", "-d", f"{folder}/classes", "-cp", f"{folder}/libs/*", *sources))


def _java_sources(peer: str) -> list[Path]:
    return sorted((*(PEERS / "shared").glob("*.java"), *(PEERS / peer).glob("*.java")))


def _made_once(peer: str, pinned: Path, make: Callable[[Path], None]) -> Path:
    """A folder that is named after everything it was made from; one that broke off half-way is made again."""
    sources = _java_sources(peer) if pinned.suffix == ".xml" else []
    content = b"".join(path.read_bytes() for path in (pinned, *sources)) + sys.version.encode()
    target = CACHE / f"{peer}-{hashlib.sha256(content).hexdigest()[:12]}"
    if not target.is_dir():
        CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as beside:
            make(Path(beside) / "made")
            (Path(beside) / "made").rename(target)
    return target


def versions_in(peer: str, names: Sequence[str]) -> str:
    """What is pinned of these names, for the table."""
    pom = PEERS / peer / "pom.xml"
    pinned = _pinned_jars(pom) if pom.exists() else _pinned_packages(PEERS / peer / "requirements.txt")
    return ", ".join(f"{name} {pinned[name]}" for name in names)


def _pinned_packages(requirements: Path) -> dict[str, str]:
    return dict(line.split("==") for line in requirements.read_text().splitlines() if "==" in line)


def _pinned_jars(pom: Path) -> dict[str, str]:
    found = re.findall(r"<artifactId>(.+)</artifactId>\s*<version>(.+)</version>", pom.read_text())
    return dict(found)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_MAX, check=False)
    if done.returncode:
        raise NotInstallable(
            f"{' '.join(command[:3])} failed: {(done.stderr or done.stdout).strip()[-2000:]}"
        )
