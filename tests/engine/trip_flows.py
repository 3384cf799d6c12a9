"""The flows of the round trip, each with an input, and what their tasks put out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from littleflow_redis.engine.model.task_events import StartTask

RETRY = "$retry: {limit: 1, delay: 1000, max-delay: 1000}"

#: Of each kind of step one: what fails, waits, is skipped, joins; and every other iteration.
PLAIN = [
    "A → B → C",
    f"A → B(- {RETRY} -) → {{ C(- $on-failure: continue -) D }} → E",
    "{ A Price } → { ? `$.no` B { C None } } → > D",
    "A → ? `$.no` { B → C } → ? `$[?(@.n=0)]` { D E } → F",
    "A → { wait:delay(- duration: 1000 -) wait:event(- event: go -) } → B",
    "{ { <- {a: 1} -> → A } > B } → C",
    "List → * A(- $concurrency: 2 -) → B",
    f"Prices → * {{ A → {{ B(- {RETRY} -) C }} → D }} → E",
    "Deep → * { A → * { B → C } → D } → E",
    "Deep → * { A → * B(- $concurrency: 1 -) } → > C",
    "List → * { ? `$[?(@=2)]` A → wait:delay(- duration: 1000 -) → B } → C",
]

#: Loops: one round after the other, rounds that overlap, and both within iterations or around them.
LOOPS = [
    "A → ? `$[?(@.n<3)]` { B → { C Add } → > D → :start } → E",
    f"? `$[?(@.n<3)]` {{ Add(- {RETRY} -) → :start }} → A",
    "? `$[?(@.n<4)]` { Add :a → :start; :a → B → C } → D",
    "? `$[?(@.n<4)]` { Add :a → :start; :a → B(- $concurrency: 1 -) → > C } → D",
    "? `$[?(@.n<4)]` { Add :a → :start; :a → ? `$[?(@.n)]` B → D } → E",
    "? `$[?(@.n<3)]` { Add :a → :start; :a → Numbers → * B(- $concurrency: 2 -) → C } → D",
    "Numbers → * { ? `$[?(@.n<3)]` { Add → :start } → A } → B",
    "? `$[?(@.n<2)]` { Add → { A wait:delay(- duration: 1000 -) } → > B → :start } → C",
]

_OUTPUTS: dict[str, Any] = {
    "List": [1, 2, 3],
    "Deep": [[1, 2], [], [3]],
    "Numbers": [{"n": 1}, {"n": 2}, {"n": 5}],
    "Price": {"price": Decimal("1.10")},
    "Prices": [Decimal("1.10"), None, Decimal(2)],
    "None": None,
}


def output_of(task: StartTask) -> Any:
    """What a task puts out, whenever it runs."""
    match task.name, task.input:
        case "Add", {"n": int(n)}:
            return {"n": n + 1}
        case name, _ if name in _OUTPUTS:
            return _OUTPUTS[name]
        case _, {"n": int(n)}:
            return {"n": n}
        case name, {**members}:
            return {"by": name, "of": sorted(members)}
        case name, given:
            return {"by": name, "of": given}
