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
``workflows:defaults``            hash    category → its `$retry`, `$timeout`, `$queue-timeout`;
                                          ``bridge:<category>`` → those that a bridge has set
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


@dataclass(frozen=True, slots=True)
class Keys:
    """The key names under one namespace.

    ``stream``, ``workflows`` and ``inprogress`` can be set by options of the commands; the
    namespace prefixes them too.
    """

    namespace: str = ""
    stream: str = "workflows:run"
    workflows: str = "workflows:all"
    inprogress: str = "workflows:inprogress"

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

    @property
    def flow(self) -> str:
        return f"{self.namespace}workflows:flow:"

    @property
    def open(self) -> str:
        return f"{self.namespace}workflows:open"

    @property
    def timers(self) -> str:
        return f"{self.namespace}workflows:timers"

    @property
    def latch(self) -> str:
        return f"{self.namespace}workflow:latch:"

    @property
    def latched(self) -> str:
        return f"{self.namespace}workflows:latch:"

    @property
    def flight(self) -> str:
        return f"{self.namespace}workflows:flight:"

    @property
    def closed(self) -> str:
        return f"{self.namespace}workflows:closed:"

    @property
    def rate(self) -> str:
        return f"{self.namespace}workflows:rate:"

    @property
    def index(self) -> str:
        return f"{self.namespace}workflows:index"

    @property
    def ended(self) -> str:
        """Prefix; the state follows."""
        return f"{self.namespace}workflows:ended:"

    @property
    def receipted(self) -> str:
        return f"{self.namespace}workflows:receipted"

    @property
    def mail(self) -> str:
        return f"{self.namespace}workflows:mail"

    @property
    def letters(self) -> str:
        return f"{self.namespace}workflows:letters"

    @property
    def waiters(self) -> str:
        return f"{self.namespace}workflows:waiters"

    @property
    def kind(self) -> str:
        return f"{self.namespace}workflows:kind:"

    @property
    def changes(self) -> str:
        return f"{self.namespace}workflows:changes"

    @property
    def dead(self) -> str:
        return f"{self.namespace}workflows:dead"

    @property
    def deleted(self) -> str:
        return f"{self.namespace}workflows:deleted"

    @property
    def counts(self) -> str:
        return f"{self.namespace}workflows:counts"

    @property
    def begun(self) -> str:
        return f"{self.namespace}workflows:begun"

    @property
    def defaults(self) -> str:
        return f"{self.namespace}workflows:defaults"

    @property
    def done(self) -> str:
        """Channel prefix; the full id follows."""
        return f"{self.namespace}workflows:done:"

    def output(self, workflow: str, step: int | str) -> str:
        return f"{self.full_id(workflow)}{OUTPUT}{step}"

    def lua(self) -> dict[str, dict[str, str]]:
        """The values of ``K.name`` and ``S.name`` in the scripts."""
        names = {
            "stream": self.events,
            "all": self.all,
            "running": self.running,
            "flow": self.flow,
            "open": self.open,
            "timers": self.timers,
            "latch": self.latch,
            "latched": self.latched,
            "flight": self.flight,
            "closed": self.closed,
            "rate": self.rate,
            "index": self.index,
            "ended": self.ended,
            "receipted": self.receipted,
            "mail": self.mail,
            "letters": self.letters,
            "waiters": self.waiters,
            "kind": self.kind,
            "changes": self.changes,
            "dead": self.dead,
            "counts": self.counts,
            "deleted": self.deleted,
            "begun": self.begun,
            "defaults": self.defaults,
            "done": self.done,
        }
        suffixes = {
            "state": STATE,
            "output": OUTPUT,
            "steps": STEPS,
            "items": ITEMS,
            "timers": TIMERS,
            "trace": TRACE,
            "taken": TAKEN,
            "types": TYPES,
        }
        return {"K": names, "S": suffixes}


STATE = ":state"
OUTPUT = ":output:"
STEPS = ":steps"
ITEMS = ":items"
TIMERS = ":timers"
TRACE = ":trace"
TAKEN = ":taken"
TYPES = ":types"
