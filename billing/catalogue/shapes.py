"""Which keys a table of the file may have."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from pydantic import BaseModel

from billing.catalogue.lines import Path


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The keys that the table at that path knows, in the order of the model; empty where any key is good."""
    found: Any = model
    for part in path:
        found = _inside(found, part)
    found = _model(found)
    return tuple(found.model_fields) if found else ()


def _inside(kind: Any, part: str | int) -> Any:
    model = _model(kind)
    if model and isinstance(part, str):
        return model.model_fields[part].annotation
    for inner in _alternatives(kind):
        if get_origin(inner) is tuple and isinstance(part, int):
            return get_args(inner)[0]
        if get_origin(inner) is dict and isinstance(part, str):
            return get_args(inner)[1]
    return None


def _model(kind: Any) -> type[BaseModel] | None:
    for inner in _alternatives(kind):
        if isinstance(inner, type) and get_origin(inner) is None and issubclass(inner, BaseModel):
            return inner
    return None


def _alternatives(kind: Any) -> tuple[Any, ...]:
    """`A | None` is A and None; anything else is itself."""
    arguments = get_args(kind)
    is_container = get_origin(kind) in (tuple, dict, list)
    return arguments if arguments and not is_container else (kind,)
