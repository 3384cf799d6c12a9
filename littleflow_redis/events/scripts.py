"""The Lua scripts of this folder; each file's header names its arguments and the race it closes."""

from __future__ import annotations

from pathlib import Path

from .script_batch import Script


def _load(name: str) -> Script:
    return Script(name, Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8"))


RENEW = _load("renew")
DROP_CONSUMER = _load("drop_consumer")
RELEASE = _load("release")
DELETE_RECEIPT = _load("delete_receipt")
