"""The service itself, and who calls it."""

from __future__ import annotations

import marshmallow as ma

from .common import described


class VersionsSchema(ma.Schema):
    """Versions of the packages."""

    littleflow = ma.fields.String(required=True, metadata=described("", "0.12.0"))
    littleflow_redis = ma.fields.String(required=True, metadata=described("", "1.0.0"))


class CallerSchema(ma.Schema):
    """The caller, and its permissions."""

    name = ma.fields.String(required=True, metadata=described("Name of the token.", "local"))
    access = ma.fields.String(required=True, metadata={"enum": ["full", "read"]})
    authenticated = ma.fields.Boolean(
        required=True, metadata=described("By a token, not by being on this machine.")
    )
