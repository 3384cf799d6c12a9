"""Workflow files as commands take them: a path, or `-` for standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from littleflow_redis.language import Flow, FlowError, Problem

#: What standard input is called.
STDIN = "<stdin>"


def shown_name(name: str) -> str:
    """The name of a file in messages."""
    return STDIN if name == "-" else name


def compile_file(name: str) -> Flow:
    """Compile a file, or standard input for `-`.

    Raises FlowError, which names the file, OSError, UnicodeDecodeError.
    """
    from littleflow_redis.language import compile_text

    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    return compile_text(text, filename=shown_name(name))


def runnable_file(name: str) -> Flow:
    """Compile a file as ``compile_file`` does; what ``run`` would refuse is a FlowError too."""
    from littleflow_redis.engine.builtins.unsupported import refusal

    flow = compile_file(name)
    if error := refusal(flow, shown_name(name)):
        raise error
    return flow


def as_data(name: str, error: FlowError) -> dict[str, Any]:
    """The problems of one file as ``--errors json`` shows them."""
    return {
        "file": shown_name(name),
        "problems": [problem.as_dict() for problem in error.problems],
    }


def problem_lines(error: FlowError) -> list[str]:
    """The problems of one file, a line for each: ``file:line:column: message``."""
    return [_line(error.filename, problem) for problem in error.problems]


def _line(file: str, problem: Problem) -> str:
    line = f"{file}:{problem.line}:{problem.column}: {problem.message}"
    line += f", expected {problem.expected}" if problem.expected else ""
    return f"{line}; {problem.hint}" if problem.hint else line
