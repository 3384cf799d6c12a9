"""Flows: compiled, drawn, checked."""

from __future__ import annotations

import marshmallow as ma
from marshmallow.validate import Length, OneOf

from .common import ProblemSchema, described
from .fields import JsonField


class FlowSchema(ma.Schema):
    """A compiled flow, in the form of `littleflow.Flow.save()`."""

    F = ma.fields.List(
        ma.fields.List(ma.fields.Integer()),
        metadata=described("Which step leads to which; up to 1,000 steps."),
    )
    edges = ma.fields.List(
        ma.fields.List(ma.fields.Integer(), validate=Length(equal=2)),
        metadata=described("In place of F above 1,000 steps: [from, to]."),
    )
    T = ma.fields.List(
        ma.fields.List(JsonField()),
        required=True,
        metadata=described("Each step: its class and its fields."),
    )
    X = ma.fields.Dict(metadata=described("What littleflow cannot express."))


class DrawingSchema(ma.Schema):
    """How a graph is drawn."""

    orientation = ma.fields.String(
        load_default="horizontal",
        validate=OneOf(["horizontal", "vertical"]),
        metadata=described("Direction, for Mermaid."),
    )
    format = ma.fields.String(
        load_default="mermaid",
        validate=OneOf(["mermaid", "dot"]),
        metadata=described("Mermaid, or DOT for Graphviz."),
    )


class CheckSchema(ma.Schema):
    """A text to check."""

    workflow = ma.fields.String(
        required=True, metadata=described("The text of the workflow.", "A → { B C } → D")
    )
    input = JsonField(metadata=described("The input it would be started with."))


class NodeSchema(ma.Schema):
    """A step as it is drawn."""

    index = ma.fields.Integer(required=True)
    name = ma.fields.String(required=True, metadata=described("Its name, or what it is."))
    label = ma.fields.String(required=True, metadata=described("What to write on it."))
    kind = ma.fields.String(required=True, metadata=described("What it is.", "task"))
    base = ma.fields.String(required=True, metadata=described("What serves it.", "math:add"))
    category = ma.fields.String(required=True, metadata=described("Who serves it.", "math"))
    parent = ma.fields.Integer(
        required=True, metadata=described("Index of the cluster it lies in, -1 for none.")
    )
    line = ma.fields.Integer(required=True, metadata=described("Where it stands in the text."))
    column = ma.fields.Integer(required=True)
    state = ma.fields.String(
        required=True, allow_none=True, metadata=described("Its state; null in a dry run.")
    )
    activations = ma.fields.Integer(required=True, metadata=described("How often it fired."))
    attempts = ma.fields.Integer(
        required=True, metadata=described("Attempts of the latest activation.")
    )


class ClusterSchema(ma.Schema):
    """A subflow as it is drawn: all steps whose parent it is."""

    index = ma.fields.Integer(required=True, metadata=described("Its start."))
    end = ma.fields.Integer(required=True, metadata=described("Its end."))
    parent = ma.fields.Integer(required=True, metadata=described("The cluster around it, or -1."))
    label = ma.fields.String(required=True)


class EdgeSchema(ma.Schema):
    """An edge as it is drawn."""

    source = ma.fields.Integer(required=True, data_key="from", attribute="from")
    target = ma.fields.Integer(required=True, data_key="to", attribute="to")
    guard = ma.fields.String(metadata=described("The guard of the step it leads to."))
    back = ma.fields.Boolean(required=True, metadata=described("It leads back: a loop."))


class GraphSchema(ma.Schema):
    """A flow for drawing."""

    nodes = ma.fields.List(ma.fields.Nested(NodeSchema), required=True)
    clusters = ma.fields.List(ma.fields.Nested(ClusterSchema), required=True)
    edges = ma.fields.List(ma.fields.Nested(EdgeSchema), required=True)


class UnservedSchema(ma.Schema):
    """A category that nobody serves: no process is there that would run these steps."""

    category = ma.fields.String(required=True, metadata=described("Empty for none.", "mahs"))
    steps = ma.fields.List(
        ma.fields.Pluck(NodeSchema, "index"),
        required=True,
        metadata=described("The steps that it keeps waiting.", [1]),
    )
    close = ma.fields.List(
        ma.fields.String(), required=True, metadata=described("What is served and close.", ["math"])
    )
    found = ma.fields.String(required=True, metadata=described("What is lacking, a sentence."))
    advice = ma.fields.String(required=True, metadata=described("What to start, a sentence."))


class CheckedSchema(ma.Schema):
    """The result of checking a text."""

    valid = ma.fields.Boolean(required=True, metadata=described("It could be started."))
    problems = ma.fields.List(
        ma.fields.Nested(ProblemSchema), required=True, metadata=described("What is wrong.")
    )
    warnings = ma.fields.List(
        ma.fields.String(), metadata=described("What may be meant otherwise.")
    )
    unserved = ma.fields.List(
        ma.fields.Nested(UnservedSchema),
        metadata=described("Steps that nobody would run now; left out while Redis is away."),
    )
    flow = ma.fields.Nested(FlowSchema, metadata=described("What it compiles to."))
    graph = ma.fields.Nested(GraphSchema, metadata=described("The same, for drawing."))
    mermaid = ma.fields.String(metadata=described("The same, for Mermaid."))
