"""The Lua scripts of this folder; each file's header lists its arguments and the race it closes."""

from __future__ import annotations

from pathlib import Path

from .script_batch import Script


def load_script(path: Path) -> Script:
    """The script in a file, named as that is."""
    return Script(path.stem, path.read_text(encoding="utf-8"))


RENEW = load_script(Path(__file__).with_name("renew.lua"))
DROP_CONSUMER = load_script(Path(__file__).with_name("drop_consumer.lua"))
RELEASE = load_script(Path(__file__).with_name("release.lua"))
