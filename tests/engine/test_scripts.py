"""A script's contract: what it declares is what Python sends, or nothing is loaded at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from littleflow_redis.engine.store import contracts, script_loader
from littleflow_redis.engine.store.arguments import Arguments
from littleflow_redis.engine.store.declarations import ScriptHead, script_names
from littleflow_redis.engine.store.keys import Keys
from littleflow_redis.engine.store.lua_names import LUA
from littleflow_redis.engine.store.script_loader import compose, includes

LUA_FILES = Path(contracts.__file__).with_name("lua")

#: Lua allows 200 locals and 60 upvalues in one function.
MOST_LOCALS = 170

#: A field of the working table in the constructor: its indentation, name, types and meaning.
_FIELD = re.compile(r"^( {4}| {6})(\w+) = .+, -- (\w+(?: or \w+)?): (\S.*)$", re.MULTILINE)
_PART = re.compile(r"^ {4}(\w+) = \{$", re.MULTILINE)
#: What a script uses of it. A local that holds a part has the part's name.
_USED = re.compile(r"\bw\.((?:cache|writes)(?:\.\w+)?|\w+)|(?<![.\w])((?:cache|writes)\.\w+)")
_TYPES = {"boolean", "false", "list", "map", "nil", "number", "string", "table"}


def test_arguments_that_differ_from_the_file_are_refused_at_import() -> None:
    with pytest.raises(TypeError, match=r"Archive has least; lua/archive.lua declares most"):

        class Archive(Arguments):
            least: int


def test_a_script_without_arguments_in_python_is_noticed() -> None:
    known = {kind.script for kind in vars(contracts).values() if isinstance(kind, type)
             and issubclass(kind, Arguments) and kind is not Arguments}  # fmt: skip
    assert known == {*script_names()}


@pytest.mark.parametrize("wrong", ["StepState.ENDET", "Limits.FIRED", "K.nowhere", "Trace.END"])
def test_a_name_that_python_does_not_know_fails_at_load(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(script_loader, "source_of", lambda path: f"return {wrong}\n")
    with pytest.raises(KeyError):
        compose("terminate", {**LUA, **Keys().lua()})


def test_includes_that_lead_back_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {
        "lib/a": ScriptHead(includes=("b",)),
        "lib/b": ScriptHead(includes=("a",)),
        "script": ScriptHead(includes=("a",)),
    }
    monkeypatch.setattr(script_loader, "declaration_of", heads.__getitem__)
    with pytest.raises(ValueError, match="a includes b includes a"):
        includes("script")


def test_scripts_name_their_arguments_instead_of_counting() -> None:
    for file in LUA_FILES.rglob("*.lua"):
        assert not re.search(r"\b(ARGV|KEYS)\b", file.read_text()), file.name


def test_the_largest_script_stays_well_below_luas_limits() -> None:
    for name in script_names():
        source = compose(name, {**LUA, **Keys().lua()}).source
        top = re.findall(r"^local (?:function )?([\w, ]+)", source, re.MULTILINE)
        assert sum(len(names.split(",")) for names in top) < MOST_LOCALS, name


def working_table() -> dict[str, set[str]]:
    """The fields that the constructor of the working table documents, each with its types."""
    plan = (LUA_FILES / "lib" / "plan.lua").read_text()
    constructor = plan[plan.index("local function new_plan") :]
    constructor = constructor[: constructor.index("\nend\n")]
    parts = [(found.start(), found[1]) for found in _PART.finditer(constructor)]
    fields = {name: {"table"} for _, name in parts}
    for found in _FIELD.finditer(constructor):
        above = [name for at, name in parts if at < found.start()]
        prefix = f"{above[-1]}." if len(found[1]) > 4 else ""
        fields[f"{prefix}{found[2]}"] = set(found[3].split(" or "))
    built = re.findall(r"^ {4,6}\w+ = ", constructor, re.MULTILINE)
    assert len(fields) == len(built), "each field has its type and meaning"
    return fields


def used_fields(source: str) -> set[str]:
    """The fields of the working table that a script reads or writes."""
    return {whole or part for whole, part in _USED.findall(source)}


def test_each_field_of_the_working_table_is_documented_and_used() -> None:
    fields, used = working_table(), set[str]()
    assert {"key", "cache.steps", "writes.trace"} <= fields.keys()
    assert set[str]().union(*fields.values()) <= _TYPES
    for name in script_names():
        found = used_fields(compose(name, {**LUA, **Keys().lua()}).source)
        assert found <= fields.keys(), f"{name}: {found - fields.keys()}"
        used |= found
    assert fields.keys() == used


def test_a_misspelt_field_of_the_working_table_is_noticed() -> None:
    source = "w.stat = 1 w.cache.stesp[1] = 2 writes.trase[1] = w.key w.writes.txts = cache.backs"
    assert used_fields(source) - working_table().keys() == {
        "stat", "cache.stesp", "writes.trase", "writes.txts",
    }  # fmt: skip


def test_values_are_sent_as_the_scripts_read_them() -> None:
    args = contracts.WaitDelay(event="1-1", group="g", index=2, token="t", ms=None, at=5)
    assert args.encoded() == ((), ["1-1", "g", 2, "t", "", 5])
    shared, own = contracts.ApplyEnds(
        group="g", serving=b"", event="1-1", index=2, token="t", status="SUCCESS", output="{}",
        reason="", detail="", final=True, classes="",
    ).encoded()  # fmt: skip
    assert (shared, own[-2:]) == (("g", b""), ["1", ""])
