"""URLs that may hold a password: whether they can be read, and what to do if not.

A `/`, `#`, `?` or `[` in a password ends it where nobody meant it to, and what follows is taken for
a port, a path or a fragment. So of a URL that cannot be read no part is ever shown.
"""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

#: What to do about a URL that cannot be read.
ENCODE = (
    "percent-encode the user name and the password in it, such as %2F for /, %23 for #, %3F for ?, "
    "%40 for @ and %25 for %"
)


def is_readable(url: str) -> bool:
    """Tell if user, password, hosts and ports of a URL stand where they seem to."""
    try:
        parts = urlsplit(url)
        for host in parts.netloc.rpartition("@")[2].split(","):
            # Reading a port is what finds that it is none.
            _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    return not parts.netloc or not _goes_on(parts)


def _goes_on(parts: SplitResult) -> bool:
    """Whether an `@` stands behind what seems to be the host: then the password goes on there."""
    if "@" in parts.path + parts.fragment:
        return True
    before, at, _ = parts.query.partition("@")
    return bool(at) and "@" not in parts.netloc and "=" not in before
