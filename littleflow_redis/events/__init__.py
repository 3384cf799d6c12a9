"""A stream of events in Redis and its consumers, in the form of the PyPI package ``rqse``.

It knows nothing of workflows. Names are loaded when they are first used, so that
``littleflow_redis.events.event_codec`` costs no import of redis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .client import EventClient
    from .connection import (
        ConfigurationError,
        ConnectionSettings,
        connect,
        connection_pool,
    )
    from .event_codec import Event, GarbageError, message, receipt_for
    from .group import Entry, GroupReader
    from .listener import EventListener
    from .logs import configure_logging, kv
    from .receipts import ReceiptListener, ReceiptLog
    from .reconnect import Outage, is_temporary, wait_for_redis
    from .renewal import Renewal
    from .script_batch import Call, Script, run_batch
    from .shutdown import Pace, Stop, stop_on_signals

_HOMES = {
    "client": ("EventClient",),
    "connection": ("ConfigurationError", "ConnectionSettings", "connect", "connection_pool"),
    "group": ("Entry", "GroupReader"),
    "listener": ("EventListener",),
    "logs": ("configure_logging", "kv"),
    "script_batch": ("Call", "Script", "run_batch"),
    "reconnect": ("Outage", "is_temporary", "wait_for_redis"),
    "shutdown": ("Pace", "Stop", "stop_on_signals"),
    "receipts": ("ReceiptListener", "ReceiptLog"),
    "renewal": ("Renewal",),
    "event_codec": ("Event", "GarbageError", "message", "receipt_for"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022 -- the names of rqse first
    "EventClient",
    "EventListener",
    "ReceiptListener",
    "message",
    "receipt_for",
    "Call",
    "ConfigurationError",
    "ConnectionSettings",
    "Entry",
    "Event",
    "GarbageError",
    "GroupReader",
    "Outage",
    "Pace",
    "ReceiptLog",
    "Renewal",
    "Script",
    "Stop",
    "configure_logging",
    "connect",
    "connection_pool",
    "is_temporary",
    "kv",
    "run_batch",
    "stop_on_signals",
    "wait_for_redis",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
