"""The process that beats for its parent until its standard input is closed."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from dataclasses import replace

from redis.exceptions import RedisError

from littleflow_redis.engine.store.context import EngineContext
from littleflow_redis.engine.store.held_attempts import HeldAttempts
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConnectionSettings, connect
from littleflow_redis.events.logs import kv

from .heartbeat import BEATS, Life


def main() -> None:
    """Beat for the process that the first line of the input describes."""
    # Those of a terminal or a service manager mean the parent, which ends this one.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    line = sys.stdin.readline()
    if not line:
        return
    about = json.loads(line)
    settings = ConnectionSettings.from_environment()
    if about["url"]:
        settings = replace(settings, url=about["url"], username=None, password=None)
    client = connect(settings)
    held = HeldAttempts(EngineContext.create(client, Keys(about["namespace"])))
    life = Life(about["process"], about["categories"], about["lifetime"])
    reported, parent = "", os.getppid()
    while True:
        try:
            life.beat(held)
            reported = ""
        except RedisError as error:
            client.connection_pool.disconnect()
            if str(error) != reported:
                reported = str(error)
                sys.stderr.write(kv("no-heartbeat", process=life.process, error=error) + "\n")
                sys.stderr.flush()
        ended, _, _ = select.select([sys.stdin], [], [], about["lifetime"] / BEATS)
        # A process that a task has forked keeps the other end of the input open.
        if ended or os.getppid() != parent:
            # Without the interpreter's own shutdown: nothing here is worth the wait.
            os._exit(0)


if __name__ == "__main__":
    main()
