"""A supervisor of plain children, to be run as a process and killed: ``supervised.py SCENE MARK``.

``MARK`` stands in the arguments of every child, so that a process table shows which are left.
"""

from __future__ import annotations

import asyncio
import os
import sys

from littleflow_redis.workers import child_process, supervisor
from littleflow_redis.workers.child_process import Child, ChildFailed
from littleflow_redis.workers.supervisor import supervise

MARK = sys.argv[2]

#: Ends on SIGTERM, and says so.
POLITE = """
import signal, sys, time
def end(*_):
    print("told to end", flush=True)
    time.sleep(0.2)
    print("ends", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, end)
print("at work", flush=True)
while True: signal.pause()
"""

#: Cannot be ended but by SIGKILL, and has a child and a grandchild like itself.
STUBBORN = """
import os, signal, subprocess, sys
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(number, lambda number, _: print("got", number, flush=True))
depth = int(sys.argv[2])
print("at work", depth, flush=True)
if depth:
    subprocess.Popen([sys.executable, "-c", sys.argv[3], sys.argv[1], str(depth - 1), sys.argv[3]])
while True: signal.pause()
"""

#: Dies of its first life, with a child left behind; lives on in its second.
MORTAL = """
import os, signal, subprocess, sys, time
if os.path.exists("lived"):
    print("second life", flush=True)
    while True: signal.pause()
open("lived", "w").close()
print("first life", flush=True)
subprocess.Popen([sys.executable, "-c", sys.argv[2], sys.argv[1], "0", ""])
sys.exit(3)
"""


def child(name: str, source: str, *args: str, ready: str | None = None) -> Child:
    command = [sys.executable, "-c", source, MARK, *args]
    return Child(name, command, os.environ, ready_line=ready)


def show(name: str, line: str) -> None:
    print(f"{name}: {line}", flush=True)


async def forever() -> int:
    show("job", "all ready")
    await asyncio.Event().wait()
    return 1


async def seven() -> int:
    return 7


def stubborn() -> Child:
    return child("stubborn", STUBBORN, "2", STUBBORN, ready="at work 0")


def main(scene: str) -> int:
    polite = [[child(name, POLITE, ready="at work")] for name in ("base", "upper")]
    match scene:
        case "polite":
            return supervise(polite, show, forever)
        case "long echo":
            supervisor.ECHO = 60.0
            return supervise(polite, show, forever)
        case "job":
            return supervise(polite, show, seven)
        case "stubborn":
            child_process.GRACE = 1000.0
            return supervise([[stubborn()]], show, forever)
        case "impatient":
            child_process.GRACE = 0.2
            return supervise([[stubborn()]], show, forever)
        case "mortal":
            return supervise([[child("mortal", MORTAL, STUBBORN)]], show, forever)
        case "quiet":
            source = "import signal; print('at work'); print('last words'); signal.pause()"
            command = [sys.executable, "-u", "-c", source, MARK]
            quiet = Child("quiet", command, os.environ, ready_line="at work", quiet=True)
            return supervise([[quiet]], show, forever)
        case "hopeless":
            child_process.FIRST_DELAY = 0.01
            hopeless = child("hopeless", "import sys; sys.exit('no way')", ready="never")
            return supervise([polite[0], [hopeless]], show, forever)
    raise ValueError(scene)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except ChildFailed as error:
        sys.exit(f"given up: {error}")
