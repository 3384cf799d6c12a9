"""The gates of every request, in this order; docs/security.md has the reasons.

Each rule lies in a file of its own and raises Refused. Nothing here reads a body.
"""

from __future__ import annotations

from flask import Flask

from . import audit, content, headers, hosts, ids, origins, peers, rates

#: The rules, in their order: who calls is known before anything about the request is told.
GATE = (
    ids.name_request,
    hosts.check_form,
    origins.check,
    origins.preflight,
    peers.identify,
    peers.check_access,
    origins.check_changing_get,
    rates.check,
    content.check_body,
    content.check_accept,
)


def install(app: Flask) -> None:
    """Put the rules before every request, known address or not, and the headers behind it."""
    for rule in GATE:
        app.before_request(rule)
    # The last one registered runs first.
    app.after_request(audit.log_change)
    app.after_request(headers.add)
    app.after_request(origins.allow)
