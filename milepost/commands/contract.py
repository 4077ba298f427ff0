"""`milepost contract DIR`: the public types as files, for other programs."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from eventlog.kafka_connection import servers_of
from milepost.shared_options import Call, command
from milepost.wiring import topics_of
from schemas.asyncapi import asyncapi_document
from schemas.catalog import KPIS
from schemas.errors import UsageError
from schemas.json_schema import json_schemas
from schemas.kpi_page import kpi_page
from schemas.settings import Settings

__all__ = ["contract"]

_USUAL_BROKER = "kafka://localhost:9092"


@command(click.argument("directory", type=click.Path(path_type=Path)))
def contract(call: Call, directory: Path) -> None:
    """JSON Schema of every event, KPI record, alert and rejection, the KPI catalog and its page, the topics as AsyncAPI."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        msg = f"{directory} is a file; name a folder"
        raise UsageError(msg) from error
    except OSError as error:
        msg = f"{directory} cannot be made: {error.strerror}; name another folder"
        raise UsageError(msg) from error
    for name, schema in json_schemas().items():
        _write(directory / f"{name}.schema.json", schema)
    _write(directory / "asyncapi.json", _topics_document(call.settings))
    _write(directory / "kpi_catalog.json", [definition._asdict() for definition in KPIS.values()])
    (directory / "kpis.md").write_text(kpi_page(), encoding="utf-8")
    files = sorted(path.name for path in (*directory.glob("*.json"), directory / "kpis.md"))
    print(json.dumps(files) if call.as_json else f"{len(files)} files in {directory}")


def _topics_document(settings: Settings) -> dict[str, Any]:
    """The topics under the prefix of the settings, on their brokers; on the usual local one if the log is embedded."""
    url = settings.log if settings.log.startswith("kafka:") else _USUAL_BROKER
    return asyncapi_document(
        topics_of(settings),
        brokers=[str(server) for server in servers_of(url)],
        access=settings.kafka,
        partitions=settings.partitions,
        version=version("milepost"),
    )


def _write(path: Path, content: object) -> None:
    path.write_text(
        json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
