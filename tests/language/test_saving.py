"""Flows as data, and flows made of data that may come from anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from littleflow_redis.language import compile_text, load, save

EVERYTHING = """
@flow all (- {x: 1, "n": null} -) '''What it does'''
@task t = lib:t (- {a: [1, 2.5, null], $retry: 3, $timeout: 1h} -) '''Does'''
@task sub (- $concurrency: 5 -) '''Both''' { t  ? `$.x` u }
@task unused
<- {k: v} -> → t :out → * { ? `$[?(@.a=1)]` u → w → :start; v } → sub → <out.json>(- m: PUT -);
<in.json> → * sub → > :x; :x → z → > :end;
:out → y :lonely;
q → > :start
"""


def test_everything_survives() -> None:
    flow = compile_text(EVERYTHING)
    assert flow.warnings
    assert load(json.loads(json.dumps(save(flow)))) == flow


def test_a_plain_flow_is_littleflows_form_alone() -> None:
    assert save(compile_text("A"), text=False) == {
        "F": [[0, 1, 0], [0, 0, 1], [0, 0, 0]],
        "T": [
            ["StartFlow", {"index": 0}],
            [
                "InvokeTask",
                {
                    "index": 1,
                    "name": "A",
                    "parameters": {},
                    "base": None,
                    "doc": None,
                    "merge": False,
                },
            ],
            ["Sink", {"index": 2, "merge": False}],
        ],
    }
    assert save(compile_text("A"))["X"] == {"source": "A", "at": [[0, 0], [1, 1], [0, 0]]}
    assert save(compile_text("@flow f A"), text=False)["X"] == {"name": "f"}


def test_large_flows_have_edges_in_place_of_a_matrix() -> None:
    flow = compile_text("→".join(["A"] * 999))
    document = save(flow)
    assert "F" not in document
    assert document["edges"][:2] == [[0, 1], [1, 2]]
    assert load(document) == flow
    assert "F" in save(compile_text("→".join(["A"] * 998)))


def saved(**changes: Any) -> dict[str, Any]:
    return {**save(compile_text("A → { B }"), text=False), **changes}


def task(**fields: Any) -> list[Any]:
    """T of three steps, the middle one with these fields."""
    return [
        ["StartFlow", {"index": 0}],
        ["InvokeTask", {"index": 1, "name": "A", **fields}],
        ["Sink", {"index": 2}],
    ]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ([], "an object with the members"),
        ({"T": 3}, "an object with the members"),
        ({"T": []}, "a row for each"),
        ({"T": [], "edges": []}, "has a step"),
        (saved(F=[[0]]), "a row for each"),
        (saved(F=[[0]] * 6), "row 0 of F"),
        (saved(edges=[[0, 9]]), "pairs of numbers below 6"),
        (saved(edges=[[0, True]]), "pairs of numbers"),
        (saved(edges="x"), "pairs of numbers"),
        (saved(edges=[[1, 3], [3, 1]]), "wait for each other"),
        (saved(X=[]), "X of a saved flow"),
        (saved(X={"steps": {"9": {}}}), "'9' that T has not"),
        (saved(X={"steps": {"1": {"kind": "start"}}}), "cannot be a 'start'"),
        (saved(X={"steps": {"1": {"guard": "$["}}}), "unexpected"),
        (saved(X={"steps": {"1": {"options": {"$x": 1}}}}), r"\$x is unknown"),
        (saved(X={"steps": {"1": {"frob": 1}}}), "'frob' of step 1"),
        (saved(X={"at": [[1, 1]]}), "a line and a column"),
        (saved(X={"at": [["1", 1]] * 6}), "whole numbers"),
        (saved(X={"name": 3}), "the name"),
        (saved(X={"warnings": [3]}), "warnings"),
        ({"T": task(), "edges": [], "F": []}, None),
        ({"T": task(merge=1), "edges": []}, "'merge' of step 1"),
        ({"T": task(name=""), "edges": []}, "without a name"),
        ({"T": task(index=5), "edges": []}, "another index"),
        ({"T": [["os.system", {}]], "edges": []}, "with a class of"),
        ({"T": [["Sink", {}]] * 3, "edges": []}, "begins with a StartFlow"),
        ({"T": [["StartFlow", {}]] * 2 + [["Sink", {}]], "edges": []}, "one StartFlow"),
    ],
)
def test_what_is_no_flow(document: Any, what: str | None) -> None:
    if what is None:
        assert "nothing leads to step 1 A" in load(document).warnings[0]
        return
    with pytest.raises(ValueError, match=what):
        load(document)


def test_options_and_guards_in_data_are_checked_as_in_texts() -> None:
    extra = {"options": {"$timeout": "1m"}, "guard": "$.a", "iterate": True}
    found = load(saved(X={"steps": {"1": extra}}))[1]
    assert (found.options, found.guard, found.iterate) == ({"$timeout": 60}, "$.a", True)
