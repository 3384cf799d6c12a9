"""Tasks that return how they were called, one for each kind of signature."""

from __future__ import annotations

from typing import Any

from celery import Celery

app = Celery("called")


@app.task
def give(value: Any = None) -> Any:
    """The step before: returns what it is told to."""
    return value


@app.task
def nothing() -> Any:
    return "called"


@app.task
def one(x: Any) -> Any:
    return {"x": x}


@app.task
def titled(rows: Any, title: Any = "Report") -> Any:
    return {"rows": rows, "title": title}


@app.task
def two(x: Any, y: Any) -> Any:
    return {"x": x, "y": y}


@app.task
def optional(x: Any = 1, y: Any = 2) -> Any:
    return {"x": x, "y": y}


@app.task
def many(*items: Any) -> Any:
    return {"items": items}


@app.task
def one_and_more(x: Any, *items: Any) -> Any:
    return {"x": x, "items": items}


@app.task
def two_and_more(x: Any, y: Any, *items: Any) -> Any:
    return {"x": x, "y": y, "items": items}


@app.task
def named(*, x: Any = 1) -> Any:
    return {"x": x}


@app.task
def options(**rest: Any) -> Any:
    return {"rest": rest}


@app.task
def one_and_options(x: Any, **rest: Any) -> Any:
    return {"x": x, "rest": rest}


@app.task
def anything(*items: Any, **rest: Any) -> Any:
    return {"items": items, "rest": rest}
