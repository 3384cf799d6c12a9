"""The defaults of a bridge: what the command shows is what holds."""

from __future__ import annotations

from littleflow_redis.bridges.broker.bridge_settings import BridgeSettings
from littleflow_redis.cli.bridge import command
from littleflow_redis.cli.rate_options import PACE


def test_the_options_of_the_command_have_the_defaults_of_a_bridge() -> None:
    given = command.make_context("bridge", ["-A", "shop"]).params
    assert BridgeSettings(**{name: given[name] for name in PACE}) == BridgeSettings()
