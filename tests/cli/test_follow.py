"""``follow``: changes as they happen."""

from __future__ import annotations

import signal

from littleflow_redis import Client
from tests.support import wait_until

from .conftest import Process


def test_changes_are_printed_as_they_happen(process: Process, engine: Client) -> None:
    engine.start("A", workflow_id="other")
    shown = process("follow", "w", "--after", "0-0")
    engine.start("A", workflow_id="w")
    wait_until(lambda: "workflow:w  1  queue  queued" in shown.output, "the start is told")
    engine.terminate("w")
    engine.delete("w")
    wait_until(lambda: "workflow:w  DELETED" in shown.output, "the end is told")
    assert "workflow:w  1  cancel  cancelled" in shown.output
    assert "other" not in shown.output
    shown.process.send_signal(signal.SIGINT)
    assert shown.wait() == 0
