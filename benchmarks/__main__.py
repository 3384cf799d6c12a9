"""``python -m benchmarks``: measure all rows, or some, and print the table."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from benchmarks.cputime import Unsupported
from benchmarks.machine import load, machine, versions
from benchmarks.measure import Result, Unmeasured, compare
from benchmarks.ours import WrongOutcome
from benchmarks.peers.home import NoPeer
from benchmarks.plot import svg
from benchmarks.processes import ProcessDied
from benchmarks.report import as_json, markdown
from benchmarks.row import Hung, Row
from benchmarks.rows import ROWS
from benchmarks.server import NoServer

#: What leaves a row unmeasured, and the others as they are.
_PROBLEMS = (Hung, NoPeer, ProcessDied, WrongOutcome, Unsupported)

#: Runs of each side and size of the work that --quick stands for.
_QUICK_RUNS, _QUICK_SCALE = 3, 0.5


class Keys(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on only
    """Keys of rows, with commas between them."""

    name = "ROW,…"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[str]:
        """Split and check."""
        keys = value.split(",")
        unknown = [key for key in keys if key not in ROWS]
        if unknown:
            self.fail(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}", param, ctx)
        return keys


@click.command()
@click.option("--quick", is_flag=True, help="Half the work, 3 runs: two minutes on two cores.")
@click.option("--rows", "keys", type=Keys(), default=",".join(ROWS), help="Only these rows.")
@click.option("--runs", type=click.IntRange(1), help="Runs of each side.  [default: 5]")
@click.option(
    "--scale",
    type=click.FloatRange(min=0, min_open=True),
    help="Size of the work; the goals are set for 1.  [default: 1]",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--markdown", "markdown_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--svg", "svg_file", type=click.Path(dir_okay=False, path_type=Path))
def main(
    quick: bool,
    keys: Sequence[str],
    runs: int | None,
    scale: float | None,
    json_file: Path | None,
    markdown_file: Path | None,
    svg_file: Path | None,
) -> None:
    """Measure littleflow_redis and its peers on this machine, in turn.

    The table goes to stdout. Ends with 1 if a row could not be measured, whatever the figures are.
    """
    runs = runs or (_QUICK_RUNS if quick else 5)
    scale = scale or (_QUICK_SCALE if quick else 1.0)
    about: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "runs": runs,
        "scale": scale,
        "machine": machine(),
        "versions": _versions(),
        "load before": load(),
    }
    results = [_measure(ROWS[key], runs, scale) for key in keys]
    about["load after"] = load()
    table = markdown(results, about)
    print(table, end="")
    if markdown_file:
        markdown_file.write_text(table, encoding="utf-8")
    if svg_file:
        svg_file.write_text(svg(results), encoding="utf-8")
    if json_file:
        text = json.dumps(as_json(results, about), indent=2, ensure_ascii=False)
        json_file.write_text(text + "\n", encoding="utf-8")
    if any(isinstance(result, Unmeasured) for result in results):
        sys.exit(1)


def _versions() -> dict[str, str]:
    try:
        return dict(versions())
    except NoServer as error:
        raise click.ClickException(str(error)) from error


def _measure(row: Row, runs: int, scale: float) -> Result:
    race = row.race(scale)
    try:
        return compare(row, race, runs, _progress)
    except _PROBLEMS as error:
        _progress(f"{row.key}: not measured: {error}")
        return Unmeasured(row, race.work, str(error))


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    # Celery's client does not use what this one asks for; it says so at each connection.
    warnings.simplefilter("ignore", ResourceWarning)
    main()
