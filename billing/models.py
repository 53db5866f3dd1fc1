"""The base of every command and read model."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: compared by content, never changed, and never built from fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
