"""URLs that may contain a password: whether they can be parsed, and the next step if not.

A `/`, `#`, `?` or `[` in a password ends it too early: the rest is parsed as a port, a path or a
fragment. So no part of an unreadable URL is ever shown.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

#: The next step for a URL that cannot be parsed.
ENCODE = (
    "percent-encode the user name and the password in it, such as %2F for /, %23 for #, %3F for ?, "
    "%40 for @ and %25 for %"
)


def is_readable(url: str) -> bool:
    """Return whether user, password, hosts and ports of a URL are unambiguous."""
    try:
        parts = urlsplit(url)
        for host in parts.netloc.rpartition("@")[2].split(","):
            # Reading the property checks the port.
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    return not parts.netloc or not _goes_on(parts)


def _goes_on(parts: SplitResult) -> bool:
    """Whether an `@` follows the apparent host: then the password continues there."""
    if "@" in parts.path + parts.fragment:
        return True
    before, at, _ = parts.query.partition("@")
    return bool(at) and "@" not in parts.netloc and "=" not in before
