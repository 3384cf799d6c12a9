"""The flows of the state machine, each as a text for the engine and as the model has it."""

from __future__ import annotations

from .model import LATCH, LONG, Flow, Task

RETRY = f"$retry: {{limit: 1, delay: {LONG}, max-delay: {LONG}}}"
TIMEOUT = f"$timeout: {LONG}"
WAIT = f"wait:event(- {{event: go, timeout: {LONG}}} -)"
ACQUIRE, RELEASE, COUNTDOWN = (
    f"wait:{action}(- name: {LATCH} -)" for action in ("acquire", "release", "countdown")
)
CARRY_ON = "$on-failure: continue"

#: Each flow as a text for the engine and as the model has it.
PLAIN: list[tuple[str, Flow]] = [
    ("A → B → C", {"A": Task(), "B": Task(("A",)), "C": Task(("B",))}),
    (
        "A → { B C } → D",
        {"A": Task(), "B": Task(("A",)), "C": Task(("A",)), "D": Task(("B", "C"))},
    ),
    (
        f"{{ A(- {{{RETRY}, {TIMEOUT}}} -) B }} → > C",
        {
            "A": Task(retry=1, timeout=True),
            "B": Task(),
            "C": Task(("A", "B"), merge=True),
        },
    ),
    (
        f"{{ A(- {TIMEOUT} -) {WAIT} }} → C",
        {
            "A": Task(timeout=True),
            "wait:event": Task(wait=True),
            "C": Task(("A", "wait:event")),
        },
    ),
    (
        f"{{ A(- {{{CARRY_ON}, {RETRY}}} -) {{ B(- {{{CARRY_ON}, {TIMEOUT}}} -) → C }} }} → D",
        {
            "A": Task(carry_on=True, retry=1),
            "B": Task(carry_on=True, timeout=True),
            "C": Task(("B",)),
            "D": Task(("A", "C")),
        },
    ),
]

#: Loops, queues, and latches that all of these flows share.
RARE: list[tuple[str, Flow]] = [
    (
        f"L(- {RETRY} -) → :start",
        {"L": Task(retry=1, loop=True)},
    ),
    (
        f"{{ Q(- $queue-timeout: {LONG} -) B }} → > C",
        {"Q": Task(queue=True), "B": Task(), "C": Task(("Q", "B"), merge=True)},
    ),
    (
        f"{ACQUIRE} → B → {RELEASE}",
        {
            "wait:acquire": Task(latch="acquire"),
            "B": Task(("wait:acquire",)),
            "wait:release": Task(("B",), latch="release"),
        },
    ),
    (
        f"{COUNTDOWN} → B",
        {"wait:countdown": Task(latch="countdown"), "B": Task(("wait:countdown",))},
    ),
]
