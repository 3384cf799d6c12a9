"""SERVICE_CONFIG: a class whose attributes are settings, as is usual for WSGI services."""

from __future__ import annotations

from importlib import import_module

from .connection import ConfigurationError


def settings_class(path: str) -> object:
    """Import the class that SERVICE_CONFIG names, ``module.Class``; None for an empty text.

    Raises ConfigurationError, with what to set.
    """
    if not path:
        return None
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigurationError(
            f"SERVICE_CONFIG is {path!r}, which cannot be loaded ({error}); set it to module.Class,"
            " the module in a folder of PYTHONPATH"
        ) from error
