"""Archives in files and object stores: a path, or an fsspec URI such as ``s3://bucket/path``."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ..model import json_values
from ..model.errors import BadArchive
from .document import MAX_BYTES


def encode(archive: Any) -> bytes:
    """An archive as UTF-8 JSON text."""
    return json_values.dump(archive).encode() + b"\n"


def decode(raw: bytes) -> dict[str, Any]:
    """The archive in such a text. Raises BadArchive."""
    if len(raw) > MAX_BYTES:
        raise BadArchive(f"the archive has more than {MAX_BYTES:,} bytes")
    try:
        archive = json_values.load(raw)
    except json_values.BadValue as error:
        raise BadArchive(f"an archive is a JSON document: {error}") from error
    if not isinstance(archive, dict):
        raise BadArchive("an archive is a JSON object")
    return archive


def write(archive: Any, target: str | os.PathLike[str]) -> None:
    """Write an archive whole, or not at all. Raises OSError, BadArchive for an unknown scheme."""
    raw, path = encode(archive), _local(target)
    if path is None:
        system, name = _system(str(target))
        with _sentences(str(target)):
            system.pipe_file(name, raw)
        return
    try:
        _replace(path, raw)
    except OSError as error:
        # The name of the temporary file would say nothing to whoever named another one.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _replace(path: Path, raw: bytes) -> None:
    # Renamed when it is complete: a full disk leaves what was there before.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink()
        raise


def read(source: str | os.PathLike[str]) -> dict[str, Any]:
    """Read an archive. Raises OSError, BadArchive."""
    path = _local(source)
    if path is not None:
        with path.open("rb") as file:
            return decode(file.read(MAX_BYTES + 1))
    system, name = _system(str(source))
    with _sentences(str(source)), system.open(name, "rb") as file:
        raw = file.read(MAX_BYTES + 1)
    return decode(raw)


def _local(name: str | os.PathLike[str]) -> Path | None:
    """The path of a file on this machine, None for what lies elsewhere."""
    if isinstance(name, os.PathLike) or "://" not in name:
        return Path(name)
    try:
        parts = urlsplit(name)
    except ValueError as error:
        raise BadArchive(f"{name}: this is no URI ({error}); write a path, or file:///…") from error
    if parts.scheme != "file":
        return None
    if parts.netloc not in ("", "localhost"):
        raise BadArchive(f"{name}: a file URI has three slashes, such as file:///tmp/archive.json")
    return Path(unquote(parts.path))


def _system(uri: str) -> tuple[Any, str]:
    """The file system of a URI, and the name in it."""
    import fsspec

    try:
        return fsspec.core.url_to_fs(uri)  # type: ignore[no-any-return]
    except ImportError as error:
        extra = ": pip install 'littleflow_redis[s3]'" if uri.startswith("s3") else ""
        raise BadArchive(f"{uri} cannot be reached: {error}{extra}") from error
    except ValueError as error:
        raise BadArchive(f"{uri} cannot be reached: {error}") from error


@contextlib.contextmanager
def _sentences(uri: str) -> Iterator[None]:
    """Each store raises the errors of its own library: here they become one that names the URI."""
    try:
        yield
    except Exception as error:
        raise OSError(f"{uri}: {error or type(error).__name__}") from error
