"""Every Redis key of the engine: its name, type and lifetime.

================================  ======  ========================================================
key                               type    what, and how long
================================  ======  ========================================================
``workflows:run``                 stream  public: the events; entries go by the rules of `receipts`
``workflows:all``                 list    public: full ids, newest first, until deleted
``workflows:inprogress``          set     public: full ids, until the script that ends the workflow
``workflow:<id>``                 hash    the workflow: flow, nonce, counters, times; until deleted
``workflow:<id>:state``           string  public: its state; until deleted
``workflow:<id>:output:<step>``   string  public: JSON text; -1 is the input; until deleted
``workflow:<id>:steps``           hash    ``<step>`` record, ``t<step>``, ``b<step>`` its tokens
``workflow:<id>:items``           hash    ``<step>``: an item that an iteration has to run;
                                          ``i<step>``: an input that a restart has given; of a
                                          flow with loops ``i<step>#<activation>``: an input,
                                          until that is over, and ``o<step>``: its latest output,
                                          while it runs again
``workflow:<id>:types``           hash    ``<step>``: the types of its output that JSON lacks
``workflow:<id>:timers``          set     its members of ``workflows:timers``
``workflow:<id>:trace``           list    every change, oldest first
``workflow:latch:<name>``         string  public: an integer; until it is at zero
``workflows:latch:<sha1>``        zset    who waits for the latch of this name; until it is at zero
``workflow:<id>:taken``           set     ``<step>|<event>`` given to its waits; until deleted
``workflows:flow:<digest>``       hash    a compiled flow; as long as a workflow refers to it
``workflows:open``                hash    start-task id → its attempt; until it is closed
``workflows:timers``              zset    what is due when (ms)
``workflows:flight:<category>``   hash    task id → what a bridge published; until it is closed
``workflows:closed:<category>``   hash    task id → a flight that was closed before its task ended;
                                          until it has, or for as long as a bridge revokes it
``workflows:processes``           zset    workers that run tasks themselves, until when (ms) each
                                          is taken for alive
``workflows:served``              hash    such a worker → what it serves, JSON; until it has left
``workflows:role:<name>``         string  the worker that does this for all; for its lease
``workflows:probe``               string  written to see that Redis takes writes; for a second
``workflows:rate:<category>``     string  when the next task may be published (µs); until then
``workflows:index``               zset    all ids by creation (ms); ``:<STATE>`` those in a state
``workflows:ended:<STATE>``       zset    ids by their end (ms); until restarted or deleted
``workflows:receipted``           hash    user event → its receipt; until it leaves the stream
``workflows:mail``                hash    users' events without a receipt, for --event-retention
``workflows:letters``             zset    digests by which a wait finds an event of the mailbox
``workflows:waiters``             zset    digests by which an event finds who waits for it
``workflows:kind:<kind>``         hash    what waits for this kind compare, events in the mailbox
``workflows:changes``             stream  the live feed; trimmed
``workflows:dead``                stream  dead letters; trimmed
``workflows:begun``               hash    base → when those with a `$queue-timeout` were taken up;
                                          for seven days after the last
``workflows:defaults``            hash    category → its `$retry`, `$timeout`, `$queue-timeout`,
                                          `$on-lost`; ``bridge:<category>`` → a bridge's
``workflows:deleted``             zset    ids by their deletion (ms): the last 10,000
``workflows:counts``              hash    counters since ever: see ``metrics``
================================  ======  ========================================================

``<step>`` is the step's index and, under iterations, ``@`` and its scope: ``4`` or ``4@0.2``.
All names take the namespace as prefix. The channel ``workflows:done:<full id>`` reports an end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..model.errors import InvalidId

#: Ids after ``workflow:``. Safe in keys, channels, patterns, URLs and file names.
_ID = re.compile(r"[A-Za-z0-9_.-]{1,200}", re.ASCII)
_NAMESPACE = re.compile(r"[A-Za-z0-9_.:{}-]{0,100}", re.ASCII)
#: Names under ``workflow:`` that are not workflows.
_RESERVED = frozenset({"latch"})


class _Name:
    """The name of a key, or how the names of some begin, under the namespace."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __get__(self, keys: Keys, owner: type[Keys]) -> str:
        return keys.namespace + self._text


