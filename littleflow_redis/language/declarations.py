"""The declarations `@flow` and `@task`: checked, and ready to be looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from .errors import ProblemCollector, ProblemKind, close_match
from .flow import Json
from .options import SUBFLOW_OPTIONS
from .syntax import Declaration, Group, Parameters, Program, Statement, Task

_Parameters = tuple[Json, Mapping[str, Json]]


class Declarations:
    """The declarations of one text."""

    def __init__(self, program: Program, reports: ProblemCollector) -> None:
        self._reports = reports
        self.flow: Declaration | None = None
        self._tasks: dict[str, Declaration] = {}
        for declaration in program.declarations:
            if declaration.kind == "flow":
                self._add_flow(declaration)
            else:
                self._add_task(declaration)
        self._check_recursion()
        self._check_use(program)

    def task(self, name: str) -> Declaration | None:
        """The declaration of a task."""
        return self._tasks.get(name)

    def subflow(self, name: str) -> Group | None:
        """The subflow of a task that is declared with `{ … }`, or is an alias of one."""
        return self._resolved(self._tasks.get(name))

    def _resolved(self, declaration: Declaration | None) -> Group | None:
        if declaration is not None and declaration.base is not None:
            declaration = self._tasks.get(declaration.base)
        return declaration.subflow if declaration is not None else None

    def _problem(self, at: tuple[int, int], message: str, *, hint: str = "") -> None:
        self._reports.add(ProblemKind.DECLARATION, at, message, hint=hint)

    def _add_flow(self, declaration: Declaration) -> None:
        if self.flow is not None:
            line, column = self.flow.at
            hint = f"the first is at {line}:{column}; a text holds one flow"
            self._problem(declaration.at, "a second @flow", hint=hint)
        elif declaration.base is not None:
            self._problem(declaration.at, "a flow cannot be an alias")
        else:
            self.flow = declaration

    def _add_task(self, declaration: Declaration) -> None:
        name = declaration.name
        if name in self._tasks:
            message = f"@task {name} is declared twice; this one counts"
            self._reports.warn(declaration.at, message)
        if declaration.subflow is not None and declaration.base is not None:
            hint = "leave out one of the two"
            self._problem(declaration.at, f"{name} is both an alias and a subflow", hint=hint)
        if declaration.subflow is not None:
            self.subflow_options(declaration.parameters, name, declaration.at)
        self._tasks[name] = declaration

    def subflow_options(
        self, parameters: Parameters, name: str, at: tuple[int, int]
    ) -> Mapping[str, Json]:
        """The options of a subflow's declaration or use; it takes no other parameters."""
        wrong = [key for key in parameters.options if key not in SUBFLOW_OPTIONS]
        if parameters.value or wrong:
            what = wrong[0] if wrong else "parameters"
            hint = "put them on the tasks within; a subflow itself takes $concurrency"
            self._problem(at, f"the subflow {name} cannot take {what}", hint=hint)
        return parameters.options

    def merged(self, task: Task) -> _Parameters:
        """The parameters of a task: its own over those of its declaration."""
        own = task.parameters
        declaration = self._tasks.get(task.name)
        if declaration is None:
            return ({} if own.literal is None else own.value), own.options
        given = declaration.parameters
        options = {**given.options, **own.options}
        if not given.value or not own.value:
            return (own.value or given.value or {}), options
        if isinstance(given.value, Mapping) and isinstance(own.value, Mapping):
            return {**given.value, **own.value}, options
        if isinstance(given.value, Mapping) or type(given.value) is not type(own.value):
            line, column = declaration.at
            hint = f"{task.name} is declared at {line}:{column}"
            message = f"the parameters of {task.name} are not of the kind that is declared"
            self._problem((task.line, task.column), message, hint=hint)
        return own.value, options

    def _check_recursion(self) -> None:
        """Refuses subflows that use themselves, and shows the way round."""
        done: set[str] = set()
        for name in self._tasks:
            trail: list[str] = []
            ways = [iter((name,))]
            while ways:
                step = next(ways[-1], None)
                if step is None:
                    ways.pop()
                    if trail:
                        done.add(trail.pop())
                elif step in trail:
                    self._recursive([*trail[trail.index(step) :], step])
                elif step not in done:
                    trail.append(step)
                    ways.append(self._uses(step))

    def _recursive(self, cycle: list[str]) -> None:
        hint = "a flow runs again with → :start, a list with *"
        message = f"a subflow cannot hold itself: {' → '.join(cycle)}"
        self._problem(self._tasks[cycle[0]].at, message, hint=hint)

    def _uses(self, name: str) -> Iterator[str]:
        group = self.subflow(name)
        if group is None:
            return iter(())
        base = self._tasks[name].base
        if base is not None:
            return iter((base,))
        return (task.name for task in _tasks_of(group.statements) if task.name in self._tasks)

    def _check_use(self, program: Program) -> None:
        used = {placed.node.name for placed in program.placed() if isinstance(placed.node, Task)}
        used.update(item.base for item in self._tasks.values() if item.base is not None)
        for name, declaration in self._tasks.items():
            if name not in used:
                hint = close_match(name, used - self._tasks.keys())
                message = f"@task {name} is declared but not used"
                self._reports.warn(declaration.at, f"{message}; {hint}" if hint else message)


def _tasks_of(statements: Iterable[Statement]) -> Iterator[Task]:
    waiting = [statements]
    while waiting:
        for statement in waiting.pop():
            for placed in statement.steps:
                if isinstance(placed.node, Task):
                    yield placed.node
                elif isinstance(placed.node, Group):
                    waiting.append(placed.node.statements)
