"""A workflow as it runs, on stderr: a line for each change, and on a terminal what goes on now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from littleflow_redis.events.event_codec import printable

from .lookout import Lookout
from .run_log import RunLog

if TYPE_CHECKING:
    from littleflow_redis.bridges.doctor import Subject
    from littleflow_redis.engine.client import Client
    from littleflow_redis.events.reconnect import Outage

#: How lines are coloured on a terminal, by what they tell.
STYLES = {"ended": "green", "failed": "bold red", "queued": "dim"} | dict.fromkeys(
    ("cancelled", "retrying", "requeued", "continued"), "yellow"
)


def watch(client: Client, workflow: str, outage: Outage, subject: Subject | None = None) -> None:
    """Show each change until the workflow ended, and what nobody serves; a Redis that is away is
    waited for.

    Raises UnknownWorkflow.
    """
    console = Console(stderr=True, highlight=False)
    teller, lookout = RunLog(client, workflow), Lookout(client, workflow, subject)

    def look() -> None:
        ended = False
        while not ended:
            lines, ended = teller.news()
            for line in lines:
                _show(console, line)
            if not ended:
                teller.wait()
                for sentence in lookout.news():
                    _show(console, f"waits: {sentence}")

    if console.is_terminal:
        with console.status(Text(f"{workflow} runs")):
            outage.run(look)
    else:
        outage.run(look)


def _show(console: Console, line: str) -> None:
    style = next((style for word, style in STYLES.items() if f"  {word} " in f"{line} "), "")
    console.print(Text(printable(line), style), soft_wrap=True)
