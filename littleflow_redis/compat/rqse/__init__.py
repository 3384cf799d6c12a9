"""The classes of the PyPI package ``rqse``, in its call forms."""

from __future__ import annotations
