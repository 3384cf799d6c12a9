"""An app's own broker and result backend are found out, so that `up` leaves them alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from littleflow_redis.cli.app_settings import VARIABLES, AppError, settings_of_its_own

OURS = "redis://:secret@127.0.0.1:7777/1"


def ask(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> list[str]:
    (folder / "shop.py").write_text(f"import os\nfrom celery import Celery\n{source}\n")
    monkeypatch.chdir(folder)
    return settings_of_its_own("shop", {**os.environ, **dict.fromkeys(VARIABLES, OURS)})


@pytest.mark.parametrize(
    ("source", "own"),
    [
        ("app = Celery('shop')", []),
        ("app = Celery('shop', broker=os.environ['CELERY_BROKER_URL'])", []),
        (
            "app = Celery('shop', broker=os.environ.get('CELERY_BROKER_URL', 'amqp://'),"
            " backend=os.environ.get('CELERY_RESULT_BACKEND', 'rpc://'))",
            [],
        ),
        ("app = Celery('shop', broker='amqp://rabbit')", ["CELERY_BROKER_URL"]),
        (
            "app = Celery('shop')\n"
            "app.conf.update(broker_url='redis://elsewhere', result_backend='redis://elsewhere')",
            ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND"],
        ),
        ("print('CELERY is noisy')\napp = Celery('shop', backend='redis://r')",
         ["CELERY_RESULT_BACKEND"]),
    ],
)  # fmt: skip
def test_what_the_app_configures_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, own: list[str]
) -> None:
    assert ask(tmp_path, monkeypatch, source) == own


@pytest.mark.parametrize(
    ("source", "reason"),
    [("app = 3", "Celery app"), ("import nowhere_to_be_found", "nowhere_to_be_found")],
)
def test_an_app_that_cannot_be_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    with pytest.raises(AppError, match=reason):
        ask(tmp_path, monkeypatch, source)
