"""The command line: ``python -m littleflow_redis COMMAND``.

Each command lies in a module of its own, named after it, and is imported only when it is called. So
``--help`` imports neither redis nor celery, and a broken command does not break the others. To add
one, write ``cli/<name>.py`` with a click command called ``command`` and give it a line here.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import NamedTuple

import click


class CommandEntry(NamedTuple):
    """Where a command lies (``module:attribute``), and what the list of commands says of it."""

    target: str
    help: str


#: In the order in which ``--help`` shows them.
COMMANDS: Mapping[str, CommandEntry] = {
    name: CommandEntry(f"littleflow_redis.cli.{name}:command", text)
    for name, text in (
        ("up", "Run everything here, on an embedded Redis (for development)."),
        ("run", "Start a workflow."),
        ("compile", "Compile workflow files, and show the result."),
        ("check", "Print the problems of workflow files (for editors and CI)."),
        ("doc", "Draw a workflow, for Mermaid."),
        ("graph", "Draw a workflow, for Graphviz."),
        ("list", "List workflows, newest first."),
        ("inspect", "Show the state of a workflow and of its steps."),
        ("follow", "Print the changes of workflows, as they happen."),
        ("terminate", "Stop a workflow."),
        ("restart", "Restart a workflow where it stopped, or from a step."),
        ("archive", "Write a workflow as one JSON document."),
        ("restore", "Restore a workflow from an archive."),
        ("delete", "Delete a workflow and all its keys."),
        ("event", "Append an event to the stream."),
        ("end", "Write the end of a task by hand."),
        ("dead", "Look at events that could not be processed; retry or drop them."),
        ("worker", "Advance workflows; run built-in tasks."),
        ("receipts", "Print receipted events; remove finished entries from the stream."),
        ("bridge", "Serve steps with the tasks of a Celery app."),
        ("doctor", "Find settings of a Celery app and its servers that may cost work."),
        ("simulate", "Play every task with a random delay."),
        ("health", "Check that the process of this container works (for probes)."),
        ("version", "Print the version."),
    )
}


class LazyGroup(click.Group):
    """A group that knows its commands from :data:`COMMANDS` and imports only the one called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        # Not list(): the module of that command has the name here, once it is imported.
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            close = ", ".join(difflib.get_close_matches(name, COMMANDS))
            hint = f"Did you mean {close}?" if close else "`--help` lists them."
            ctx.fail(f"No such command {name!r}. {hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="littleflow_redis", message="%(version)s")
def cli() -> None:
    """Durable, inspectable, restartable workflows, run from Redis streams.

    Options stand after the command: `python -m littleflow_redis worker --host redis.local`. Without
    them the connection comes from REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_USERNAME and
    REDIS_PASSWORD.
    """
