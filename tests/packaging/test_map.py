"""The map of docs/architecture.md is the tree."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Folders without Python: data of the folder above, or the front end, which has its own map.
_LEAVES = {"lua", "swagger", "packaging", "web", "static"}


def _mapped() -> set[str]:
    page = (ROOT / "docs/architecture.md").read_text()
    block = page.split("## The map")[1].split("```")[1]
    found: set[str] = set()
    parents: list[str] = []
    for line in block.strip("\n").splitlines():
        match = re.match(r"( *)([a-z_]+)/", line)
        assert match, line
        parents[len(match[1]) // 2 :] = [match[2]]
        found.add("/".join(parents))
    return found


def test_the_map_names_each_folder_of_the_tree() -> None:
    tree = {
        str(folder.relative_to(ROOT))
        for top in ("littleflow_redis", "bridges", "api", "console")
        for folder in (ROOT / top, *(ROOT / top).rglob("*"))
        if folder.is_dir()
        and not folder.is_symlink()
        and not _LEAVES & {*folder.relative_to(ROOT).parts}
        and any(folder.glob("*.py"))
    }
    assert _mapped() == tree
