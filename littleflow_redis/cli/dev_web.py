"""The API and the console of ``up``: on loopback, behind a token that stays in the data folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from littleflow_redis.console.files import built
from littleflow_redis.workers.embedded import keep_secret
from littleflow_redis.workers.ports import LOOPBACK, port_like

#: Where API and console listen if nobody else does.
API_PORT, CONSOLE_PORT = 5000, 8000

#: Name of the file that holds the token, in the folder of the embedded server.
_TOKEN = "token"  # noqa: S105

#: What others may have been told is not for these two.
_ELSEWHERE = ("SERVICE_CONFIG", "LITTLEFLOW_API_TOKEN_FILE", "LITTLEFLOW_API_HOSTS")


@dataclass(frozen=True, slots=True)
class Web:
    """Where both listen, and the token that the API wants. Without pages there is no console."""

    token: str = field(repr=False)
    #: The file that holds the token.
    file: Path
    api_port: int
    console_port: int | None

    @property
    def api(self) -> str:
        """The URL of the API."""
        return f"http://{LOOPBACK}:{self.api_port}/"

    @property
    def console(self) -> str | None:
        """The link to the console, with the token; a browser keeps that to itself."""
        if self.console_port is None:
            return None
        return f"http://{LOOPBACK}:{self.console_port}/#token={self.token}"

    @property
    def api_command(self) -> tuple[str, ...]:
        """The arguments of `python -m` that start the API."""
        return "littleflow_redis.service", f"{LOOPBACK}:{self.api_port}"

    @property
    def console_command(self) -> tuple[str, ...]:
        """The arguments of `python -m` that start the console."""
        return "littleflow_redis.console", f"{LOOPBACK}:{self.console_port}"

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The variables of both processes. The token is in no argument list."""
        origins = [f"http://{host}:{self.console_port}" for host in (LOOPBACK, "localhost")]
        return {
            **{name: value for name, value in inherited.items() if name not in _ELSEWHERE},
            "LITTLEFLOW_API_TOKEN": self.token,
            "LITTLEFLOW_API_ORIGINS": " ".join(origins if self.console_port else []),
            "LITTLEFLOW_CONSOLE_API": self.api,
        }


@contextmanager
def choose(folder: Path) -> Iterator[Web]:
    """Draw or read the token, and choose ports that are free, and ours while inside.

    ``folder`` is that of the embedded server.
    """
    token = keep_secret(folder / _TOKEN)
    with ExitStack() as stack:
        console = stack.enter_context(port_like(CONSOLE_PORT)) if built() else None
        api = stack.enter_context(port_like(API_PORT))
        yield Web(token, folder / _TOKEN, api, console)
