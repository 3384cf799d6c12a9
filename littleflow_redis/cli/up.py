"""``up``: everything one needs, on an embedded Redis, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from littleflow_redis.console.files import NOT_BUILT
from littleflow_redis.workers.child_process import ChildFailed
from littleflow_redis.workers.embedded import EmbeddedError, EmbeddedServer, prepare
from littleflow_redis.workers.ports import LOOPBACK
from littleflow_redis.workers.supervisor import supervise

from .app_settings import AppError
from .dev_processes import CeleryOptions, exports, stages
from .dev_web import Web, choose

if TYPE_CHECKING:
    from .run_once import RunOnce

#: Exit code of a `--run` that a signal cut short, as a shell gives it for Ctrl-C.
INTERRUPTED = 128 + signal.SIGINT

#: Width of the names before the lines of the processes.
_NAMES = 8


@click.command(name="up")
@click.option("-A", "--app", help="Celery app, as for `celery -A`: its worker serves the steps.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the server's data.  [default: .littleflow; with --run a temporary folder]",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1.  [default: any]")
@click.option(
    "--category", "categories", multiple=True, help="Category that the app serves; repeatable."
)
@click.option("--concurrency", type=click.IntRange(1), help="Celery tasks at once.")
@click.option(
    "--pool",
    type=click.Choice(["prefork", "threads", "solo"]),
    default="prefork",
    show_default=True,
    help="Pool of the Celery worker.",
)
@click.option(
    "--run",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run this workflow, show its changes, and end.",
)
@click.option("--no-console", is_flag=True, help="Without the API and the console.")
@click.option("--quiet", is_flag=True, help="Show the output of a process only when it dies.")
@click.option(
    "--log-level", type=click.Choice(["debug", "info"]), default="info", show_default=True
)
def command(
    app: str | None,
    folder: Path | None,
    port: int | None,
    categories: tuple[str, ...],
    concurrency: int | None,
    pool: str,
    file: Path | None,
    no_console: bool,
    quiet: bool,
    log_level: str,
) -> None:
    """Run Redis, API and console here, and what drives workflows: with -A a Celery worker alone.

    That worker serves the steps itself (`-I littleflow_redis.steps`); without -A there are a worker
    and receipts.

    For development: all of it listens on 127.0.0.1 only. The Redis is a Valkey server of its own,
    with a password; its data stays in the folder --dir from start to start. Prints a link to the
    console, and lines to type in other terminals. Ctrl-C ends everything in order, a second one at
    once. With --run neither API nor console is started.
    """
    if app is None and (categories or concurrency):
        raise click.UsageError("--category and --concurrency are about a Celery app: add -A APP")
    celery = CeleryOptions(app, categories, concurrency, pool) if app is not None else None
    play = _compiled(file) if file is not None else None
    try:
        with ExitStack() as stack:
            if folder is None and file is not None:
                temporary = tempfile.TemporaryDirectory(prefix="littleflow-")
                folder = Path(stack.enter_context(temporary)) / "redis"
            server = stack.enter_context(prepare(folder or Path(".littleflow"), port))
            web = None
            if not no_console and play is None:
                web = stack.enter_context(choose(server.folder))
            code = _run(server, celery, play, web, log_level=log_level, quiet=quiet)
    except (EmbeddedError, AppError, ChildFailed) as error:
        raise click.ClickException(str(error)) from error
    sys.exit(code)


def _run(
    server: EmbeddedServer,
    celery: CeleryOptions | None,
    play: RunOnce | None,
    web: Web | None,
    *,
    log_level: str,
    quiet: bool,
) -> int:
    variables, withheld = exports(server, celery)
    children = stages(server, variables, celery, web, log_level=log_level, quiet=quiet)
    _say(f"starting {', '.join(child.name for stage in children for child in stage)}")
    if celery is not None and withheld:
        names = " and ".join(withheld)
        _say(f"{celery.app} names servers of its own in place of {names}: they must be running")

    async def until_interrupted() -> int:
        _announce(server, variables, web)
        await asyncio.Event().wait()
        return 0

    if play is None:
        return supervise(children, _show, until_interrupted)
    return supervise(children, _show, lambda: play.run(server), interrupted=INTERRUPTED)


def _compiled(file: Path) -> RunOnce:
    # Imported here only, so that `up` itself is quick and stays small in memory.
    from littleflow_redis.engine.model.errors import LittleflowError
    from littleflow_redis.language import FlowError

    from .run_once import RunOnce

    try:
        return RunOnce(file)
    except (FlowError, LittleflowError) as error:
        raise click.ClickException(str(error)) from error


def _announce(server: EmbeddedServer, variables: Mapping[str, str], web: Web | None) -> None:
    _say(f"Redis on {LOOPBACK}:{server.port}; its data and password are in {server.folder}")
    _say("for other terminals:")
    for name, value in variables.items():
        click.echo(f"export {name}={value}")
    if web is not None:
        _say(f"API on {web.api} (docs: {web.api}apidocs/); its token is in {web.file}")
        _say(f"console: {web.console}" if web.console else f"no console: {NOT_BUILT}")
    _say("ready; Ctrl-C ends everything")


def _say(line: str) -> None:
    click.echo(f"up: {line}")


def _show(name: str, line: str) -> None:
    click.echo(f"{name:<{_NAMES}} | {line}", err=True)
