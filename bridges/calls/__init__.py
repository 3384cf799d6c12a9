"""Which Celery task serves a step, and how it is called."""
