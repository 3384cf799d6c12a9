"""A stream of events in Redis and its consumers, on the wire as the PyPI package ``rqse``.

It knows nothing of workflows. The classes of ``rqse`` are added by a room that may be absent.
Names are loaded when they are first used: ``littleflow_redis.events.event_codec`` costs no import
of redis.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .. import extensions

if TYPE_CHECKING:
    from ..compat.rqse.client import EventClient as EventClient
    from ..compat.rqse.listener import EventListener as EventListener
    from ..compat.rqse.receipts import ReceiptListener as ReceiptListener
    from ..compat.rqse.receipts import ReceiptLog as ReceiptLog
    from .connection import (
        ConfigurationError,
        ConnectionSettings,
        connect,
        connection_pool,
    )
    from .event_codec import Event, GarbageError, message, receipt_for
    from .group import Entry, GroupReader
    from .logs import configure_logging, kv
    from .reconnect import Outage, is_temporary, wait_for_redis
    from .renewal import Renewal
    from .script_batch import Call, Script, run_batch
    from .shutdown import Pace, Stop, stop_on_signals

_HOMES = {
    "connection": ("ConfigurationError", "ConnectionSettings", "connect", "connection_pool"),
    "group": ("Entry", "GroupReader"),
    "logs": ("configure_logging", "kv"),
    "script_batch": ("Call", "Script", "run_batch"),
    "reconnect": ("Outage", "is_temporary", "wait_for_redis"),
    "shutdown": ("Pace", "Stop", "stop_on_signals"),
    "renewal": ("Renewal",),
    "event_codec": ("Event", "GarbageError", "message", "receipt_for"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    *extensions.names(__name__),
    "Call",
    "ConfigurationError",
    "ConnectionSettings",
    "Entry",
    "Event",
    "GarbageError",
    "GroupReader",
    "Outage",
    "Pace",
    "Renewal",
    "Script",
    "Stop",
    "configure_logging",
    "connect",
    "connection_pool",
    "is_temporary",
    "kv",
    "message",
    "receipt_for",
    "run_batch",
    "stop_on_signals",
    "wait_for_redis",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    added = extensions.find(__name__, name)
    if added is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return added


def __dir__() -> list[str]:
    return __all__
