"""All the lists together, each as sorted lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.support import RedisServer

from . import commands, exits, http, python, seen, sources
from .stage import played


def collect(server: RedisServer, folder: Path) -> dict[str, list[str]]:
    """The lists by what they are of; the server's database is empty, and it serves nobody else."""
    with server.client() as client, seen.keys_of(client) as keys, played(server, folder) as stage:
        document = stage.ask("/apispec.json").json()
        found: dict[str, Any] = {
            "names": python.names(),
            "signatures": python.signatures(),
            "log lines": sources.log_lines(),
            "commands": commands.commands(),
            "API operations": http.operations(document),
            "API schemas": http.schemas(document),
            "event fields": seen.events(stage),
            "hash fields": seen.hashes(stage),
            "trace": seen.trace(stage),
            "forms": seen.forms(stage),
            "metrics": seen.metrics(stage),
            "JSON members": seen.documents(stage),
            "exit codes": exits.exit_codes(stage),
            "lines of processes": seen.logged(stage),
        }
    return {name: sorted(_lines(of)) for name, of in {**found, "keys": keys}.items()}


def _lines(of: Any) -> Iterable[str]:
    if isinstance(of, Mapping):
        for name, below in of.items():
            yield from (f"{name}: {line}" for line in _lines(below))
    elif isinstance(of, str | int):
        yield str(of)
    else:
        yield from of
