"""Run by test_commit_before.py as a process of one version, with ``PYTHONPATH`` as its package.

``one_version.py worker``, ``one_version.py serve CATEGORY``, or ``one_version.py answer``, which
reads calls of the client as lines of JSON and writes their results as such. It uses public names
alone, so it runs with any version.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# The finder of an editable install adds what a version lacks from the checkout.
sys.meta_path[:] = [finder for finder in sys.meta_path if "Editable" not in str(finder)]

import littleflow_redis  # noqa: E402
from littleflow_redis.__main__ import main  # noqa: E402


def grow(x: int) -> int:
    return x + 1


def split(x: int) -> list[int]:
    return list(range(x))


def total(x: Any) -> int:
    return sum(map(total, x)) if isinstance(x, list) else int(x)


def flag(x: int) -> dict[str, int]:
    return {"value": x}


def seen(x: Mapping[str, int]) -> int:
    return x["value"]


def nothing(x: Any) -> None:
    return None


def shown(x: Any) -> str:
    return json.dumps(x)


def flaky(x: int) -> int:
    """Fails the first time that a step runs it."""
    task = littleflow_redis.current_task()
    mark = Path(f"{task.workflow.replace(':', '-')}-{task.index}")
    with suppress(FileExistsError):
        mark.touch(exist_ok=False)
        raise ValueError("the first time")
    return x


def broken(x: int) -> int:
    """Fails until there is a file ``mended``."""
    if not Path("mended").exists():
        raise ValueError("it is broken")
    return x


FUNCTIONS = (grow, split, total, flag, seen, nothing, shown, flaky, broken)


def serve(category: str) -> None:
    """Serve the functions above as steps of a category."""
    listener = littleflow_redis.TaskListener(category)
    for function in FUNCTIONS:
        listener.task(bind="whole")(function)
    logging.basicConfig(level="INFO", format="%(message)s")
    listener.run()


def answer() -> None:
    """Answer calls, one a line; the first line says where the package lies."""
    client = littleflow_redis.Client()
    say(littleflow_redis.__file__)
    for line in sys.stdin:
        method, args, kwargs = json.loads(line)
        try:
            say(getattr(client, method)(*args, **kwargs))
        except littleflow_redis.LittleflowError as error:
            say({"error": f"{type(error).__name__}: {error}"})


def say(value: Any) -> None:
    print(json.dumps(plain(value)), flush=True)


def plain(value: Any) -> Any:
    """A value as JSON, with the fields of its class by name."""
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | Iterator) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


if __name__ == "__main__":
    role, *given = sys.argv[1:]
    if role == "worker":
        sys.argv[:] = ["littleflow-redis", "worker"]
        main()
    elif role == "serve":
        serve(*given)
    else:
        answer()
