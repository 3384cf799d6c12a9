"""``python -m littleflow_redis`` and the script ``littleflow-redis``."""

from __future__ import annotations

from littleflow_redis.cli import cli


def main() -> None:
    """Run the command line; ends the process."""
    cli(prog_name="littleflow_redis")


if __name__ == "__main__":
    main()
