"""Tokens: who may call, and whether for reading only."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from littleflow_redis.events.connection import ConfigurationError

#: Characters of a token at least: nobody should guess one.
SHORTEST = 16

#: What RFC 6750 allows in a bearer token.
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,64}", re.ASCII)


class Access(StrEnum):
    """The permissions of a caller."""

    FULL = "full"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller. ``authenticated``: by a token, not by being on this machine."""

    name: str
    access: Access
    authenticated: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A token, kept as its digest."""

    name: str
    access: Access
    digest: bytes = field(repr=False)


def read_tokens(entries: Iterable[str]) -> tuple[Token, ...]:
    """Tokens from ``token``, ``name:token``, ``name:full:token`` or ``name:read:token``.

    Raises ConfigurationError, without showing what was given.
    """
    tokens = [_read(entry, number) for number, entry in enumerate(entries, 1)]
    if len({token.digest for token in tokens}) < len(tokens):
        raise ConfigurationError("LITTLEFLOW_API_TOKEN has a token twice: give each caller its own")
    return tuple(tokens)


def _read(entry: str, number: int) -> Token:
    *about, secret = entry.split(":")
    name, access = (*about, "full")[:2] if about else (f"token-{number}", "full")
    if len(about) > 2 or access not in (Access.FULL, Access.READ) or not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"entry {number} of LITTLEFLOW_API_TOKEN: write a token, name:token, name:full:token "
            "or name:read:token"
        )
    if len(secret) < SHORTEST or not _TOKEN.fullmatch(secret):
        raise ConfigurationError(
            f"entry {number} of LITTLEFLOW_API_TOKEN: a token has {SHORTEST} characters or more, "
            "letters, digits and -._~+/ only; `openssl rand -hex 32` makes one"
        )
    return Token(name, Access(access), digest(secret))


def digest(secret: str) -> bytes:
    return sha256(secret.encode("utf-8", "replace")).digest()


def find(tokens: Sequence[Token], secret: str) -> Token | None:
    """The token with this secret; all are compared, in constant time."""
    given, found = digest(secret), None
    for token in tokens:
        if hmac.compare_digest(token.digest, given):
            found = token
    return found
