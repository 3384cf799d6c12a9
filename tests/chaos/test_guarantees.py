"""The page of guarantees names what is there, and what it shows runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis import TaskListener, run_local

from . import faults, invariants, rest
from .model.test_model import MISTAKES
from .mutants.catalogue import MUTANTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")

NAMED = sorted(set(re.findall(r"`((?:tests|littleflow_redis|bridges)/[^`\s]+)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_what_proves_it_is_there(name: str) -> None:
    path, _, test = name.partition("::")
    assert (ROOT / path).exists()
    if test:
        assert f"def {test}(" in (ROOT / path).read_text(encoding="utf-8")


def test_checks_and_mistakes_are_those_that_there_are() -> None:
    for check in invariants.CHECKS:
        assert f"`{check.__name__}`" in PAGE
    for name in ("wait_for_rest", "delete_all"):
        assert f"`{name}`" in PAGE
        assert hasattr(rest, name)
    models = re.findall(r'model "([^"]+)"', PAGE)
    assert models
    assert set(models) <= MISTAKES.keys()
    assert set(re.findall(r'chaos "([^"]+)"', PAGE)) <= faults.FAULTS.keys()


def test_the_key_of_a_native_task() -> None:
    (code,) = re.findall(
        r"```python\n(from littleflow_redis import TaskListener.*?)```", PAGE, re.S
    )
    paid: dict[str, Any] = {}

    class Payments:
        @staticmethod
        def charge(order: int, amount: int, idempotency_key: str) -> str:
            return str(paid.setdefault(idempotency_key, f"receipt {len(paid)}"))

    names: dict[str, Any] = {"payments": Payments}
    exec(code, names)  # noqa: S102
    listener = names["listener"]
    assert isinstance(listener, TaskListener)
    output = run_local("shop:charge(- {order: 1, amount: 2} -)", listener)
    assert output == "receipt 0"
    (key,) = paid
    assert key.split(":")[-2:][0] == "1"
    assert key.split(":")[-1].startswith("1.1")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_has_its_place(mutant: Any) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    assert mutant.new != mutant.old
    assert all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)
