"""Every route of the application, with values in place of its variables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flask import Flask

#: Values of a path's variables.
VALUES = {"workflow": "w", "index": 1, "vector": "S", "letter": "1-0", "name": "page.js"}


class Route(NamedTuple):
    method: str
    rule: str
    path: str
    endpoint: str


def routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        adapter = app.url_map.bind("localhost")
        values = {name: VALUES[name] for name in rule.arguments}
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Route(method, rule.rule, adapter.build(rule.endpoint, values), rule.endpoint)
