"""The process that beats for its parent until its standard input is closed."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from dataclasses import replace

from redis.exceptions import RedisError

from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.events.connection import ConnectionSettings, connect

from .heartbeat import BEATS, beat


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
    client, keys = connect(settings), Keys(about["namespace"])
    while True:
        try:
            beat(client, keys, about["process"], about["lifetime"])
        except RedisError:
            client.connection_pool.disconnect()
        ended, _, _ = select.select([sys.stdin], [], [], about["lifetime"] / BEATS)
        if ended:
            # Without the interpreter's own shutdown: nothing here is worth the wait.
            os._exit(0)


if __name__ == "__main__":
    main()
