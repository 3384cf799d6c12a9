"""Pages: the header Link says where the next one is."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import request

#: How it is documented.
LINK = {
    "Link": {
        "schema": {"type": "string"},
        "description": 'Where the next page is, relative to this one; rel="next".',
    }
}


def link(**place: str | int) -> dict[str, str]:
    """The header: the same query, further on."""
    given = [(name, v) for name, v in request.args.items(multi=True) if name not in place]
    return {"Link": f'<?{urlencode([*given, *place.items()])}>; rel="next"'}
