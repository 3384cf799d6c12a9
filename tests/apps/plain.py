"""A Celery project as people have it: it knows nothing of workflows."""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from celery import Celery, Task
from kombu.utils.json import register_type

app = Celery("plain")


class OutOfStock(Exception):
    """An exception of the user's own."""


@app.task
def add(x: float, y: float) -> float:
    return x + y


@app.task
def mul(x: float, y: float = 2) -> float:
    return x * y


@app.task
def greet(name: str, *, greeting: str = "hello") -> str:
    return f"{greeting} {name}"


@app.task
def total(numbers: list[float]) -> float:
    return sum(numbers)


@app.task
def collect(*items: Any, **named: Any) -> Any:
    return named or list(items)


@app.task
def order(item: str) -> None:
    raise OutOfStock(item, 3)


@app.task(ignore_result=True)
def silent() -> str:
    return "stored all the same"


@app.task(bind=True)
def whoami(self: Task) -> dict[str, Any]:
    return {"id": self.request.id, "attempt": self.request.littleflow}


@app.task
def typed() -> dict[str, Any]:
    return {
        "day": date(2024, 2, 29),
        "moment": datetime(2024, 2, 29, 12, 30, tzinfo=UTC),
        "price": Decimal("1.10"),
        "id": uuid.UUID(int=1),
        "text": b"text",
        "binary": b"\xff\x00",
        "pair": (1, 2),
    }


@app.task
def nap(line: str, seconds: float = 0.3) -> str:
    """Takes its time, then leaves a line."""
    time.sleep(seconds)
    return note(line)


@app.task
def note(line: str) -> str:
    """Leaves a line where neither Celery nor Redis can lose it."""
    with Path(os.environ["LEDGER"]).open("a") as ledger:
        ledger.write(f"{line}\n")
    return line


@app.task(bind=True)
def mark(self: Task) -> int:
    """Leaves a line that says which step ran."""
    attempt = self.request.littleflow
    time.sleep(0.02)
    note(f"{attempt['workflow']}|{attempt['index']}")
    return int(attempt["index"])


@app.task
def unencodable() -> object:
    return object()


@app.task
def not_a_number() -> float:
    return float("nan")


@app.task
def large(size: int) -> str:
    return "x" * size


@app.task(name="reports.weekly-summary")
def weekly_summary() -> str:
    return "quiet"


class Point:
    """A type of the user's own, which kombu's JSON was taught."""

    def __init__(self, x: Decimal) -> None:
        self.x = x


register_type(Point, "point", lambda point: {"x": point.x}, lambda found: Point(found["x"]))


@app.task
def point() -> Point:
    return Point(Decimal("1.10"))


@app.task
def price() -> Decimal:
    return Decimal("1.10")


@app.task
def nothing() -> None:
    return None


@app.task
def passed(value: Any) -> Any:
    return value


@app.task
def double(value: Any) -> Any:
    return value * 2


@app.task
def kinds(value: Any) -> Any:
    """The types of what it is given, in its shape."""
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in value.items()}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    if isinstance(value, Point):
        return ["Point", kinds(value.x)]
    return f"{type(value).__name__} {value!r}"
