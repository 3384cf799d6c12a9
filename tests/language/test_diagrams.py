"""Diagrams of what littleflow cannot draw."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from littleflow_redis.language import compile_text, dot, load, mermaid, save

TEXT = """
@flow shown
@task X '''Say "x"''' { a }
<- {"k": "v"} -> → ? `$.k` b → * { c → :start; d } → X → <out.json>
e → :start
"""


def test_mermaid_names_what_littleflow_does_not() -> None:
    text = mermaid(compile_text(TEXT))
    assert 'state "{#quot;k#quot;: #quot;v#quot;}" as _literal_1_' in text
    assert 'state "? b" as b.2' in text
    assert 'state "<out.json>" as resource.' in text
    assert "[*]-->_start_0_" in text
    assert "-->_start_0_\n" in text
    assert "None" not in text


def test_names_from_elsewhere_cannot_break_out() -> None:
    document = save(compile_text("A"), text=False)
    document["T"][1][1]["name"] = 'A" as x\nend note'
    text = mermaid(load(document))
    assert "\nend note" not in text
    assert 'label="A\\" as x\\nend note"' in dot(load(document))


def test_dot() -> None:
    text = dot(compile_text(TEXT))
    assert text.startswith('digraph "shown" {')
    assert "subgraph cluster_" in text
    assert text.count("{") == text.count("}")
    assert "style=dashed" in text


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it() -> None:
    drawn = dot(compile_text(TEXT))
    command = ["dot", "-Tplain"]
    made = subprocess.run(command, input=drawn, text=True, capture_output=True, check=True)
    assert made.stdout.startswith("graph")
