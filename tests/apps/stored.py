"""The tasks of ``plain``, with results stored as the environment says."""

from __future__ import annotations

import os

from plain import app

app.conf.result_serializer = os.environ["RESULT_SERIALIZER"]
app.conf.result_accept_content = [os.environ["RESULT_SERIALIZER"]]
