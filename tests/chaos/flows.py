"""The workflows of a chaotic run: many forms, each with the output that it has without chaos."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from littleflow_redis import run_local

from .work import calm_functions

#: Who serves: Celery, native listeners, rqse.
CATEGORIES = ("c", "n", "q")

#: How many of ten steps each has: rqse does one thing at a time.
SHARES = {"c": 4, "n": 4, "q": 2}

#: The same where Celery workers serve steps themselves.
INSIDE = {"c": 8, "n": 2}

#: What no listener serves: their outputs in an undisturbed run.
_FREE = {"wait:event": lambda *_, **__: "event"}


@dataclass(frozen=True, slots=True)
class Job:
    """A workflow to be started. ``care`` says what it needs from outside: ``mend`` and a restart
    when it has FAILED, ``event``, or ``stop``, after which it is restarted.
    """

    id: str
    form: str
    text: str
    input: Any
    output: Any
    care: str = ""


class _Writer:
    """Writes steps with names drawn from one seed."""

    def __init__(self, rng: Random, id: str, shares: Mapping[str, int]) -> None:
        self.rng = rng
        self.id = id
        self._shares = shares
        #: The category that never loses an attempt, so that its steps need no timeout.
        self.safe = "n" if shares is SHARES else "c"

    def step(self, task: str = "mix", **parameters: Any) -> str:
        (category,) = self.rng.choices([*self._shares], [*self._shares.values()])
        return self.of(category, task, **parameters)

    def of(self, category: str, task: str, **parameters: Any) -> str:
        options = {name.replace("_", "-"): value for name, value in parameters.items()}
        if task == "mix" and category != "q" and self.rng.random() < 0.2:
            options["seconds"] = round(self.rng.uniform(0, 0.6), 2)
        inner = ", ".join(f"{name}: {value}" for name, value in options.items())
        return f"{category}:{task}" + (f"(- {{{inner}}} -)" if inner else "")


def _chain(w: _Writer) -> str:
    return " → ".join(w.step() for _ in range(w.rng.randint(2, 8)))


def _wide(w: _Writer) -> str:
    return (
        f"{w.step()} → {{ {' '.join(w.step() for _ in range(w.rng.randint(5, 25)))} }} → {w.step()}"
    )


def _diamonds(w: _Writer) -> str:
    parts = [f"{{ {w.step()} {w.step()} → {w.step()} }} → {w.step()}" for _ in range(3)]
    return " → ".join(parts)


def _merge(w: _Writer) -> str:
    return f"{{ {w.step('flag')} {w.step('flag')} }} → > {w.step()} → {w.step()}"


def _guard(w: _Writer) -> str:
    return (
        f"{w.step('flag')} → {{ ? `$[?(@.yes=1)]` {w.step()} ? `$[?(@.yes=2)]` {w.step()} }}"
        f" → {w.step()}"
    )


def _items(w: _Writer) -> str:
    return f"{w.step('split', n=w.rng.randint(0, 20))} → * {w.step()} → {w.step()}"


def _items_of_subflow(w: _Writer) -> str:
    inner = f"{{ {w.step()} → {{ {w.step()} {w.step()} }} }}"
    return f"{w.step('split', n=w.rng.randint(1, 6))} → * {inner} → {w.step()}"


def _few_at_once(w: _Writer) -> str:
    task = w.step("flag", **{"$concurrency": 2})
    return f"{w.step('split', n=8)} → * {task} → {w.step()}"


def _loop(w: _Writer) -> str:
    round = f"{w.of(w.safe, 'mix')} → wait:delay(- duration: 0.3 -) → :start"
    # Its input is that of a round, and under faults that of a later one may end first.
    return f"{round}; {w.safe}:mix(- {{seconds: 1.5, $bind: none}} -) → :end"


def _retry(w: _Writer) -> str:
    task = w.step("fail_once", **{"$retry": "{limit: 100, delay: 0.4, max-delay: 1}"})
    return f"{w.step()} → {task} → {w.step()}"


def _carry_on(w: _Writer) -> str:
    # Not Celery, whose errors have the full names of their classes.
    failing = w.of("n", "fail_always", **{"$on-failure": "continue"})
    return f"{{ {failing} {w.step()} }} → {w.step()}"


def _delay(w: _Writer) -> str:
    return f"{w.step()} → wait:delay(- duration: {w.rng.choice((0.5, 1, 3))} -) → {w.step()}"


def _event(w: _Writer) -> str:
    return f"{w.step()} → wait:event(- event: go -) → {w.step()}"


def _latch(w: _Writer) -> str:
    name = f"(- name: 'of-{w.id}' -)"
    held = " ".join(f"{w.step()} → wait:release{name}" for _ in range(2))
    return (
        f"wait:acquire{name} → wait:acquire{name}"
        f" → {{ {held} wait:countdown{name} → {w.step()} }} → {w.step()}"
    )


def _die(w: _Writer) -> str:
    return f"{w.step()} → {w.rng.choice('cn')}:die_once → {w.step()}"


def _timeouts(w: _Writer) -> str:
    options = {"$timeout": 5, "$queue-timeout": 20, "$retry": "{limit: 100, delay: 0.1}"}
    return f"{w.step('mix', **options)} → {w.step()}"


def _mend(w: _Writer) -> str:
    return f"{{ {w.step()} → {w.safe}:fail_until_mended {w.step()} }} → {w.step()}"


def _again(w: _Writer) -> str:
    """Celery's own retry goes through its broker, which may lose it."""
    options = {"$timeout": 20, "$retry": "{limit: 100, delay: 0.1}"}
    return f"{w.step()} → {w.of('c', 'again', **options)} → {w.step()}"


#: Every form with its weight; ``care`` by name.
FORMS: dict[str, tuple[Callable[[_Writer], str], int]] = {
    "chain": (_chain, 4),
    "wide": (_wide, 2),
    "diamonds": (_diamonds, 2),
    "merge": (_merge, 1),
    "guard": (_guard, 1),
    "items": (_items, 2),
    "items of a subflow": (_items_of_subflow, 1),
    "few at once": (_few_at_once, 1),
    "loop": (_loop, 1),
    "retry": (_retry, 2),
    "carry on": (_carry_on, 1),
    "delay": (_delay, 2),
    "event": (_event, 2),
    "latch": (_latch, 2),
    "die": (_die, 1),
    "timeouts": (_timeouts, 1),
    "mend": (_mend, 2),
    "stop": (_chain, 2),
    "again": (_again, 1),
}

CARE = {"event": "event", "mend": "mend", "stop": "stop"}


def jobs(seed: int, count: int, shares: Mapping[str, int], only: str = "") -> list[Job]:
    """The workflows of a seed, in the order in which they are started; `shares` by category."""
    rng = Random(f"flows {seed}")
    names = [only] if only else list(FORMS)
    drawn = rng.choices(names, [FORMS[name][1] for name in names], k=count)
    return [
        _job(_Writer(rng, f"chaos-{seed}-{number}", shares), form)
        for number, form in enumerate(drawn)
    ]


def _job(writer: _Writer, form: str) -> Job:
    text = FORMS[form][0](writer)
    input = {"n": writer.rng.randrange(1000)}
    # What dies takes this very process along.
    calm = text.replace(":die_once", ":mix")
    output = run_local(calm, calm_functions(CATEGORIES) | _FREE, input)
    return Job(writer.id, form, text, input, output, CARE.get(form, ""))
