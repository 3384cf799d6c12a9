"""A RabbitMQ node of a test's own: its own port, data and name; nothing of the machine's node."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import LONG, die_with_parent, free_port, wait_until

#: Where Debian and RabbitMQ's own packages put the script that needs no special user.
_SCRIPTS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server")


def rabbit_script() -> str:
    """Find RabbitMQ; the test is skipped where there is none."""
    for script in _SCRIPTS:
        if Path(script).exists():
            return script
    pytest.skip("RabbitMQ is not installed: apt-get install rabbitmq-server")


class RabbitServer:
    """A node that can be stopped, killed and started again; what was published to disk stays."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._script = rabbit_script()
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            "PATH": os.environ["PATH"],
            # Where Erlang keeps its cookie.
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            # So that it can be ended though it has not noticed yet that the node is gone.
            "ERL_EPMD_RELAXED_COMMAND_CHECK": "1",
        }
        (folder / "plugins").write_text("[].")

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def start(self) -> RabbitServer:
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._script],
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        wait_until(self._answers, "RabbitMQ answers", timeout=120)
        return self

    def kill(self) -> None:
        """Kill the node with all its processes; its port mapper too."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=LONG)
            self._process = None
        if epmd := shutil.which("epmd", path=self._environment["PATH"]):
            subprocess.run([epmd, "-kill"], env=self._environment, capture_output=True)

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"RabbitMQ ended: {(self._folder / 'output').read_text()[-2000:]}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as link:
            link.settimeout(5)
            link.sendall(b"AMQP\x00\x00\x09\x01")
            return bool(link.recv(8))
        return False
