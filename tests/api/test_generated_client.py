"""The spec is usable: a client generated from it starts a workflow, waits, and reads its steps."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from typing import Any

import httpx
import pytest

from littleflow_redis.workers.lifecycle import LifecycleWorker
from tests.api.conftest import Service
from tests.support import LONG, wait_until


@pytest.fixture(scope="session")
def generated(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a package that openapi-python-client makes of /apispec.json."""
    pytest.importorskip("openapi_python_client")
    folder = tmp_path_factory.mktemp("generated")
    (folder / "apispec.json").write_text(
        json.dumps(httpx.get(f"{service.url}/apispec.json", timeout=LONG).json())
    )
    (folder / "config.yml").write_text("package_name_override: flows_client\npost_hooks: []\n")
    made = subprocess.run(
        [
            sys.executable, "-m", "openapi_python_client", "generate", "--path", "apispec.json",
            "--meta", "none", "--config", "config.yml",
        ],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    told = made.stdout + made.stderr
    assert made.returncode == 0, told
    # It knows no bodies of plain text, and takes the JSON that stands beside them.
    assert told.count("WARNING") == told.count("Unsupported content type text/plain"), told
    sys.path.insert(0, str(folder))
    return "flows_client"


def test_it_starts_a_workflow_waits_and_reads_its_steps(
    service: Service,
    http: httpx.Client,
    worker: LifecycleWorker,
    generated: str,
    request: pytest.FixtureRequest,
) -> None:
    def call(tag: str, operation: str, *args: Any, **options: Any) -> Any:
        module = import_module(f"{generated}.api.{tag}.{operation}")
        answer = module.sync_detailed(*args, client=client, **options)
        assert answer.status_code == 200, answer.content
        return answer.parsed

    client = import_module(generated).Client(base_url=service.url)
    request.addfinalizer(client.get_httpx_client().close)
    models = import_module(f"{generated}.models")
    body = models.Start(workflow="wait:delay(- {duration: 0} -)", input_={"x": 1})

    started = call("start", "start_workflow", body=body)
    state = wait_until(
        lambda: (
            (found := call("state", "workflow_state", started.workflow)).state == "FINISHED"
            and found
        ),
        "it finishes",
    )
    steps = call("steps", "workflow_steps", started.workflow)
    listed = call("workflows", "list_workflows", state=[models.ListWorkflowsStateItem.FINISHED])

    assert state.output[-1] == {"x": 1}
    assert [step.state for step in steps.steps] == ["ended"] * 3
    assert steps.steps[1].name == "wait:delay"
    assert steps.output == {"x": 1}
    assert [row.id for row in listed] == [started.workflow]
