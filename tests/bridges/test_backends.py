"""Which result backends can tell a bridge how a task ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from celery import Celery

from littleflow_redis.bridges.broker.backends import publishes_results, result_backend
from littleflow_redis.events.connection import ConfigurationError


def app_with(backend: str | None, **conf: object) -> Celery:
    app = Celery("backends", backend=backend, set_as_current=False)
    app.conf.update(conf)
    return app


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:1/1", "sentinel://127.0.0.1:1/0;sentinel://127.0.0.1:2/0"],
)
def test_redis_tells_at_once(url: str) -> None:
    options = {"master_name": "main"}
    backend = result_backend(app_with(url, result_backend_transport_options=options))
    assert publishes_results(backend)


def test_other_key_value_backends_are_polled(tmp_path: Path) -> None:
    assert not publishes_results(result_backend(app_with(f"file://{tmp_path}")))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (None, "the app stores no results"),
        ("disabled://", "the app stores no results"),
        ("rpc://", "stores nothing"),
        ("cache+memory://", "a cache forgets results"),
        ("nonsense://", "cannot be used: No module named 'nonsense'"),
        ("celery.backends.base:BaseBackend+db://", "keeps no records"),
        ("file:///no/such/folder", "cannot be used"),
    ],
)
def test_the_others_are_refused_with_what_to_set(url: str | None, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        result_backend(app_with(url))
    assert "set result_backend" in str(caught.value)


@pytest.mark.parametrize("serializer", ["json", "yaml", "msgpack"])
def test_plain_data_is_read(serializer: str) -> None:
    app = app_with("redis://127.0.0.1:1/1", result_serializer=serializer)
    assert result_backend(app).serializer == serializer


def test_pickle_is_refused_with_what_to_set() -> None:
    app = app_with("redis://127.0.0.1:1/1", result_serializer="pickle")
    with pytest.raises(ConfigurationError, match="set result_serializer='json'"):
        result_backend(app)
