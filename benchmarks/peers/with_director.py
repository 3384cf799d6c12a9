"""What runs in celery-director's environment: its Celery worker, and a client.

``with_director.py worker`` lays out a project in DIRECTOR_HOME and becomes its worker.
``with_director.py client STEPS`` runs the chain and prints ``{"seconds": …}``, until its last task
has ended: the workflow's own end sleeps half a second. Imports nothing of ours.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(os.environ["HOME"]) / "project"

#: There when the worker's project is.
READY = HOME / "ready"

#: Seconds between two looks at the state of a workflow.
LOOK = 0.005

_TASKS = """
import time
from director import task

@task(name="NAP")
def nap(*args, **kwargs):
    time.sleep(0.01)
    return 1
"""

_SETTINGS = f"""
DIRECTOR_DATABASE_URI="sqlite:///{HOME}/director.db"
DIRECTOR_BROKER_URI="{os.environ["REDIS_URL"]}"
DIRECTOR_RESULT_BACKEND_URI="{os.environ["REDIS_URL"]}"
"""


def worker(steps: int) -> None:
    """Lay out the project and become the worker."""
    director = str(Path(sys.executable).parent / "director")
    (HOME / "tasks").mkdir(parents=True)
    (HOME / "tasks" / "nap.py").write_text(_TASKS)
    (HOME / ".env").write_text(_SETTINGS)
    chains = {f"bench.{count}": {"tasks": ["NAP"] * count} for count in (2, steps)}
    # JSON is YAML.
    (HOME / "workflows.yml").write_text(json.dumps(chains))
    os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    subprocess.run([director, "db", "upgrade"], check=True)
    READY.touch()
    os.execv(director, [director, "celery", "worker", "--pool", "solo", "--concurrency", "1"])


def client(steps: int) -> None:
    """Run the chain once, after a shorter one that waits for the worker."""
    while not READY.exists():
        time.sleep(0.1)
    from director import create_app

    with create_app(str(HOME)).app_context():
        run(2)
        print(json.dumps({"seconds": run(steps)}))


def run(steps: int) -> float:
    """Seconds from the start of a workflow until all its tasks have succeeded."""
    from director.builder import WorkflowBuilder
    from director.extensions import db
    from director.models import StatusType
    from director.models.tasks import Task
    from director.models.workflows import Workflow

    began = time.perf_counter()
    found = Workflow(project="bench", name=str(steps), payload={})
    found.save()
    id = found.id
    WorkflowBuilder(id).run()
    while True:
        db.session.rollback()
        if Task.query.filter_by(workflow_id=id, status=StatusType.success).count() == steps:
            return time.perf_counter() - began
        time.sleep(LOOK)


if __name__ == "__main__":
    os.environ["DIRECTOR_HOME"] = str(HOME)
    {"worker": worker, "client": client}[sys.argv[1]](int(sys.argv[2]))
