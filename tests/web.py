"""Asking a web server, exactly as the test says: no redirects followed, nothing made up."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Answer:
    """Status, headers by ``answer["Name"]`` (empty if missing) and body."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def __getitem__(self, header: str) -> str:
        return self.headers.get(header, "")

    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    """Ask once. ``_`` in the name of a header stands for ``-``; its value may be anything."""
    parts = urlsplit(url)
    path = url[len(f"{parts.scheme}://{parts.netloc}") :] or "/"
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        if body:
            headers["Content_Length"] = str(len(body))
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body or None)
        return Answer(connection.getresponse())
    finally:
        connection.close()
