"""Load the app named by the first argument and write what was found as JSON."""

from __future__ import annotations

import json
import os
import sys

from littleflow_redis.bridges.app import app_prefixes, load_app
from littleflow_redis.bridges.calls.task_lookup import TaskLookup
from littleflow_redis.events.connection import ConfigurationError

try:
    app = load_app(sys.argv[1])
except ConfigurationError as error:
    print(json.dumps({"error": str(error)}))
else:
    found = {
        "prefixes": app_prefixes(app, sys.argv[1]),
        "tasks": sorted(TaskLookup(app.tasks).tasks),
        # Routers and the like are imported when they are first needed.
        "folder is importable": os.getcwd() in sys.path,
    }
    print(json.dumps(found))
