"""Every command line of docker-compose.yml, as a process on a real broker: what the containers would do, without an engine."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_core import from_json

from tests.cli import ROOT, product_environment
from tests.kafka_broker import Broker
from tests.services import service
from tests.waiting import until

BROKER_INSIDE = "kafka:9092"
ANSWER_SECONDS_MAX = 60
FLOWS_SECONDS_MAX = 90
KILLED, DONE = 130, 0


def parts() -> dict[str, dict[str, Any]]:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    return {name: made for name, made in services.items() if "command" in made}


def environment(part: Mapping[str, Any], home: Path, broker: Broker) -> dict[str, str]:
    """What a container of this part would get, with the broker of the test and any free port for live SQL."""
    given = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in part["environment"].items()}
    given["MILEPOST_LOG"] = given["MILEPOST_LOG"].replace(BROKER_INSIDE, broker.address)
    if "MILEPOST_SQL_LISTEN" in given:
        given["MILEPOST_SQL_LISTEN"] = "0.0.0.0:0"
    return product_environment(
        **given, MILEPOST_HOME=str(home), PYTHONPATH=str(ROOT), PATH=os.environ["PATH"]
    )


def call(*words: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "milepost", *words], env=env, capture_output=True, text=True,
        timeout=ANSWER_SECONDS_MAX, check=False,
    )  # fmt: skip


@pytest.mark.timeout(240)
def test_the_parts_of_the_compose_file_work_together(own_broker: Broker, tmp_path: Path) -> None:
    stores: list[dict[str, str]] = []
    with ExitStack() as running:
        for name, part in parts().items():
            for number in range(part.get("scale", 1)):
                home = tmp_path / f"{name}-{number}"
                home.mkdir()
                env = environment(part, home, own_broker)
                stores += [env] if name == "store" else []
                codes = (DONE, KILLED) if "profiles" in part else (DONE,)
                running.enter_context(
                    service(part["command"], folder=home, environment=env, exit_codes=codes)
                )
        (store,) = stores

        def projects_with_kpis() -> set[str]:
            asked = call(
                "query", "SELECT DISTINCT project_id FROM kpi_latest WHERE value IS NOT NULL", "--format", "json",
                env=store,
            )  # fmt: skip
            return {row["project_id"] for row in from_json(asked.stdout)} if asked.returncode == 0 else set()

        until(lambda: len(projects_with_kpis()) >= 3, FLOWS_SECONDS_MAX)
        assert call("query", "SELECT 1", env=store).returncode == 0
        assert call("doctor", env=store).returncode == 0
