"""How many files a reader opens who follows an end-task event from the read to the script."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import littleflow_redis
from littleflow_redis import Client
from littleflow_redis.engine.model.task_events import encode_success, kind_of, start_task
from littleflow_redis.workers.lifecycle import LifecycleWorker

_PACKAGE = Path(littleflow_redis.__file__).parent

#: Files on the way, at most.
MOST = 8

#: Not counted: it says what the fields of an event mean, returns a value and hands nothing on. With
#: `task_events.py`, which makes the event an EndTask, the way of today has one file more.
_VOCABULARY = "engine/model/"

#: A room calls those that stand after it, and is called by none of them.
_ROOMS = ["workers", "engine/store", "events"]


class Way:
    """The files of which a function takes or returns the event, in order of the first.

    The event is known by its id, wherever an argument or a result shows it: as an entry, as an end,
    as arguments of the script, as a call. Generated methods, such as constructors of values, have
    no file and do not count.
    """

    def __init__(self, event: str) -> None:
        self.files: list[str] = []
        #: Caller and callee, where the event is an argument.
        self.calls: set[tuple[str, str]] = set()
        self._event = event

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Look at every call of this thread while inside."""
        before = sys.getprofile()
        sys.setprofile(self._look)
        try:
            yield
        finally:
            sys.setprofile(before)

    def _look(self, frame: FrameType, event: str, result: Any) -> None:
        file = _file(frame)
        if not file or event not in ("call", "return"):
            return
        # All that it was given, before it has done anything; then, all that comes of it.
        shown = list(frame.f_locals.values()) if event == "call" else result
        if self._event not in repr(shown):
            return
        if file not in self.files:
            self.files.append(file)
        if event == "call" and frame.f_back and (caller := _file(frame.f_back)):
            self.calls.add((caller, file))


def _file(frame: FrameType) -> str:
    path = Path(frame.f_code.co_filename)
    return str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else ""


def test_an_end_goes_through_few_files_and_one_way(engine: Client) -> None:
    worker = LifecycleWorker(engine)
    workflow = engine.start("math:add → math:times-ten")
    rows: Any = engine.redis.xrange(engine.keys.events)
    (task,) = [start_task(id, f) for id, f in rows if kind_of(f) == "start-task"]
    # As a program that is not ours says it.
    fields: Any = encode_success(task, "3")
    event: Any = engine.redis.xadd(engine.keys.events, fields)
    end = event.decode()
    way = Way(end)
    with way.watched():
        while not worker.applied:
            worker.turn()
    assert engine.state(workflow).steps[1].state == "ended"
    files = [file for file in way.files if not file.startswith(_VOCABULARY)]
    assert {"workers/lifecycle.py", "events/group.py", "events/script_batch.py"} <= {*files}
    assert len(files) <= MOST, files
    for caller, callee in way.calls:
        places = [_place(caller), _place(callee)]
        assert places == sorted(places), f"{caller} is called from below, by {callee}"


def _place(file: str) -> int:
    """The place of a file's room; vocabulary stands below all."""
    rooms = [room for room in _ROOMS if file.startswith(f"{room}/")]
    return _ROOMS.index(rooms[0]) if rooms else len(_ROOMS)
