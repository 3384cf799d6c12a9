"""The build backend (PEP 517, PEP 660): setuptools, and before it the console's pages.

Where the pages have to be built and no Node is at hand, the package that brings one is asked for
as a build requirement.
"""

from __future__ import annotations

import shutil
import sys
from typing import Any

import pages
from setuptools import build_meta

Settings = dict[str, Any] | None

prepare_metadata_for_build_editable = build_meta.prepare_metadata_for_build_editable
prepare_metadata_for_build_wheel = build_meta.prepare_metadata_for_build_wheel

#: What an earlier build left behind: setuptools would pack pages that are there no more.
_LEFT_BEHIND = "build/lib/littleflow_redis/console"


def get_requires_for_build_sdist(config_settings: Settings = None) -> list[str]:
    """The requirements of setuptools and of the pages."""
    return [*build_meta.get_requires_for_build_sdist(config_settings), *pages.requirements()]


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """The requirements of setuptools and of the pages."""
    return [*build_meta.get_requires_for_build_wheel(config_settings), *pages.requirements()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """The requirements of setuptools and of the pages."""
    return [*build_meta.get_requires_for_build_editable(config_settings), *pages.requirements()]


def build_sdist(sdist_directory: str, config_settings: Settings = None) -> str:
    """Make the source distribution, which always carries the pages."""
    if pages.skipped():
        sys.exit(
            f"A source distribution carries the console's pages: build it without {pages.SKIP}."
        )
    _build_pages()
    return str(build_meta.build_sdist(sdist_directory, config_settings))


def build_wheel(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Make the wheel, with the pages unless they are to be skipped."""
    _build_pages()
    shutil.rmtree(_LEFT_BEHIND, ignore_errors=True)
    return str(build_meta.build_wheel(wheel_directory, config_settings, metadata_directory))


def build_editable(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Make the wheel of an editable install; the pages stay in the checkout."""
    _build_pages()
    return str(build_meta.build_editable(wheel_directory, config_settings, metadata_directory))


def _build_pages() -> None:
    if pages.skipped():
        return
    try:
        pages.build()
    except pages.PagesError as error:
        # The last line of the output, without a traceback: all that an installer shows of us.
        sys.exit(f"\n{error}")
