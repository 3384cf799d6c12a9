"""Random workflow texts of the language that littleflow 0.12 reads, free of what it misreads.

Labels lead forward only, no label stands on a subflow and none is led to from one.
"""

from __future__ import annotations

from itertools import count

from hypothesis import strategies as st

NAMES = ("A", "B", "my-task", "wait:event", "_x1", "A")
_PARAMETERS = (
    "", "", "", "()", "(- -)", "(- x: 1 -)", "(-\nx: [1, two]\ny: {z: no}\n-)", "([1, 2])",
    '({"x": "y", "n": 1.5})', "(- [a, b] -)", "(- duration: 010 -)",
)  # fmt: skip
_LITERALS = ("<>", "<- a: 1 ->", "<-\n- 1\n- b\n->", '<{"a": [1, 2]}>', "<[1, 2]>")
_ARROWS = (" → ", " -> ", "→", "\n→ ", " # a comment → x\n-> ")
_DOCS = ("", "'''one line'''", '"""\nmore\nlines\n"""')


class _Writer:
    """Writes one text; each scope has labels of its own, all names differ."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._numbers = count()
        #: littleflow gives a literal the labels of the step written before it.
        self._labelled = False

    def text(self) -> str:
        declared = [f"@flow {self._draw(st.sampled_from(NAMES))} (- x: 1 -) '''text'''"]
        declared = declared if self._draw(st.booleans()) else []
        for name in self._draw(st.sets(st.sampled_from(NAMES), max_size=2)):
            alias = self._draw(st.sampled_from(["", " = lib:base"]))
            declared.append(f"@task {name}{alias} {self._draw(st.sampled_from(_DOCS))} ;")
        return "\n".join([*declared, self.scope(0)])

    def scope(self, depth: int) -> str:
        outputs: list[str] = []
        leading: dict[str, int] = {}
        statements: list[str] = []
        led = self.led(statements) if self._draw(st.integers(0, 3)) == 0 else []
        for _ in range(self._draw(st.integers(1, 4))):
            statements.append(self.statement(depth, outputs, leading))
        statements += [f"{self.task()} → :{label} {self.task()}" for label in leading]
        return " ;\n".join([*statements, *led, self.task()])

    def led(self, statements: list[str]) -> list[str]:
        """Statements that lead to one that begins with their label, which is written first.

        The other way round littleflow takes the edge for one drawn twice.
        """
        label = f"s{next(self._numbers)}"
        statements.append(f":{label} → {self.task()}")
        return [f"{self.task()} → :{label}" for _ in range(self._draw(st.integers(1, 3)))]

    def statement(self, depth: int, outputs: list[str], leading: dict[str, int]) -> str:
        parts = self.beginning(outputs)
        # littleflow draws an edge too many from such a label past a subflow.
        plain = not parts or not parts[0].startswith(":o")
        last_is_task = False
        for place in range(self._draw(st.integers(1, 4))):
            if depth < 2 and plain and self._draw(st.integers(0, 5)) == 0:
                merge = self._draw(st.sampled_from(["", "> "]))
                parts.append(f"{merge}{{ {self.scope(depth + 1)} }}")
                last_is_task = False
            else:
                parts.append(self.labelled_task(place, outputs, leading))
                last_is_task = True
        if last_is_task:
            parts += self.ending(leading)
        return self._draw(st.sampled_from(_ARROWS)).join(parts)

    def beginning(self, outputs: list[str]) -> list[str]:
        kind = self._draw(st.integers(0, 5))
        if kind == 0 and not self._labelled:
            return [self._draw(st.sampled_from(_LITERALS))]
        if kind == 1:
            return [":start"]
        if kind == 2 and outputs:
            return [f":{self._draw(st.sampled_from(outputs))}"]
        return []

    def taken(self, leading: dict[str, int]) -> str:
        label = self._draw(st.sampled_from(sorted(leading)))
        del leading[label]
        return label

    def labelled_task(self, place: int, outputs: list[str], leading: dict[str, int]) -> str:
        task = self.task()
        if self._draw(st.integers(0, 3)) == 0:
            task = f"> {task}"
        kind = self._draw(st.integers(0, 6))
        self._labelled = kind <= 1
        if kind == 0 and leading and place:
            return f":{self.taken(leading)} {task}"
        if kind == 1:
            label = f"o{next(self._numbers)}"
            outputs.append(label)
            return f"{task} :{label}"
        return task

    def ending(self, leading: dict[str, int]) -> list[str]:
        kind = self._draw(st.integers(0, 5))
        if kind == 0:
            return [self._draw(st.sampled_from([":end", "> :end"]))]
        if kind in (1, 2):
            label = f"d{next(self._numbers)}"
            if leading and kind == 2:
                label = self._draw(st.sampled_from(sorted(leading)))
            leading[label] = leading.get(label, 0) + 1
            return [f"{self._draw(st.sampled_from(['', '> ']))}:{label}"]
        return []

    def task(self) -> str:
        name = self._draw(st.sampled_from(NAMES))
        return name + self._draw(st.sampled_from(_PARAMETERS))


@st.composite
def flow_texts(draw: st.DrawFn) -> str:
    """A random text."""
    return _Writer(draw).text()
