"""Tokens: ``<activation>.<attempt>[.<item>…]-<nonce>``, one for each attempt.

They are opaque to all but the engine. In the scripts ``lua/lib/base.lua`` reads them.
"""

from __future__ import annotations


def scope_of(token: str) -> str:
    """The items that the attempt runs under, such as ``3.0``; empty for none."""
    return "".join(token.partition("-")[0].split(".", 2)[2:])


def activation_of(token: str) -> int:
    """The number of the activation that the attempt is a try of."""
    return int(token.partition(".")[0])
