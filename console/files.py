"""The pages as files, and what to say where there are none."""

from __future__ import annotations

from pathlib import Path

#: What the build makes of ``web/``.
STATIC = Path(__file__).parent / "static"

NOT_BUILT = (
    "The console's pages were not built. In a checkout type `make pages`; otherwise install"
    " littleflow_redis again, without LITTLEFLOW_SKIP_CONSOLE set."
)


def built() -> bool:
    """Whether the pages are there."""
    return (STATIC / "index.html").is_file()
