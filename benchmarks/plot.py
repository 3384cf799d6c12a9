"""The ratios as an SVG picture: a bar per row, on a logarithmic scale, with the goal as a mark.

To the right is better, also where the figure of a row is time: there the ratio is turned over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from benchmarks.measure import Comparison, Result

_TITLE = "times as good as the peer (grey line: alike; black mark: goal)"

#: Pixels: a row's height, where the bars begin, and how long they are at most.
_ROW, _LEFT, _WIDTH = 26, 430, 330


def svg(results: Sequence[Result]) -> str:
    """A picture of the rows that were measured."""
    rows = [result for result in results if isinstance(result, Comparison)]
    ends = [value for row in rows for value in (*_better(row, row.ratios), *_goal(row), 1)]
    low, high = math.log(min(ends, default=1) / 1.3), math.log(max(ends, default=1) * 1.3)

    def x(ratio: float) -> float:
        return _LEFT + (math.log(ratio) - low) / (high - low) * _WIDTH

    height = _ROW * (len(rows) + 1) + 10
    one = f'<line x1="{x(1):.0f}" x2="{x(1):.0f}" y1="24" y2="{height}" stroke="#888"/>'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 90}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<text x="{_LEFT}" y="16">{_TITLE}</text>',
        one,
        *(_bar(row, x, _ROW * (place + 1) + 4) for place, row in enumerate(rows)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _better(result: Comparison, ratios: Sequence[float]) -> list[float]:
    return [1 / ratio if result.row.lower_is_better else ratio for ratio in ratios]


def _goal(result: Comparison) -> list[float]:
    return [] if result.row.goal is None else _better(result, [result.row.goal])


def _bar(result: Comparison, x: Callable[[float], float], top: int) -> str:
    middle, ratios = top + 9, _better(result, result.ratios)
    (ratio,) = _better(result, [result.ratio])
    start, end = sorted((x(1), x(ratio)))
    colour = "#89a" if result.row.goal is None else "#2a7" if result.met else "#c63"
    label = f"{result.work} / {result.peer.name}"
    shown = escape(label if len(label) <= 64 else label[:63] + "…")
    mark = "".join(
        f'<rect x="{x(goal) - 1:.1f}" y="{top - 1}" width="3" height="20" fill="#000"/>'
        for goal in _goal(result)
    )
    return (
        f'<text x="4" y="{middle + 4}">{shown}</text>'
        f'<rect x="{start:.1f}" y="{top}" width="{max(end - start, 1):.1f}" height="18" '
        f'fill="{colour}"/>'
        f'<line x1="{x(min(ratios)):.1f}" x2="{x(max(ratios)):.1f}" y1="{middle}" '
        f'y2="{middle}" stroke="#000"/>{mark}'
        f'<text x="{_LEFT + _WIDTH + 8}" y="{middle + 4}">{ratio:.2f}×</text>'
    )
