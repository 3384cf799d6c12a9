"""Scientific workflows replayed: ``python -m benchmarks.graphs [INSTANCE.json…]``.

Each runs twice: with tasks that take no time, which shows what steps cost in such a graph; and with
its own run times, scaled so that nothing with so many slots could be done in less than SECONDS.
Without files it takes graphs of the structure of published ones; instances in WfFormat 1.4 and 1.5
can be had from https://github.com/wfcommons/WfInstances.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.instances import at_scale
from benchmarks.ours import native
from benchmarks.row import Measure
from benchmarks.wfformat import Graph, read

#: Tasks that run at a time, and the least seconds that the scaled tasks can take.
SLOTS, SECONDS = 8, 2.0


@contextmanager
def replay(graph: Graph, slots: int = SLOTS, factor: float = 0.0) -> Iterator[Measure]:
    """A listener with so many slots, for tasks of ``factor`` times their run time; in seconds."""
    naps = {id: task.seconds * factor for id, task in graph.tasks.items() if task.seconds * factor}
    programs = sorted({task.program for task in graph.tasks.values()})
    with TemporaryDirectory(prefix="bench-") as folder:
        plan = Path(folder) / "plan.json"
        plan.write_text(json.dumps({"slots": slots, "naps": naps, "programs": programs}))
        with native(listener=("benchmarks.graphlistener", str(plan))) as engine:
            # The tasks give nothing: null for each that is last.
            last = len(graph.flow.steps[-1].predecessors)
            yield lambda: engine.run(graph.flow, 1, [None] * last if last > 1 else None)


def load(path: Path) -> Graph:
    """The graph of a file. Raises ClickException."""
    try:
        return read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from error


@click.command()
@click.argument("instance", type=click.Path(dir_okay=False, path_type=Path), nargs=-1)
@click.option("--slots", type=click.IntRange(1), default=SLOTS, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=SECONDS, show_default=True)
def main(instance: Sequence[Path], slots: int, seconds: float) -> None:
    """Print a table: a line for each instance."""
    graphs = [load(path) for path in instance] or map(read, at_scale(1).values())
    click.echo(
        "| workflow | tasks | edges | empty tasks | steps/s | at best | with no overhead | took | |"
    )
    click.echo("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for graph in graphs:
        bound = graph.bound(slots)
        factor = seconds / bound
        with replay(graph, slots) as empty, replay(graph, slots, factor) as scaled:
            nothing, took = empty(), scaled()
        tasks = len(graph.tasks)
        click.echo(
            f"| {graph.name} | {tasks} | {graph.edges} | {nothing:.2f} s | {tasks / nothing:.0f} "
            f"| {seconds:.2f} s | {graph.first_come(slots) * factor:.2f} s | {took:.2f} s "
            f"| {took / seconds:.2f}× |"
        )


if __name__ == "__main__":
    main()
