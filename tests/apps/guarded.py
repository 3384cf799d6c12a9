"""The tasks of ``plain``, on a broker and a result backend that Sentinels watch over."""

from __future__ import annotations

from plain import app

options = {"master_name": "mymaster"}
app.conf.broker_transport_options = options
app.conf.result_backend_transport_options = options
