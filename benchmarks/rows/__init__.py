"""The rows of the table. To add one, write a module with a ``ROW`` and give it a line here."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.row import Row
from benchmarks.rows import (
    chains_celery,
    drain_celery,
    durable,
    fan_out_chord,
    forty_celery,
    forty_director,
    forty_durable,
    graphs,
    group_celery,
    growth,
    inside,
    limits,
    long_chain_celery,
    native_bare,
    native_upstream,
    queues,
    server_time,
    sharing,
    starts,
)

ROWS: Mapping[str, Row] = {
    row.key: row
    for row in (
        native_upstream.ROW,
        native_bare.ROW,
        chains_celery.ROW,
        fan_out_chord.ROW,
        group_celery.ROW,
        long_chain_celery.ROW,
        drain_celery.ROW,
        *inside.ROWS,
        *limits.ROWS,
        *queues.ROWS,
        *sharing.ROWS,
        *forty_celery.ROWS,
        forty_director.ROW,
        *forty_durable.ROWS,
        *growth.ROWS,
        *server_time.ROWS,
        *graphs.ROWS,
        *durable.ROWS,
        *starts.ROWS,
    )
}
