"""Lint the composed scripts: `make check` runs it where luacheck is installed (Debian: lua-check).

Files of ``lua/lib`` are included whole, so a name that some script does not use is no fault; one
that none of them uses is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from littleflow_redis.engine.store.declarations import script_names
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.store.lua_names import LUA
from littleflow_redis.engine.store.script_loader import compose

#: 4: one name for two things, of which a script sees one. 631: long lines.
_OPTIONS = ("--std", "lua51", "--globals", "redis", "cjson", "cmsgpack", "KEYS", "ARGV",
            "--ignore", "4", "631", "--codes", "--no-color", "--formatter", "plain")  # fmt: skip
_WARNING = re.compile(r"^(.+?):\d+:\d+: \((\w\d+)\) (.*)$")
#: A name that is never used, or only filled.
_UNUSED = ("W211", "W241")


def main() -> int:
    """Print the warnings; 1 if there are any."""
    if shutil.which("luacheck") is None:
        print("luacheck was not found: the scripts are not linted (Debian: lua-check)")
        return 0
    with TemporaryDirectory() as folder:
        names = {**LUA, **Keys().lua()}
        sources = {name: compose(name, names).source for name in script_names()}
        for name, source in sources.items():
            Path(folder, f"{name}.lua").write_text(source)
        command = ["luacheck", folder, *_OPTIONS]
        printed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = [match for line in printed.splitlines() if (match := _WARNING.match(line))]
    unused = Counter(match[3] for match in found if match[2] in _UNUSED)
    warnings = [
        f"{Path(match[1]).name}: {match[3]}"
        for match in found
        if match[2] not in _UNUSED or unused[match[3]] == _having(match[3], sources)
    ]
    print("\n".join(dict.fromkeys(warnings)) or "luacheck: no warnings")
    return 1 if warnings else 0


def _having(warning: str, sources: dict[str, str]) -> int:
    """How many scripts have the name that a warning quotes."""
    name = re.search(r"'(\w+)'", warning)
    assert name is not None, warning
    pattern = re.compile(rf"\blocal (?:function )?[^\n=]*\b{name[1]}\b")
    return sum(bool(pattern.search(source)) for source in sources.values())


if __name__ == "__main__":
    sys.exit(main())
