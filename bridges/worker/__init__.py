"""Serving steps inside a Celery worker: in its own pool, through its own requests and tracer."""
