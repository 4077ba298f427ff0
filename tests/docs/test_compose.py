"""Dockerfile and docker-compose.yml, as far as they can be judged without an engine: no image is built here."""

import re
import shutil
import subprocess
import tomllib
from collections.abc import Mapping
from typing import Any

import click
import pytest
import yaml

from milepost.__main__ import cli
from milepost.environment import PREFIX, settings_from
from tests.cli import ROOT, product_environment
from tests.outside_tools import needs

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
Service = dict[str, Any]


def services() -> dict[str, Service]:
    content = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    found: dict[str, Service] = content["services"]
    return found


def parts() -> dict[str, Service]:
    """The services that are Milepost."""
    return {name: service for name, service in services().items() if "command" in service}


def calls() -> dict[str, list[str]]:
    """Every command line of ours in both files, by where it stands."""
    found = {f"command of {name}": service["command"] for name, service in parts().items()}
    for name, service in services().items():
        test = service.get("healthcheck", {}).get("test", [])
        if test[:2] == ["CMD", "milepost"]:
            found[f"healthcheck of {name}"] = test[2:]
    for form in re.findall(r"^(?:CMD|ENTRYPOINT)\s+(\[.*\])|CMD (\[.*\])$", DOCKERFILE, flags=re.MULTILINE):
        words = yaml.safe_load("".join(form))
        found[f"Dockerfile {words}"] = words[1:] if words[0] == "milepost" else words
    return {where: words for where, words in found.items() if words}


def compose_tool() -> list[str]:
    """What reads compose files here: the plugin of docker, or docker-compose."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    plugin = ["docker", "compose"]
    found = bool(shutil.which("docker")) and subprocess.run(
        [*plugin, "version"], capture_output=True, check=False
    )
    needs(found and found.returncode == 0, "neither docker-compose nor `docker compose` is installed")
    return plugin


def test_docker_compose_takes_the_file() -> None:
    done = subprocess.run(
        [*compose_tool(), "-f", COMPOSE, "--profile", "simulators", "config"],
        capture_output=True, text=True, timeout=60, env=product_environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(services())


@pytest.mark.parametrize("where", calls())
def test_every_command_line_is_one_of_milepost(where: str) -> None:
    name, *rest = calls()[where]
    command = cli().get_command(click.Context(cli()), name)
    assert command is not None
    command.make_context(name, rest)


def test_the_parts_are_those_of_a_production_and_the_feeds_wait_for_their_profile() -> None:
    always = {name for name, service in parts().items() if "profiles" not in service}
    assert always == {"worker", "store", "clock"}
    assert services()["worker"]["scale"] == 2
    feeds = {service["command"][1] for service in parts().values() if service["command"][0] == "simulate"}
    assert feeds == {"crude-reserve", "battery-foil", "plant-restart"}


@pytest.mark.parametrize("name", services())
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = services()[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
    assert not service.get("privileged")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    if name in parts():
        assert service["read_only"]
        assert service["user"] == "10001:10001"


def test_what_must_last_lies_on_named_volumes() -> None:
    named = set(yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"])
    mounted = {
        volume.partition(":")[0] for service in services().values() for volume in service.get("volumes", [])
    }
    assert mounted == named


def given(environment: Mapping[str, Any]) -> dict[str, str]:
    """Variables as the container gets them when nothing is set outside."""
    values = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value)) for name, value in environment.items()}
    return {name: value for name, value in values.items() if value}


@pytest.mark.parametrize("name", parts())
def test_the_settings_of_a_part_are_settings(name: str) -> None:
    environment = given(parts()[name]["environment"])
    assert all(variable.startswith(PREFIX) for variable in environment)
    sourced = settings_from({}, environment)
    assert sourced.unknown_variables == ()
    assert sourced.settings.log == "kafka://kafka:9092"


def test_live_sql_listens_where_the_port_is_published() -> None:
    store = services()["store"]
    port = store["environment"]["MILEPOST_SQL_LISTEN"].rpartition(":")[2]
    assert store["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert f"EXPOSE {port}\n" in DOCKERFILE


def test_the_image_holds_every_package_and_little_else() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.rstrip("*") for name in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert let_in == packages | {"pyproject.toml", "requirements.lock", "README.md", "LICENSE"}


def test_the_last_stage_builds_nothing_and_is_not_root() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.*)$", last, flags=re.MULTILINE) == ["10001:10001"]
    assert "pip" not in last
    assert "apt-get" not in last