@dataclass(frozen=True)
class Keys:
    """The key names under one namespace.

    ``stream``, ``workflows`` and ``inprogress`` can be set by options of the commands; the
    namespace prefixes them too.
    """

    namespace: str = ""
    stream: str = "workflows:run"
    workflows: str = "workflows:all"
    inprogress: str = "workflows:inprogress"

    # Those that end with a colon are prefixes.
    flow = _Name("workflows:flow:")
    open_attempts = _Name("workflows:open")
    timers = _Name("workflows:timers")
    latch = _Name("workflow:latch:")
    latched = _Name("workflows:latch:")
    publications = _Name("workflows:flight:")
    abandoned_publications = _Name("workflows:closed:")
    processes = _Name("workflows:processes")
    served = _Name("workflows:served")
    role = _Name("workflows:role:")
    probe = _Name("workflows:probe")
    rate = _Name("workflows:rate:")
    index = _Name("workflows:index")
    ended = _Name("workflows:ended:")
    receipted = _Name("workflows:receipted")
    mailbox = _Name("workflows:mail")
    mailbox_digests = _Name("workflows:letters")
    waiters = _Name("workflows:waiters")
    kind = _Name("workflows:kind:")
    changes = _Name("workflows:changes")
    dead = _Name("workflows:dead")
    deleted = _Name("workflows:deleted")
    counts = _Name("workflows:counts")
    begun = _Name("workflows:begun")
    defaults = _Name("workflows:defaults")
    done = _Name("workflows:done:")

    def __post_init__(self) -> None:
        if not _NAMESPACE.fullmatch(self.namespace):
            raise InvalidId(
                f"namespace {self.namespace!r}: use letters, digits, '_', '.', ':', '-' and a hash "
                "tag in braces, 100 characters at most"
            )

    def full_id(self, workflow: str) -> str:
        """The full id, which is also the workflow's key, from an id in any of its forms.

        Raises InvalidId for what can be no id.
        """
        short = self.short_id(workflow)
        if short in _RESERVED or not _ID.fullmatch(short):
            raise InvalidId(
                f"workflow id {short[:80]!r}: use 1 to 200 letters, digits, '_', '.' and '-'"
            )
        return f"{self.namespace}workflow:{short}"

    def short_id(self, workflow: str) -> str:
        """The id without namespace and ``workflow:``."""
        full = f"{self.namespace}workflow:"
        # Never the namespace alone: an id may begin as it does.
        return workflow.removeprefix(full if workflow.startswith(full) else "workflow:")

    @property
    def events(self) -> str:
        return self.namespace + self.stream

    @property
    def all(self) -> str:
        return self.namespace + self.workflows

    @property
    def running(self) -> str:
        return self.namespace + self.inprogress

    def output(self, workflow: str, step: int | str) -> str:
        return f"{self.full_id(workflow)}{OUTPUT}{step}"

    def lua(self) -> dict[str, dict[str, str]]:
        """The values of ``K.name`` and ``S.name`` in the scripts."""
        names = [name for name, value in vars(type(self)).items() if isinstance(value, _Name)]
        return {
            "K": {name: getattr(self, name) for name in (*names, "events", "all", "running")},
            "S": {name.lower(): suffix for name, suffix in _SUFFIXES.items()},
        }


STATE = ":state"
OUTPUT = ":output:"
STEPS = ":steps"
ITEMS = ":items"
TIMERS = ":timers"
TRACE = ":trace"
TAKEN = ":taken"
TYPES = ":types"
_SUFFIXES = {
    "STATE": STATE,
    "OUTPUT": OUTPUT,
    "STEPS": STEPS,
    "ITEMS": ITEMS,
    "TIMERS": TIMERS,
    "TRACE": TRACE,
    "TAKEN": TAKEN,
    "TYPES": TYPES,
}
