"""The ratios as an SVG picture: a bar per row, on a logarithmic scale, with the goal as a mark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from benchmarks.measure import Comparison, Result

#: Pixels: a row's height, where the bars begin, and how long they are at most.
_ROW, _LEFT, _WIDTH = 26, 430, 330


def svg(results: Sequence[Result]) -> str:
    """A picture of the rows that were measured."""
    rows = [result for result in results if isinstance(result, Comparison)]
    ends = [
        value for row in rows for value in (min(row.ratios), max(row.ratios), row.row.goal or 1, 1)
    ]
    low, high = math.log(min(ends, default=1) / 1.3), math.log(max(ends, default=1) * 1.3)

    def x(ratio: float) -> float:
        return _LEFT + (math.log(ratio) - low) / (high - low) * _WIDTH

    height = _ROW * (len(rows) + 1) + 10
    one = f'<line x1="{x(1):.0f}" x2="{x(1):.0f}" y1="24" y2="{height}" stroke="#888"/>'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 90}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="16">ours ÷ peer (grey line: as fast as it; black mark: goal)</text>',
        one,
        *(_bar(row, x, _ROW * (place + 1) + 4) for place, row in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _bar(result: Comparison, x: object, top: int) -> str:
    assert callable(x)
    middle, goal = top + 9, result.row.goal
    start, end = sorted((x(1), x(result.ratio)))
    colour = "#2a7" if result.met else "#c63"
    label = f"{result.work} / {result.peer.name}"
    shown = escape(label if len(label) <= 64 else label[:63] + "…")
    mark = ""
    if goal is not None:
        mark = f'<rect x="{x(goal) - 1:.1f}" y="{top - 1}" width="3" height="20" fill="#000"/>'
    return (
        f'<text x="4" y="{middle + 4}">{shown}</text>'
        f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" height="18" '
        f'fill="{colour}"/>'
        f'<line x1="{x(min(result.ratios)):.1f}" x2="{x(max(result.ratios)):.1f}" y1="{middle}" '
        f'y2="{middle}" stroke="#000"/>{mark}'
        f'<text x="{_LEFT + _WIDTH + 8}" y="{middle + 4}">{result.ratio:.2f}×</text>'
    )
