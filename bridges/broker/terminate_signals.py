"""The signals that may end tasks; a module that imports nothing, for the help of commands."""

from __future__ import annotations

#: Names of signals that may end tasks which run and are not wanted any more.
SIGNALS = ("SIGTERM", "SIGINT", "SIGUSR1", "SIGKILL")
