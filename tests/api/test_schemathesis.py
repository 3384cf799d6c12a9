"""What schemathesis makes of the spec is answered as the spec says, and never by a server error."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from littleflow_redis import Client
from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import TOKEN, Service
from tests.support import LONG

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "ignored_auth",
    "negative_data_rejection",
)

pytestmark = pytest.mark.usefixtures("newest")

#: Streams have no end to wait for; their own tests read them.
STREAMS = ("stream_events", "stream_workflow")


def run(service: Service, folder: Path, config: str, *options: str) -> None:
    pytest.importorskip("schemathesis")
    (folder / "schemathesis.toml").write_text(config)
    without = [word for id in STREAMS for word in ("--exclude-operation-id", id)]
    result = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "--config-file", "schemathesis.toml",
            "run", f"{service.url}/apispec.json", "-H", f"Authorization: Bearer {TOKEN}",
            "--checks", ",".join(CHECKS), "--generation-database", "none", "--no-color",
            "--warnings", "off", *without, *options,
        ],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_whole_api(s3_service: Service, worker: LifecycleWorker, tmp_path: Path) -> None:
    options = ("--max-examples", "3", "--phases", "examples,coverage,fuzzing")
    run(s3_service, tmp_path, "", *options)


def test_reads_of_a_workflow_that_is_there(
    s3_service: Service, worker: LifecycleWorker, engine: Client, tmp_path: Path
) -> None:
    engine.start("A → { B  wait:event(- {event: e} -) } → D", {"x": 1}, workflow_id="w")
    config = '[parameters]\n"path.workflow" = "w"\n"path.index" = 1\n"path.vector" = "S"\n'
    options = ("--max-examples", "2", "--phases", "examples,fuzzing", "--include-method", "GET")
    run(s3_service, tmp_path, config, *options, "--include-path-regex", "{workflow}")
    head = {"Authorization": f"Bearer {TOKEN}"}
    assert (
        httpx.get(f"{s3_service.url}/workflows/w/state", headers=head, timeout=LONG).status_code
        == 200
    )
