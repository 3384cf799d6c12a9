"""The caller: it has a token or, where no token is configured, is on this machine."""

from __future__ import annotations

from ipaddress import ip_address

from flask import g, request

from ..context import context
from ..errors import Refused
from ..tokens import Access, Caller, find
from ..traits import traits
from . import hosts

#: Headers that a proxy adds: behind one every peer looks local.
FORWARDING = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-By",
    "X-Forwarded-Server",
    "X-Real-IP",
    "Via",
)

_LOCAL = Caller("local", Access.FULL, authenticated=False)

_NOBODY_ELSE = (
    "no token is configured, so only programs on this machine that call directly are answered: "
    "set LITTLEFLOW_API_TOKEN, start the service again, and send `Authorization: Bearer TOKEN`"
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="littleflow_redis"'}


def identify() -> None:
    """Find out who calls. Raises Refused for nobody that may."""
    given = request.headers.get("Authorization")
    if given is None and not context().config.tokens:
        g.caller = _local()
        return
    g.caller = _by_token(given)


def _local() -> Caller:
    forwarded = any(name in request.headers for name in FORWARDING)
    if forwarded or not _is_loopback(request.remote_addr or ""):
        raise Refused(403, "token-needed", _NOBODY_ELSE)
    hosts.check_trusted()
    return _LOCAL


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return bool((mapped or found).is_loopback)


def _by_token(given: str | None) -> Caller:
    if given is None:
        message = "a token is needed: send `Authorization: Bearer TOKEN`"
        raise Refused(401, "token-missing", message, headers=_CHALLENGE)
    scheme, _, secret = given.partition(" ")
    token = find(context().config.tokens, secret.strip())
    if token is None or scheme.lower() != "bearer":
        message = "this token is not known: ask the operator of the service"
        raise Refused(401, "token-unknown", message, headers=_CHALLENGE)
    return Caller(token.name, token.access, authenticated=True)


def check_access() -> None:
    """Refuse changes by those who may only read."""
    if g.caller.access is Access.READ and traits().changes:
        raise Refused(
            403, "read-only", f"the token {g.caller.name!r} is for reading only: use another one"
        )
