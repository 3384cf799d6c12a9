"""Fields of our own: ids without their prefix, times to the millisecond, any JSON value."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from ..context import client


class Id(ma.fields.String):
    """A workflow's id; shown without ``workflow:``."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return client().keys.short_id(str(value)) if value else value


class TimeField(ma.fields.Field[datetime]):
    """A time: ISO 8601, UTC, to the millisecond. Without an offset a given one is UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        return iso(value) if value is not None else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:  # noqa: ARG002
        try:
            # A + in a query is a space unless it is written %2B.
            at = datetime.fromisoformat(str(value).strip().replace(" ", "+"))
            return at.replace(tzinfo=at.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ma.ValidationError("Not a time: write it as 2026-01-31T12:00:00Z.") from error


def iso(at: datetime) -> str:
    """A time as it is shown."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


class JsonField(ma.fields.Raw):
    """Any JSON value."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_none=True, **options)


class JsonText(ma.fields.String):
    """A JSON value as text, in a form."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        from ..parsing import read_json

        text = super()._deserialize(value, attr, data, **kwargs)
        return read_json(text.encode()) if isinstance(text, str) and text.strip() else None


class StepField(ma.fields.Field[int | str]):
    """A step, by its index or its name."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | str:  # noqa: ARG002
        if isinstance(value, (int, str)) and not isinstance(value, bool):
            return value
        raise ma.ValidationError("Not a step: give its index or its name.")


__all__ = ["Id", "JsonField", "JsonText", "StepField", "TimeField", "iso"]
