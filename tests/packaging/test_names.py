"""Names and sizes: one class per name, imports in one form, files that fit on a few screens."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "littleflow_redis"
#: Top-level folders that are linked into the package.
LINKED = ("api", "bridges", "console")
MOST_LINES = 300

#: One executor replaces both next.
_TWICE = {"Intake"}


def _modules() -> Iterator[tuple[str, Path]]:
    """The dotted name of each module of the package, and its file."""
    for top in (PACKAGE, *(ROOT / name for name in LINKED)):
        for file in sorted(top.rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            inside = top is PACKAGE and len(parts) > 1 and parts[1] in LINKED
            if not inside and "node_modules" not in parts and "packaging" not in parts:
                yield ".".join(("littleflow_redis", *parts) if parts[0] in LINKED else parts), file


def test_no_two_public_classes_have_one_name() -> None:
    homes = defaultdict(list)
    for name, file in _modules():
        for node in ast.parse(file.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(name)
    assert not {n: where for n, where in homes.items() if len(where) > 1 and n not in _TWICE}


def test_imports_within_a_room_are_relative_and_all_others_absolute() -> None:
    wrong = []
    for name, file in _modules():
        room = ".".join(name.split(".")[:2])
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for node in ast.walk(ast.parse(file.read_bytes())):
            if not isinstance(node, ast.ImportFrom):
                continue
            up = package.split(".")[: len(package.split(".")) - node.level + 1]
            target = ".".join([*up, node.module or ""]) if node.level else node.module or ""
            at_top = "." not in room or name in ("littleflow_redis.__init__", room)
            inside = f"{target}.".startswith(f"{room}.") and room.count(".") == 1
            if bool(node.level) != inside and not (node.level and at_top):
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}: {target}")
            if target.split(".")[0] in LINKED:
                wrong.append(f"{file.relative_to(ROOT)}:{node.lineno}: import littleflow_redis.…")
    assert not wrong, "\n".join(wrong)


def test_no_file_is_longer_than_a_few_screens() -> None:
    long = {
        str(file.relative_to(ROOT)): lines
        for _, file in _modules()
        if (lines := file.read_text().count("\n")) > MOST_LINES
    }
    assert not long
