"""``up --run``: one workflow from its start to its end, printed on stdout."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import click

from littleflow_redis.engine.builtins.unsupported import unsupported
from littleflow_redis.engine.client import Client, as_flow
from littleflow_redis.engine.model.states import WorkflowState
from littleflow_redis.workers.embedded import EmbeddedServer

from .run_log import follow


class RunOnce:
    """A workflow that is to be run once.

    Raises FlowError for a text that does not compile and UnsupportedFlow for one that cannot run.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._flow = as_flow(file)
        unsupported(self._flow)

    async def run(self, server: EmbeddedServer) -> int:
        """Run it; return 0 if it FINISHED, otherwise 1, with the reasons on stderr."""
        client = Client(server.url())
        workflow = await asyncio.to_thread(client.start, self._flow)
        click.echo(f"up: {self._file} runs as {workflow}")
        view = await follow(client, workflow, click.echo)
        for reason in view.reasons:
            click.echo(reason, err=True)
        finished = view.state is WorkflowState.FINISHED
        if finished:
            click.echo(json.dumps(view.output, indent=2, ensure_ascii=False))
        click.echo(str(view.state))
        return 0 if finished else 1
