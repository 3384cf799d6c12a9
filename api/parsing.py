"""Bodies and queries, read with care: sizes and depths are known before anything is built."""

from __future__ import annotations

import re
from typing import Any

import marshmallow as ma
from flask import Request, request
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from littleflow_redis.engine.model import json_values

from .context import context
from .errors import Refused
from .traits import TEXT

# The possessive *+ and the end of the text keep this linear: a string that never ends would
# otherwise be looked for again at each of its quotes.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class Parser(FlaskParser):
    """Reads what views take. Names that a schema does not know are refused, in queries too."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - as the class above has it
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": ma.RAISE,
        "files": ma.RAISE,
    }

    def load_json(self, req: Request, schema: ma.Schema) -> Any:  # noqa: ARG002
        """A JSON body; a plain text is taken for the workflow where that is allowed."""
        raw = req.get_data(cache=False)
        if req.mimetype == TEXT:
            return {"workflow": utf8(raw)}
        return read_json(raw) if raw else ma.missing

    def load_files(self, req: Request, schema: ma.Schema) -> Any:
        """The fields of a form, and its files as texts."""
        form = req.form.copy()
        for name, file in req.files.items(multi=True):
            form.add(name, utf8(file.read()))
        return MultiDictProxy(form, schema)


def read_json(raw: bytes) -> Any:
    """The value of a body. Raises Refused."""
    most = context().config.max_depth
    if raw.count(b"[") + raw.count(b"{") > most and _depth(raw, most) > most:
        raise Refused(
            400, "too-deep", f"the JSON is nested more than {most} levels deep: flatten it"
        )
    try:
        return json_values.load(raw)
    except json_values.BadValue as error:
        raise Refused(400, "bad-json", f"{error}: send JSON in UTF-8") from error


def _depth(raw: bytes, most: int) -> int:
    """How deep lists and objects lie in each other, counted up to one more than ``most``."""
    depth = deepest = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", raw)):
        depth += 1 if bracket[0] in b"[{" else -1
        deepest = max(deepest, depth)
        if deepest > most:
            break
    return deepest


def utf8(raw: bytes) -> str:
    """A text. Raises Refused."""
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise Refused(415, "unknown-charset", f"the charset {charset[:40]!r}: send UTF-8")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise Refused(
            400, "bad-text", f"this is not UTF-8 (byte {error.start}): send UTF-8"
        ) from error
