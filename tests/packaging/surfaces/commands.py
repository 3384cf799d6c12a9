"""The command line: commands, their arguments and options."""

from __future__ import annotations

from typing import Any

import click

from littleflow_redis.cli import cli
from littleflow_redis.console.__main__ import command as console


def commands() -> dict[str, list[str]]:
    """Each command with its parameters: names, then what says how they are used."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: _parameters(command) for name, command in {**found, "console": console}.items()}


def _parameters(command: click.Command | None) -> list[str]:
    assert command is not None
    return sorted(map(_parameter, command.params))


def _parameter(parameter: click.Parameter) -> str:
    about = parameter.to_info_dict()
    names = about["name"] if about["param_type_name"] == "argument" else " ".join(_spelt(about))
    words = [str(names), _type(about["type"])]
    words += [word for word in ("required", "multiple", "is_flag", "hidden") if about.get(word)]
    if about["nargs"] != 1:
        words.append(f"nargs={about['nargs']}")
    if about.get("envvar"):
        words.append(f"env={about['envvar']}")
    if not about.get("is_flag") and _plain(about.get("default")):
        words.append(f"default={about['default']}")
    return " ".join(words)


def _spelt(about: dict[str, Any]) -> list[str]:
    return [*about["opts"], *about["secondary_opts"]]


def _type(about: dict[str, Any]) -> str:
    return "|".join(about["choices"]) if "choices" in about else str(about["name"])


def _plain(default: object) -> bool:
    return isinstance(default, str | int | float) and default is not False and default != ""
