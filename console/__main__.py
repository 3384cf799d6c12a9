"""``python -m littleflow_redis.console [HOST[:PORT]]``."""

from __future__ import annotations

import click

from littleflow_redis.events.connection import ConfigurationError
from littleflow_redis.events.logs import LEVELS, configure_logging
from littleflow_redis.workers.wsgi_server import Address, serve

from .app import create_service
from .config import checked
from .files import NOT_BUILT, built

#: Where the console listens by default.
PORT = 8000


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("address", metavar="[HOST[:PORT]]", default="")
@click.option(
    "--api",
    metavar="URL",
    help="Address of the API for the pages: a URL, or a path of the pages' own host."
    "  [env: LITTLEFLOW_CONSOLE_API; default: port 5000 of the pages' own host]",
)
@click.option(
    "--prefix",
    default="",
    metavar="PATH",
    help="Path under which a proxy passes requests on, if it leaves that path in them.",
)
@click.option(
    "--log-level",
    type=click.Choice(LEVELS, case_sensitive=False),
    default="info",
    envvar="LOG_LEVEL",
    show_default=True,
    show_envvar=True,
)
def command(address: str, api: str | None, prefix: str, log_level: str) -> None:
    """Serve the web console, on 0.0.0.0:8000 by default.

    The pages call the API themselves, from the browser; this service only serves the pages.
    SERVICE_CONFIG may name a class (module.Class) whose attribute API has the address of the API.
    """
    try:
        configure_logging(log_level)
        if not built():
            raise ConfigurationError(NOT_BUILT)
        app = create_service(None if api is None else checked(api))
        serve(app, Address.parse(address, PORT), "console", url_prefix=prefix)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    command(prog_name="python -m littleflow_redis.console")
