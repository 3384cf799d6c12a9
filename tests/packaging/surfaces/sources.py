"""The log: which lines there are, and which names their fields have."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]


def log_lines() -> dict[str, list[str]]:
    """Each word after ``event=`` with the fields that lines of it have."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in _files():
        for call in _calls(ast.parse(path.read_text("utf-8"))):
            word = ast.literal_eval(call.args[0])
            found[word] |= {keyword.arg for keyword in call.keywords if keyword.arg is not None}
    return {word: sorted(fields) for word, fields in sorted(found.items())}


def _files() -> Iterator[Path]:
    for folder in ("littleflow_redis", "bridges", "api", "console"):
        for path in (ROOT / folder).rglob("*.py"):
            if "node_modules" not in path.parts:
                yield path


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "kv":
            yield node
