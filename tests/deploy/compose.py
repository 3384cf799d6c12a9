"""A compose file read as compose reads it, and its services started as processes.

Command, environment and health check of each container are taken as they stand. What a container
would have of its own is mapped: host names to 127.0.0.1, ports to free ones, paths to folders.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support import Spawned, free_port, wait_until

#: Seconds for one container to become healthy on a busy machine.
HEALTHY = 60.0

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([?-])([^}]*))?\})")


class ComposeError(Exception):
    """What compose would refuse with."""


def load(file: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Read a compose file with its variables filled in. Raises ComposeError for a missing one."""

    def value(match: re.Match[str]) -> str:
        escaped, name, kind, text = match.groups()
        if escaped:
            return "$"
        if environ.get(name):
            return environ[name]
        if kind == "?":
            raise ComposeError(f"{name}: {text}")
        return text or ""

    def fill(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: fill(item) for name, item in node.items()}
        if isinstance(node, list):
            return [fill(item) for item in node]
        return _VARIABLE.sub(value, node) if isinstance(node, str) else node

    filled: dict[str, Any] = fill(yaml.safe_load(file.read_text()))
    return filled


@dataclass
class Machine:
    """What stands for the network and the images: names and numbers that have to be others here."""

    root: Path
    folder: Path
    hosts: tuple[str, ...]
    #: Ports inside of containers, and what they are here.
    ports: dict[str, int]
    #: Paths inside of images, and what they are here.
    paths: dict[str, Path]
    spawn: Callable[..., Spawned]
    containers: list[Container] = field(default_factory=list)

    def here(self, text: str) -> str:
        """Text of a container, such as a command or a configuration, as it holds here."""
        text = re.sub(rf"\b(?:{'|'.join(self.hosts)})(?=:\d)", "127.0.0.1", text)
        return re.sub(r"\b\d{4}\b", lambda m: str(self.ports.get(m[0], m[0])), text)

    def start(self, name: str, service: Mapping[str, Any]) -> None:
        """Start every container of a service."""
        for number in range(service.get("deploy", {}).get("replicas", 1)):
            self.containers.append(Container(self, f"{name}-{number}", service))


class Container:
    """One process with the environment and the folders of a container."""

    def __init__(self, machine: Machine, name: str, service: Mapping[str, Any]) -> None:
        self.name = name
        self._machine = machine
        self._check: list[str] = service["healthcheck"]["test"]
        self._paths = {**machine.paths, **self._own_paths(service)}
        self._folder = self._path(service.get("working_dir", "/tmp"))
        environment = service.get("environment", {})
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOSTNAME": socket.gethostname(),
            **{key: self._variable(value) for key, value in environment.items()},
        }
        command = [self._here(word) for word in service["command"]]
        self.process = machine.spawn(command, env=self.environment, cwd=Path(self._folder))

    def wait_until_healthy(self) -> None:
        """Wait until the health check passes, as it stands in the file."""
        kind, *command = self._check
        words = ["sh", "-c", command[0]] if kind == "CMD-SHELL" else command

        def healthy() -> bool:
            assert self.process.process.poll() is None, self.process.output
            done = subprocess.run(
                [self._here(word) for word in words],
                env=self.environment,
                cwd=self._folder,
                capture_output=True,
                text=True,
                timeout=HEALTHY,
                check=False,
            )
            assert done.returncode == 0, (done.stdout, done.stderr, self.process.output)
            return True

        wait_until(healthy, f"{self.name} is healthy", HEALTHY)

    def _own_paths(self, service: Mapping[str, Any]) -> dict[str, Path]:
        own = self._machine.folder / self.name
        paths = {"/tmp": own / "tmp"}
        for volume in service.get("volumes", []):
            source, target, *_ = volume.split(":")
            named = not source.startswith((".", "/"))
            paths[target] = own / source if named else self._machine.root / source
        for path in paths.values():
            path.mkdir(parents=True, exist_ok=True)
        return paths

    def _variable(self, value: str) -> str:
        return "127.0.0.1" if value in self._machine.hosts else self._here(value)

    def _here(self, text: str) -> str:
        return self._path(self._machine.here(text))

    def _path(self, text: str) -> str:
        if not self._paths:
            return text
        longest = sorted(self._paths, key=len, reverse=True)
        pattern = rf"(?<![\w./-])(?:{'|'.join(map(re.escape, longest))})(?![\w.-])"
        return re.sub(pattern, lambda m: str(self._paths[m[0]]), text)


def ports_of(services: Mapping[str, Any], text: str) -> dict[str, int]:
    """Free ports for those that stand behind the names of services, or are published."""
    named = re.findall(rf"\b(?:{'|'.join(services)}):(\d{{4}})\b", text)
    for service in services.values():
        named += [str(entry).rpartition(":")[2] for entry in service.get("ports", [])]
    return {port: free_port() for port in dict.fromkeys(named)}
