"""The tasks of ``plain``, whose workers tell when they begin one."""

from __future__ import annotations

from plain import app

app.conf.task_track_started = True
