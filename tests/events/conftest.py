"""Listeners in threads, stopped at the end of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.events.listeners import Listening


@pytest.fixture
def listen() -> Iterator[Callable[[Any], Listening]]:
    """Run a listener in a thread until the test is over."""
    running: list[Listening] = []

    def start(listener: Any) -> Listening:
        running.append(Listening(listener))
        return running[-1]

    yield start
    for one in running:
        one.stop()
