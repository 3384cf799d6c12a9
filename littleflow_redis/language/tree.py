"""Builds the parts of a text while lark reads it; one method for each rule of the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from lark import Token, Transformer

from .syntax import (
    Declaration,
    Form,
    Group,
    Label,
    Literal,
    Parameters,
    Placed,
    Resource,
    Source,
    Statement,
    Task,
)

#: Arguments that lark passes to a rule: tokens, and results of the rules below it.
Children: TypeAlias = Sequence[Any]

_FORMS = {
    "EMPTY": Form.EMPTY,
    "YAML": Form.YAML,
    "OBJECT": Form.OBJECT,
    "ARRAY": Form.ARRAY,
}


#: Shared by all tasks that have none; nothing is ever read into it.
_NO_PARAMETERS = Parameters()


def _at(token: Token) -> tuple[int, int]:
    return token.line or 0, token.column or 0


def _label(token: Token) -> Label:
    return Label(token[1:], *_at(token))


def _literal(token: Token) -> Literal:
    form = _FORMS[token.type.partition("_")[0]]
    return Literal(form, token[2:-2], (token.start_pos or 0) + 2, *_at(token))


class TreeBuilder(Transformer[Token, Any]):
    """Called by lark as each rule is complete, so that no tree is built in between."""

    def flow(self, children: Children) -> Children:
        return children

    def flow_declaration(self, children: Children) -> Declaration:
        return self._declaration("flow", children)

    def task_declaration(self, children: Children) -> Declaration:
        return self._declaration("task", children)

    def _declaration(self, kind: str, children: Children) -> Declaration:
        name = children[1]
        made = Declaration(kind, str(name), *_at(name))
        for child in children[2:]:
            if isinstance(child, str) and not isinstance(child, Token):
                made.base = child
            elif isinstance(child, Parameters):
                made.parameters = child
            elif isinstance(child, Group):
                made.subflow = child
            elif child.type == "DOC":
                made.doc = child[3:-3]
        return made

    def alias(self, children: Children) -> str:
        return str(children[1])

    def statement(self, children: Children) -> Statement:
        made = Statement([])
        for child in children:
            if isinstance(child, Placed):
                made.steps.append(child)
            elif isinstance(child, Label):
                made.source = child
            elif isinstance(child, tuple):
                made.merge_destination, made.destination = child
        return made

    def source_label(self, children: Children) -> Label:
        return _label(children[0])

    def source_literal(self, children: Children) -> Placed:
        literal: Literal = children[0]
        return Placed(Source(literal, literal.line, literal.column))

    def source_resource(self, children: Children) -> Placed:
        return Placed(children[0])

    def destination_label(self, children: Children) -> tuple[bool, Label]:
        return len(children) > 1, _label(children[-1])

    def destination_resource(self, children: Children) -> Placed:
        resource: Resource = children[-1]
        resource.store = True
        return Placed(resource, merge=len(children) > 1)

    def step(self, children: Children) -> Placed:
        made = Placed(next(child for child in children if isinstance(child, Group | Task)))
        for child in children:
            if child is made.node:
                continue
            if isinstance(child, Label):
                made.guard = child
            elif child.type == "STAR":
                made.iterate = True
            elif child.type == "MERGE":
                made.merge = True
            elif child is children[0]:
                made.input_label = _label(child)
            else:
                made.output_label = _label(child)
        return made

    def guard(self, children: Children) -> Label:
        expression: Token = children[1]
        line, column = _at(expression)
        return Label(expression[1:-1], line, column + 1)

    def tasks(self, children: Children) -> Task | Group:
        listed = [child for child in children if isinstance(child, Task)]
        if len(listed) == 1:
            return listed[0]
        statements = [Statement([Placed(task)]) for task in listed]
        return Group(statements, listed[0].line, listed[0].column)

    def task(self, children: Children) -> Task:
        name = children[0]
        parameters = children[1] if len(children) > 1 else _NO_PARAMETERS
        return Task(str(name), parameters, *_at(name))

    def subflow(self, children: Children) -> Group:
        statements = [child for child in children if isinstance(child, Statement)]
        return Group(statements, *_at(children[0]))

    def resource(self, children: Children) -> Resource:
        uri: Token = children[0]
        parameters = children[1] if len(children) > 1 else _NO_PARAMETERS
        return Resource(uri[1:-1].strip(), parameters, False, *_at(uri))

    def literal(self, children: Children) -> Literal:
        return _literal(children[0])

    def parameters(self, children: Children) -> Parameters:
        return Parameters(_literal(children[0]))
