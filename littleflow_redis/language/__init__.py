"""The flow language: text → :class:`Flow`. No I/O, no Redis.

Importing this loads nothing of the libraries it uses; the first text that is compiled does.
"""

from __future__ import annotations

from .compiling import compile_text
from .conversion import from_littleflow, to_littleflow
from .diagrams import dot, mermaid, title
from .errors import FlowError, Problem, ProblemKind
from .flow import Flow, Json, Step, StepKind
from .guards import GuardError, check_guard, guard_matches
from .limits import DEFAULT_LIMITS, Limits
from .loading import load
from .merging import MergeError, merge_inputs
from .options import BadOption, seconds
from .saving import save

__all__ = [
    "DEFAULT_LIMITS",
    "BadOption",
    "Flow",
    "FlowError",
    "GuardError",
    "Json",
    "Limits",
    "MergeError",
    "Problem",
    "ProblemKind",
    "Step",
    "StepKind",
    "check_guard",
    "compile_text",
    "dot",
    "from_littleflow",
    "guard_matches",
    "load",
    "merge_inputs",
    "mermaid",
    "save",
    "seconds",
    "title",
    "to_littleflow",
]
