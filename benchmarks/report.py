"""Results as a Markdown table, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.measure import Comparison, Figures, Result, Unmeasured, shown
from benchmarks.row import Row

_HEAD = (
    "| work | ours | peer | | ratio (lowest–highest) | goal | met |\n"
    "|---|---:|---:|---|---:|---:|---|\n"
)


def markdown(results: Sequence[Result], about: Mapping[str, Any]) -> str:
    """The table, and below it where and with what it was measured."""
    return _HEAD + "".join(map(_line, results)) + "\n" + _footer(about)


def as_json(results: Sequence[Result], about: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that was measured, run by run."""
    return {**about, "rows": [_row_json(result) for result in results]}


def _line(result: Result) -> str:
    goal = _goal(result.row)
    if isinstance(result, Unmeasured):
        # The last line of a traceback says most.
        reason = " ".join(result.reason.split()).replace("|", "\\|")[-200:]
        return f"| {result.work} | – | – | not measured: {reason} | – | {goal} | – |\n"
    ratios = result.ratios
    spread = f"{_ratio(result.ratio)} ({_ratio(min(ratios))}–{_ratio(max(ratios))})"
    met = "–" if result.row.goal is None else "yes" if result.met else "**no**"
    unit = result.row.unit
    return (
        f"| {result.work} | {shown(result.ours.median)} {unit}{_hung(result.ours)} "
        f"| {shown(result.peer.median)} {unit}{_hung(result.peer)} "
        f"| {result.peer.name} | {spread} | {goal} | {met} |\n"
    )


def _hung(figures: Figures) -> str:
    if not figures.hung:
        return ""
    return f", {figures.hung} {'run' if figures.hung == 1 else 'runs'} hung"


def _goal(row: Row) -> str:
    if row.goal is None:
        return "less is better" if row.lower_is_better else "–"
    return f"{'≤' if row.lower_is_better else '≥'} {row.goal:g}×"


def _ratio(value: float) -> str:
    return f"{value:.0f}×" if value >= 10 else f"{value:.2f}×"


def _footer(about: Mapping[str, Any]) -> str:
    machine, versions = about["machine"], about["versions"]
    names = ", ".join(f"{name} {text}" for name, text in versions.items() if name != "upstream")
    return (
        f"Median of {about['runs']} runs of each side in turn; size {about['scale']:g}. "
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}. "
        f"Load before: {about['load before']}, after: {about['load after']}. {names}.\n"
    )


def _row_json(result: Result) -> dict[str, Any]:
    row = result.row
    head = {"key": row.key, "work": result.work, "unit": row.unit, "goal": row.goal}
    head["lower is better"] = row.lower_is_better
    if isinstance(result, Unmeasured):
        return {**head, "not measured": result.reason}
    return {**head, **_comparison_json(result)}


def _comparison_json(result: Comparison) -> dict[str, Any]:
    return {
        "ours": _figures_json(result.ours),
        "peer": _figures_json(result.peer),
        "ratio": {"median": result.ratio, "pairs": result.ratios},
        "met": result.met,
    }


def _figures_json(figures: Figures) -> dict[str, Any]:
    runs = list(figures.runs)
    return {"name": figures.name, "median": figures.median, "runs": runs, "hung": figures.hung}
