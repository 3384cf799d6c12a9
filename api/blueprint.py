"""The Blueprint of every route: flask-smorest's, with types, and with what all routes share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import flask_smorest

from . import traits
from .parsing import Parser
from .traits import Traits

View = TypeVar("View", bound=Callable[..., Any])


class Decorator(Protocol):
    """Gives a view something, and leaves it a view of the same form."""

    def __call__(self, view: View, /) -> View: ...


#: What any request may be answered, whatever it is for.
_ALWAYS = (400, 401, 403, 406, 429, 503)
#: What a request with a body may be answered too.
_BODY = (413, 415, 422)


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A group of routes in a file of its own; its name is the tag in the documentation.

    ``get``, ``post`` and ``delete`` register a view. Beside Flask's options they take those of
    :class:`.traits.Traits`, and ``errors``: status codes that only this route has. The operation's
    id is the view's name.
    """

    ARGUMENTS_PARSER = Parser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name.replace(" ", "-"), __name__, description=description)
        self._tag = name

    def get(self, rule: str, **options: Any) -> Decorator:
        return self._operation("GET", rule, **options)

    def post(self, rule: str, *, changes: bool = True, **options: Any) -> Decorator:
        return self._operation("POST", rule, changes=changes, **options)

    def delete(self, rule: str, **options: Any) -> Decorator:
        return self._operation("DELETE", rule, changes=True, **options)

    def _operation(
        self, method: str, rule: str, *, errors: Sequence[int] = (), **given: Any
    ) -> Decorator:
        own = {name: given.pop(name) for name in Traits.__slots__ if name in given}

        def register(view: View) -> View:
            body = _BODY if traits.has_body(method) else ()
            answers = {code: HTTPStatus(code).name for code in sorted({*_ALWAYS, *body, *errors})}
            view = self.doc(operationId=view.__name__, responses=answers)(view)
            traits.mark(view, Traits(**own))
            self.add_url_rule(rule, None, view, methods=[method], tags=[self._tag], **given)
            return view

        return register

    def arguments(self, schema: Any, **options: Any) -> Decorator:
        decorator: Decorator = super().arguments(schema, **options)
        return decorator

    def query(self, schema: Any) -> Decorator:
        """The view takes the values of the query that ``schema`` has, and no others."""
        return self.arguments(schema, location="query")

    def response(self, status_code: int, schema: Any = None, **options: Any) -> Decorator:
        decorator: Decorator = super().response(status_code, schema, **options)
        return decorator

    @staticmethod
    def doc(**options: Any) -> Decorator:
        decorator: Decorator = flask_smorest.Blueprint.doc(**options)
        return decorator
