"""Reading archives: everything is checked before anything is stored, for they come from anywhere.

Activations that were open, ready, waiting or to be retried are cancelled in the restored workflow:
a restart begins them again. Ended ones are not run twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from littleflow_redis import extensions
from littleflow_redis.language import Flow, load
from littleflow_redis.language.limits import DEFAULT_LIMITS

from ..builtins.unsupported import unsupported
from ..model import json_values
from ..model.errors import BadArchive
from ..store.restored_state import RestoredState
from .checks import object_of
from .document import FORMAT, MAX_BYTES, VERSION
from .restore_plan import RestorePlan


def read(archive: Mapping[str, Any]) -> RestoredState:
    """Check an archive, of our form or of an added one, and return what is to be stored.

    Raises BadArchive, whose message names the fault and its place; UnsupportedFlow.
    """
    try:
        given = json_values.dump(archive)
    except json_values.BadValue as error:
        raise BadArchive(f"an archive is a JSON object: {error}") from error
    if len(given) > MAX_BYTES:
        raise BadArchive(f"the archive has {len(given):,} bytes, more than {MAX_BYTES:,}")
    document = object_of(json_values.load(given), "the archive")
    # Shortened like the digests of starts, and never equal to one.
    digest = hashlib.sha256(f"archive\n{given}".encode()).hexdigest()[:32]
    for converted in extensions.find_all("archive.forms"):
        document = converted(document)
    _check_form(document)
    try:
        return RestorePlan(document, _flow(document)).restored(digest)
    except UnicodeEncodeError as error:
        raise BadArchive("the archive contains a lone surrogate") from error


def _check_form(document: Mapping[str, Any]) -> None:
    if document.get("format") != FORMAT:
        raise BadArchive(
            f"this is no archive: the member 'format' is not {FORMAT!r}, and the members F, T, S "
            "and A of an archive of littleflow_redis 0.4 are not there"
        )
    version = document.get("version")
    if type(version) is not int or version < 1:
        raise BadArchive("the version of an archive is a number from 1")
    if version > VERSION:
        raise BadArchive(
            f"the archive has version {version}, this process reads {VERSION}: upgrade "
            "littleflow_redis"
        )


def _flow(document: Mapping[str, Any]) -> Flow:
    saved = object_of(document.get("flow"), "flow")
    steps = saved.get("T")
    edges = saved.get("edges")
    if isinstance(steps, list) and len(steps) > DEFAULT_LIMITS.steps:
        raise BadArchive(f"the flow has {len(steps):,} steps, more than {DEFAULT_LIMITS.steps:,}")
    if isinstance(edges, list) and len(edges) > DEFAULT_LIMITS.edges:
        raise BadArchive(f"the flow has {len(edges):,} edges, more than {DEFAULT_LIMITS.edges:,}")
    try:
        flow = load(saved)
    except ValueError as error:
        raise BadArchive(f"the flow of the archive cannot be read: {error}") from error
    # Such tasks may have failed in it, which is worth keeping.
    unsupported(flow, played=True)
    return flow
