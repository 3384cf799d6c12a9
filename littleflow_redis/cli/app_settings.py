"""Which broker and result backend a Celery app chose by itself.

Celery lets CELERY_BROKER_URL and CELERY_RESULT_BACKEND win over the app's settings. So who sets
them for an app that has settings of its own would quietly move it to another broker. ``up`` asks
first: in a process of its own, for importing an app may do anything.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

#: The variables, and the settings that they stand for (with their old names).
VARIABLES = {
    "CELERY_BROKER_URL": ("broker_url", "broker_host"),
    "CELERY_RESULT_BACKEND": ("result_backend",),
}


class AppError(Exception):
    """The app cannot be loaded; the message says why and what to do."""


def settings_of_its_own(app: str, environment: Mapping[str, str]) -> list[str]:
    """Those of ``VARIABLES`` that must not be set for ``app``, as it is configured otherwise.

    ``environment`` holds the values they would have: an app that reads them itself agrees with
    them. Raises :exc:`AppError`.
    """
    found = subprocess.run(
        [sys.executable, "-m", __name__, app], env=environment, capture_output=True, text=True
    )
    if found.returncode:
        raise AppError(found.stderr.strip())
    return [name for name in found.stdout.splitlines() if name in VARIABLES]


def main(name: str) -> None:
    """Print the variables that disagree with what the app itself is configured to use."""
    from littleflow_redis.bridges.app import load_app
    from littleflow_redis.events.connection import ConfigurationError

    try:
        app = load_app(name)
    except ConfigurationError as error:
        sys.exit(str(error))
    for variable, settings in VARIABLES.items():
        own = app.conf.first(*settings)
        if own is not None and own != os.environ[variable]:
            print(variable)  # noqa: T201 - the answer to whoever started this process


if __name__ == "__main__":
    main(sys.argv[1])
