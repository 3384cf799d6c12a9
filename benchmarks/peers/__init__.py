"""Peers that need an environment of their own, and what runs inside it."""

from __future__ import annotations

#: What upstream's environment holds: the release, and what it needs and does not name or bound.
UPSTREAM = ("littleflow_redis==0.4.0", "littleflow==0.12.0", "rqse==0.5.3", "numpy")

#: Of the others; what is not named comes as pip finds it.
DRAMATIQ = ("dramatiq[redis]==2.2.1", "redis[hiredis]==8.1.0")
TASKIQ = (
    "taskiq==0.13.0", "taskiq-redis==1.2.4", "taskiq-pipelines==0.1.4", "redis[hiredis]==8.1.0"
)  # fmt: skip
DBOS = ("dbos==3.4.0",)
PREFECT = ("prefect==3.9.1",)
#: Its own pins are of 2023: Celery 5.5, redis 4.4.
DIRECTOR = ("celery-director==0.10.0",)

#: All but upstream; the first package of each is the peer itself.
PEERS = (DRAMATIQ, TASKIQ, DIRECTOR, DBOS, PREFECT)
