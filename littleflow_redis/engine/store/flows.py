"""Compiled flows as they are stored: shared by all workflows of the same text, by digest."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Collection
from threading import Lock
from typing import Any

import redis
from msgpack import packb

from littleflow_redis.events.script_batch import Argument, Command, run_batch
from littleflow_redis.language import Flow, load, save

from ..model import json_values
from ..model.errors import NewerVersion
from ..model.records import VERSION
from . import flow_codec
from .keys import Keys

#: Flows kept in memory by one process.
MAX_CACHED = 128


class FlowEncoder:
    """Packs flows for storing, the most recent ones once: the same text gives the same Flow.

    ``check`` raises for a flow that may not be stored; it is asked when a flow is packed.
    """

    def __init__(self, check: Callable[[Flow], None]) -> None:
        self._check = check
        self._packed: OrderedDict[int, tuple[Flow, str, bytes]] = OrderedDict()
        self._lock = Lock()

    def pack(self, flow: Flow) -> tuple[str, bytes]:
        """The digest of a flow, and what stores it. Raises what ``check`` raises."""
        with self._lock:
            # By identity: hashing a large flow would cost as much as packing it. The flow is kept
            # beside, so that no other one can have its identity meanwhile.
            known = self._packed.get(id(flow))
            if known is None:
                self._check(flow)
                known = (flow, *encode_flow(flow))
                self._packed[id(flow)] = known
                if len(self._packed) > MAX_CACHED:
                    self._packed.popitem(last=False)
        return known[1], known[2]


def encode_flow(flow: Flow) -> tuple[str, bytes]:
    """The digest of a flow, and a packed list of the fields and values that store it."""
    document = json_values.dump(save(flow))
    # A flow that an older form has stored lacks what this one reads of it.
    identity = f"{VERSION}\n{document}"
    fields: list[Argument] = ["steps", len(flow), "doc", document]
    for name, packed in flow_codec.encode_steps(flow):
        fields += (name, packed)
    # The scripts' msgpack knows no type for bytes.
    return hashlib.sha256(identity.encode()).hexdigest()[:32], packb(fields, use_bin_type=False)


class Flows:
    """Reads stored flows, the most recent ones from memory. Safe to share between threads."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._cache: OrderedDict[str, Flow] = OrderedDict()
        self._lock = Lock()

    def get(self, digest: str) -> Flow:
        """The flow of this digest. Raises LookupError if it is not stored, NewerVersion."""
        with self._lock:
            if digest in self._cache:
                self._cache.move_to_end(digest)
                return self._cache[digest]
        document = self._client.hget(self._keys.flow + digest, "doc")
        if document is None:
            raise LookupError(f"flow {digest} is not stored")
        try:
            flow = load(json_values.load(document))
        except ValueError as error:
            # This version reads whatever it stored, so a newer one has stored this.
            raise NewerVersion(NewerVersion.__doc__) from error
        with self._lock:
            self._cache[digest] = flow
            if len(self._cache) > MAX_CACHED:
                self._cache.popitem(last=False)
        return flow

    def of(self, workflow: str) -> Flow:
        """The flow of a workflow, by full id. Raises LookupError if there is none."""
        return self.of_run(workflow)[0]

    def of_run(self, workflow: str) -> tuple[Flow, int]:
        """The flow of a workflow, by full id, and the form by whose rules it runs.

        Raises LookupError if there is none, NewerVersion.
        """
        found = self.of_runs([workflow])[workflow]
        if isinstance(found, Exception):
            raise found
        return found

    def of_runs(
        self, workflows: Collection[str]
    ) -> dict[str, tuple[Flow, int] | LookupError | NewerVersion]:
        """The same for many workflows in one round trip, or for each the error that it raises."""
        reads = [Command(["HMGET", workflow, "flow", "version"]) for workflow in workflows]
        found = zip(workflows, run_batch(self._client, reads), strict=True)
        return {workflow: self._of(workflow, reply) for workflow, reply in found}

    def _of(self, workflow: str, reply: Any) -> tuple[Flow, int] | LookupError | NewerVersion:
        if isinstance(reply, Exception):
            raise reply
        digest, form = reply
        try:
            if digest is None:
                raise LookupError(f"there is no workflow {workflow}")
            return self.get(digest.decode()), int(form)
        except (LookupError, NewerVersion) as error:
            return error
