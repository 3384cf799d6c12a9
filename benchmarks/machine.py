"""Where and with what was measured: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers import PEERS, UPSTREAM
from benchmarks.server import server
from benchmarks.server import version as server_version

#: Packages whose version changes the figures.
_PACKAGES = ("littleflow_redis", "celery", "kombu", "redis", "hiredis")


def machine() -> dict[str, str | int]:
    """The processor, how many cores of it are ours, and the system."""
    return {"processor": _processor(), "cores": _cores(), "system": platform.platform(terse=True)}


def load() -> str:
    """How many processes wanted to run in the last 1, 5 and 15 minutes; empty where unknown."""
    try:
        return " ".join(f"{average:.2f}" for average in os.getloadavg())
    except OSError:
        return ""


def versions() -> Mapping[str, str]:
    """Versions of what takes part."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    with TemporaryDirectory(prefix="bench-") as folder, server(Path(folder)) as found:
        names = {"python": python, "server": server_version(found)}
    names |= {package: version(package) for package in _PACKAGES}
    return names | dict(map(_pinned, PEERS)) | {"upstream": UPSTREAM[0]}


def _pinned(requirements: Sequence[str]) -> tuple[str, str]:
    """Name and version of the first of a peer's packages, which is the peer."""
    name, _, version = requirements[0].partition("==")
    return name.partition("[")[0], version


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()
