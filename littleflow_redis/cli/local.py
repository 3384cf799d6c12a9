"""The work of ``run --local``: a workflow in this process, with the functions of a module."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .failures import Failure

if TYPE_CHECKING:
    from littleflow_redis.language import Flow


def play(flow: Flow, tasks: str, input: Any) -> Any:
    """Run a flow with the functions that ``--tasks`` names; return its output.

    Raises Failure with what went wrong; what a function raised is shown on stderr before.
    """
    from littleflow_redis.tasks.local import LocalFailure, run_local

    try:
        return run_local(flow, functions_in(tasks), input)
    except LocalFailure as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        raise Failure("\n".join(error.reasons)) from error


def functions_in(tasks: str) -> object:
    """Import what ``MODULE[:OBJECT]`` or ``FILE.py[:OBJECT]`` names.

    The working directory is importable from then on, as it is for ``python -m``, and so is the
    file's. Raises Failure.
    """
    name, _, attribute = tasks.partition(":")
    try:
        module = _from_file(Path(name)) if name.endswith(".py") else _from_path(name)
    except OSError as error:
        raise Failure(f"Error: {name} cannot be read: {error.strerror or error}") from error
    # The user's module runs here: whatever it raises, it cannot be used.
    except Exception as error:
        raise Failure(
            f"Error: {name} cannot be imported: {type(error).__name__}: {error}; --tasks takes a "
            f"module that can be imported in {os.getcwd()}, or the path of a .py file"
        ) from error
    if not attribute:
        return module
    try:
        return getattr(module, attribute)
    except AttributeError:
        raise Failure(f"Error: {name} has no {attribute!r}: give --tasks {name}:OBJECT") from None


def _from_path(name: str) -> ModuleType:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    return importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    path = path.resolve()
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError("this is no Python file")
    module = importlib.util.module_from_spec(spec)
    # As `import` does it: what the module defines is looked for here by its name.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
