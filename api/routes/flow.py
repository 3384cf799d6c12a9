"""One workflow: what runs."""

from __future__ import annotations

from typing import Any

from flask import Response

from littleflow_redis.language import Flow, dot, mermaid, save

from ..blueprint import Blueprint
from ..context import client
from ..schemas.flows import DrawingSchema, FlowSchema, GraphSchema
from ..traits import TEXT

blp = Blueprint("flow", "What a workflow runs: its flow, its text, its graph.")


def flow_of(workflow: str) -> Flow:
    """The flow of a workflow by its id in any form. Raises UnknownWorkflow."""
    return client().views.flow(client().keys.full_id(workflow))


@blp.get("/workflows/<workflow>", errors=(404,))
@blp.response(200, FlowSchema)
def workflow_flow(workflow: str) -> dict[str, Any]:
    """The compiled flow, in the form of littleflow."""
    return save(flow_of(workflow))


@blp.get("/workflows/<workflow>/source", produces=(TEXT,), errors=(404,))
@blp.response(200, {"type": "string"}, content_type=TEXT)
def workflow_source(workflow: str) -> Response:
    """The text that was started."""
    return Response(client().source(workflow), mimetype=TEXT)


@blp.get("/workflows/<workflow>/graph", produces=(TEXT,), errors=(404, 422))
@blp.query(DrawingSchema)
@blp.response(200, {"type": "string"}, content_type=TEXT)
def workflow_graph(query: dict[str, Any], workflow: str) -> Response:
    """The graph for Mermaid (a state diagram) or Graphviz."""
    flow, vertical = flow_of(workflow), query["orientation"] == "vertical"
    text = dot(flow) if query["format"] == "dot" else mermaid(flow, vertical=vertical)
    return Response(text, mimetype=TEXT)


@blp.get("/workflows/<workflow>/graph.json", errors=(404,))
@blp.response(200, GraphSchema)
def workflow_drawing(workflow: str) -> dict[str, Any]:
    """The graph for drawing, with the state of each step."""
    return client().graph(workflow)
