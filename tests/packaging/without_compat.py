"""Run by test_without_compat.py in a process whose package lacks ``compat``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

# The finder of an editable install adds what is missing from the checkout.
sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in str(finder)]

import littleflow_redis  # noqa: E402
from littleflow_redis.api import create_app  # noqa: E402
from littleflow_redis.workers.lifecycle import LifecycleWorker  # noqa: E402

#: Modules that do something when they are imported, or that need a server's settings.
_PROGRAMS = ("__main__", "packaging")


def main(url: str) -> None:
    """Import everything, build the API, and take a workflow to its end."""
    for module in pkgutil.walk_packages(littleflow_redis.__path__, "littleflow_redis."):
        if not module.name.rpartition(".")[2].startswith(_PROGRAMS):
            importlib.import_module(module.name)
    assert "littleflow_redis.compat" not in sys.modules
    client = littleflow_redis.Client(url)
    paths = {rule.rule for rule in create_app(client=client).url_map.iter_rules()}
    assert "/workflows/<workflow>/steps" in paths
    assert "/workflows/<workflow>/state" not in paths
    worker, listener = LifecycleWorker(client), littleflow_redis.TaskListener("x", client=client)
    listener.task("double")(lambda number: 2 * number)
    worker.reader.ensure()
    workflow = client.start("x:double", input=4)
    while client.state(workflow).state is littleflow_redis.WorkflowState.RUNNING:
        listener.turn()
        worker.turn()
    print(client.state(workflow).state, client.wait(workflow, timeout=1))


if __name__ == "__main__":
    main(sys.argv[1])
