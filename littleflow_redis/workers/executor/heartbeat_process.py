"""The process that beats for its parent until its standard input is closed."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError

from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.store.registration import Registration
from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.events.logs import kv

from .heartbeat import BEATS, Life


class Input:
    """Lines of JSON on the standard input, one at a time."""

    def __init__(self) -> None:
        self._read = b""

    def line(self, seconds: float | None) -> Any:
        """The next line, False if none comes in so many seconds, None at the end of the input."""
        while b"\n" not in self._read:
            ready, _, _ = select.select([0], [], [], seconds)
            if not ready:
                return False
            more = os.read(0, 65536)
            if not more:
                return None
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return json.loads(line)


def main() -> None:
    """Beat for the process that the first line of the input describes; the next say what for."""
    # Those of a terminal or a service manager mean the parent, which ends this one.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    given = Input()
    about, said = given.line(None), given.line(None)
    if not (about and said):
        return
    settings = ConnectionSettings.from_environment()
    if about["url"]:
        settings = replace(settings, url=about["url"], username=None, password=None)
    client = connect(settings)
    held = HeldAttempts(EngineContext.create(client, Keys(about["namespace"])))
    life = Life(about["process"], Registration.of(said), about["lifetime"])
    reported, parent, beaten = "", os.getppid(), False
    while True:
        try:
            life.beat(held)
            reported = ""
            if not beaten:
                beaten = True
                sys.stdout.write("beats\n")
                sys.stdout.flush()
        except RedisError as error:
            client.connection_pool.disconnect()
            if str(error) != reported:
                reported = str(error)
                sys.stderr.write(kv("no-heartbeat", process=life.process, error=error) + "\n")
                sys.stderr.flush()
        said = given.line(about["lifetime"] / BEATS)
        # A process that a task has forked keeps the other end of the input open.
        if said is None or os.getppid() != parent:
            # Without the interpreter's own shutdown: nothing here is worth the wait.
            os._exit(0)
        if said:
            life = replace(life, registration=Registration.of(said))


if __name__ == "__main__":
    main()
