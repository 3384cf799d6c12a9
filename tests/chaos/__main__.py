"""``python -m tests.chaos``: a chaotic run of so many minutes, from seeds that it prints."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
import traceback
from pathlib import Path

import pytest

from .faults import FAULTS
from .flows import FORMS
from .roles import POOLS
from .run import Run, Settings

#: Workflows started per minute, unless told otherwise.
RATE = 100


def _seed(text: str) -> int:
    return secrets.randbelow(1_000_000) if text == "fresh" else int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="of all seeds together")
    parser.add_argument(
        "--seed", type=_seed, action="append", help="repeatable; a number, or fresh (the default)"
    )
    parser.add_argument("--workflows", type=int, help=f"per seed; {RATE} a minute by default")
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="only this one")
    parser.add_argument("--calm", action="store_true", help="no fault at all")
    parser.add_argument("--form", choices=list(FORMS), default="", help="only this workflow")
    parser.add_argument("--fsync", choices=("always", "everysec"), default="always")
    parser.add_argument("--server", choices=("valkey", "redis6"), default="valkey")
    parser.add_argument(
        "--inside",
        action=argparse.BooleanOptionalAction,
        help="Celery workers serve steps themselves, without bridges; by default with odd seeds",
    )
    parser.add_argument(
        "--pool",
        action="append",
        choices=list(POOLS),
        help="the pool of a Celery worker that serves steps itself, repeatable; one of each",
    )
    parser.add_argument("--folder", type=Path, help="for logs and ledger; kept")
    return parser.parse_args()


def main() -> int:
    given = _arguments()
    seeds = given.seed or [_seed("fresh")]
    minutes = given.minutes / len(seeds)
    for seed in seeds:
        settings = Settings(
            seed=seed,
            seconds=minutes * 60,
            workflows=given.workflows or round(RATE * minutes),
            faults=["none"] if given.calm else given.fault or (),
            form=given.form,
            fsync=given.fsync,
            server=given.server,
            pools=_pools(seed, given),
        )
        if not _run(settings, given.folder):
            return 1
    return 0


def _pools(seed: int, given: argparse.Namespace) -> list[str]:
    if given.inside is None and given.pool is None:
        return list(POOLS) if seed % 2 else []
    return [] if given.inside is False else given.pool or list(POOLS)


def _run(settings: Settings, folder: Path | None) -> bool:
    folder = folder or Path(tempfile.mkdtemp(prefix=f"chaos-{settings.seed}-"))
    folder.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - begin:6.1f}] {text}", flush=True)

    run = Run(settings, folder, say)
    say(f"{settings}, logs in {folder}")
    for planned in run.schedule:
        print(f"  planned: {planned}")
    try:
        figures = run()
    except (Exception, pytest.fail.Exception):
        traceback.print_exc(limit=-3)
        say(f"FAILED: again with SEED={settings.seed} MINUTES={settings.seconds / 60:g}")
        return False
    say("; ".join(f"{name}: {figure}" for name, figure in figures.items()))
    return True


if __name__ == "__main__":
    sys.exit(main())
