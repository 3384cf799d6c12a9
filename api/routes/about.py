"""The service itself, and who calls it."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

from ..blueprint import Blueprint
from ..context import caller
from ..schemas.about import CallerSchema, VersionsSchema
from ..tokens import Caller

blp = Blueprint("about", "The service itself, and who calls it.")


@blp.get("/")
@blp.response(200, VersionsSchema)
def versions() -> dict[str, str]:
    """Versions of the packages."""
    return _versions()


@cache
def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("littleflow", "littleflow_redis")}


@blp.get("/me")
@blp.response(200, CallerSchema)
def whoami() -> Caller:
    """The caller, and its permissions."""
    return caller()
