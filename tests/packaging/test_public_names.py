"""What users and their programs see keeps its names: see `surfaces`.

`public_names.json` has them as of commit e6e945d. A new name is a new line there
(`python -m tests.packaging.surfaces FILE` writes them all); one that is gone is a fault.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest

from tests.support import RedisServer

from .surfaces.collecting import collect

KNOWN: dict[str, list[str]] = json.loads(Path(__file__).with_name("public_names.json").read_text())
IMPORTS = KNOWN.pop("documented imports")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("surfaces")
    server = RedisServer("valkey", folder).start()
    try:
        return collect(server, folder)
    finally:
        server.kill()


@pytest.mark.parametrize("surface", KNOWN)
def test_every_public_name_is_kept(found: dict[str, list[str]], surface: str) -> None:
    assert not sorted({*KNOWN[surface]} - {*found[surface]}), "these are gone"
    assert not sorted({*found[surface]} - {*KNOWN[surface]}), "add these to public_names.json"


@pytest.mark.parametrize("path", IMPORTS)
def test_documented_paths_can_be_imported(path: str) -> None:
    module, _, name = path.partition(":")
    if not name:
        try:
            import_module(module)
            return
        except ModuleNotFoundError:
            module, _, name = module.rpartition(".")
    assert hasattr(import_module(module), name)
