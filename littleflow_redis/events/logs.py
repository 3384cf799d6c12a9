"""Log lines of ``key=value`` pairs, one for each change of state, for people and for grep."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TextIO

from .connection import ConfigurationError

#: The levels that ``--log-level`` and LOG_LEVEL accept.
LEVELS = ("debug", "info", "warning", "error", "critical")

_PLAIN = re.compile(r"[^\s\"=]+")


def kv(event: str, /, **fields: object) -> str:
    """Format a log line: ``event=claimed id=1-0 reason="not renewed"``. None is left out.

    A field called ``event`` does not replace the line's event.
    """
    pairs = {"event": event, **fields} | {"event": event}
    return " ".join(f"{key}={_value(value)}" for key, value in pairs.items() if value is not None)


def _value(value: object) -> str:
    text = f"{value:.3f}" if isinstance(value, float) else str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


class KeyValueFormatter(logging.Formatter):
    """Adds time (UTC), level and logger to a line; any other message becomes ``message=``."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record; a traceback follows on further lines."""
        text = record.getMessage()
        if not text.startswith("event="):
            text = f"message={_value(text)}"
        at = datetime.fromtimestamp(record.created, UTC)
        line = (
            f"time={at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z "
            f"level={record.levelname.lower()} logger={record.name} {text}"
        )
        if record.exc_info:
            line = f"{line}\n{self.formatException(record.exc_info)}"
        return line


def configure_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all log lines from ``level`` on to ``stream``, which is stderr by default.

    Raises ConfigurationError for a level that is not one of LEVELS.
    """
    if level.lower() not in LEVELS:
        raise ConfigurationError(
            f"{level!r} is not a log level; set LOG_LEVEL or --log-level to one of "
            f"{', '.join(LEVELS)}"
        )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(KeyValueFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
