"""A listener written with the PyPI package rqse and nothing of ours but the tasks: ``q:…``."""

from __future__ import annotations

import os
import sys
from typing import Any

import rqse

from tests.chaos.ledger import Ledger
from tests.chaos.work import Noted, Refused


def _bound(input: Any) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments, as bridges and TaskListener bind an input."""
    if isinstance(input, dict):
        return [], input
    return (input if isinstance(input, list) else [input]), {}


class Listener(rqse.EventListener):  # type: ignore[misc]
    def onEstablished(self) -> None:
        print("established", flush=True)

    def process(self, id: str, event: dict[str, Any]) -> bool:
        category, _, name = event["base"].partition(":")
        if category != "q":
            # Acknowledged, for the sake of the others: with False rqse looks at it again and again.
            return True
        noted = Noted(
            Ledger.of_environment(), event["workflow"], int(event["index"]), event["token"]
        )
        end = {
            "kind": "end-task",
            **{field: event[field] for field in ("workflow", "index", "name", "token")},
        }
        args, named = _bound(event["input"])
        try:
            output = noted.run(name, *args, **(named | event["parameters"]))
        except Refused as error:
            end |= {"status": "FAILURE", "reason": str(error)}
        else:
            end["output"] = output
        self.append(end)
        return True


if __name__ == "__main__":
    listener = Listener(
        "workflows:run", "theirs",
        host=os.environ["REDIS_HOST"], port=int(os.environ["REDIS_PORT"]),
        select=["start-task"], wait=1, pause=0.05, backoff=2,
    )  # fmt: skip
    try:
        listener.listen()
    except KeyboardInterrupt:
        sys.exit(0)
