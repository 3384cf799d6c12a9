"""Writes every list into a file: ``python -m tests.packaging.surfaces FILE``."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.support import RedisServer

from .collecting import collect

with tempfile.TemporaryDirectory() as folder:
    server = RedisServer("valkey", Path(folder)).start()
    try:
        found = collect(server, Path(folder))
    finally:
        server.kill()
Path(sys.argv[1]).write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", "utf-8")
