"""Any signature with any input: what is bound is accepted, and data never decides by its length."""

from __future__ import annotations

from inspect import Parameter, Signature
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from littleflow_redis.tasks.auto import Opening
from littleflow_redis.tasks.binding import Bind, BindError, bind

NAMES = ("a", "b", "c", "d")
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=3)
objects = st.dictionaries(st.sampled_from([*NAMES, "args", "kwargs", "other"]), scalars)
values = scalars | objects | st.lists(scalars, max_size=5)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    """Any signature that Python allows with up to four parameters, ``*args`` and ``**kwargs``."""
    named = (
        Parameter.POSITIONAL_ONLY,
        Parameter.POSITIONAL_OR_KEYWORD,
        Parameter.KEYWORD_ONLY,
    )
    kinds = sorted(draw(st.lists(st.sampled_from(named), max_size=4)))
    parameters, optional = [], False
    for name, kind in zip(NAMES, kinds, strict=False):
        # After a default, only keyword-only parameters may be without one.
        must = optional and kind is not Parameter.KEYWORD_ONLY
        default = draw(st.just(0) if must else st.sampled_from([0, Parameter.empty]))
        optional = optional or default == 0
        parameters.append(Parameter(name, kind, default=default))
    if draw(st.booleans()):
        parameters.append(Parameter("args", Parameter.VAR_POSITIONAL))
    if draw(st.booleans()):
        parameters.append(Parameter("kwargs", Parameter.VAR_KEYWORD))
    return Signature(sorted(parameters, key=lambda parameter: parameter.kind))


@given(signatures(), values, values, st.sampled_from(Bind), st.booleans())
def test_what_is_bound_is_accepted_and_no_parameter_is_lost(
    signature: Signature, input: Any, parameters: Any, mode: Bind, begins: bool
) -> None:
    try:
        args, kwargs = bind(signature, input, parameters, mode, begins=begins)
    except BindError:
        return
    arguments = signature.bind(*args, **kwargs).arguments
    if isinstance(parameters, dict):
        for name, value in parameters.items():
            assert value in (arguments.get(name), arguments.get("kwargs", {}).get(name))
    elif parameters is not None:
        own = parameters if isinstance(parameters, list) else [parameters]
        assert all(one in [*args, *kwargs.values()] for one in own)
    if mode is Bind.WHOLE:
        assert args[0] == input
    elif mode is Bind.SPREAD and isinstance(input, list):
        assert args[: len(input)] == input


@given(signatures(), values)
def test_how_much_came_never_decides(signature: Signature, parameters: Any) -> None:
    opening = Opening.of(signature, parameters)
    assert len({opening.row([0] * length, False) for length in range(5)}) == 1
