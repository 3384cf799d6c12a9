"""Limits of a text, so that no text can exhaust the process that compiles it."""

from __future__ import annotations

from dataclasses import dataclass

#: Levels of nesting that no setting can exceed: each takes a few frames of Python's own stack,
#: which holds 1,000 by default.
DEEPEST_NESTING = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on a workflow text; pass your own to ``compile_text(…, limits=…)``.

    Raises:
        ValueError: a limit is not positive, or ``nesting`` is above ``DEEPEST_NESTING``.
    """

    #: Size of the whole text in bytes of UTF-8.
    text_size: int = 1_000_000
    #: Steps of the compiled flow, its start and end included and declared subflows inlined.
    steps: int = 10_000
    #: Edges of the compiled flow.
    edges: int = 100_000
    #: Levels of `{ }`, those of inlined declarations included; at most 100.
    nesting: int = 50
    #: Size of one literal or parameter list in characters.
    literal_size: int = 250_000
    #: Levels of lists and objects within one literal.
    literal_depth: int = 50
    #: Size of one guard in characters.
    guard_size: int = 1_000
    #: Problems reported at once; whoever has more fixes these first.
    problems: int = 20

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) < 1:
                raise ValueError(f"the limit {name!r} is {getattr(self, name)}: give 1 or more")
        if self.nesting > DEEPEST_NESTING:
            raise ValueError(f"the limit 'nesting' can be {DEEPEST_NESTING} at most")


DEFAULT_LIMITS = Limits()
