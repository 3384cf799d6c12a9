"""What exists for programs of 0.4 and rqse can be deleted: nothing else needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import LONG, RedisServer

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("without_compat.py")


def test_everything_works_without_compat(tmp_path: Path, redis_server: RedisServer) -> None:
    ignored = shutil.ignore_patterns("compat", "__pycache__", "web", "static")
    shutil.copytree(ROOT / "littleflow_redis", tmp_path / "littleflow_redis", ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-P", str(PROGRAM), redis_server.url],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LONG,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "FINISHED 8\n"
