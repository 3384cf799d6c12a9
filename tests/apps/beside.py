"""Another program's tasks, on the same queues as ``inside``."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery

app = Celery("beside")
app.conf.littleflow = {
    "lifetime": float(os.environ.get("LIFETIME", "8")),
    "serve": os.environ["SERVE"].split(",") if "SERVE" in os.environ else [],
}


@app.task
def mail(*_: Any) -> str:
    return "mailed"
