"""Files that a person puts into a file input."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace.common import Json, Refused
from bot.sandbox.workspace.files import File
from bot.sandbox.workspace.inputs import NotPossible
from bot.sandbox.workspace.people import Person
from bot.sandbox.workspace.workspace import Workspace

LARGEST_BYTES = 10 * 1024 * 1024
AT_MOST = 10


def received(workspace: Workspace, person: Person, element: Json, plain: Any) -> list[Json]:
    """Slack's file objects for the files of an input; what the input does not take is NotPossible.

    A file is ``{"name", "text"}``, or ``{"id"}`` of one that the person uploaded before.
    """
    given = [] if plain is None else plain if isinstance(plain, list) else [plain]
    if len(given) > (at_most := element.get("max_files", AT_MOST)):
        raise NotPossible(f"at most {at_most} files can be given")
    return [_file(workspace, person, element, one) for one in given]


def _file(workspace: Workspace, person: Person, element: Json, given: Any) -> Json:
    if not isinstance(given, dict) or not (given.get("id") or given.get("name")):
        raise NotPossible('a file is {"name", "text"} or {"id"}')
    try:
        file = (
            workspace.files.get(given["id"])
            if given.get("id")
            else upload(workspace, person, str(given["name"]), str(given.get("text", "")).encode())
        )
    except Refused as refused:
        raise NotPossible(f"there is no file {given.get('id')}") from refused
    allowed = [one.lower().removeprefix(".") for one in element.get("filetypes", [])]
    if allowed and file.filetype not in allowed:
        raise NotPossible(f"{file.name} is none of: {', '.join(allowed)}")
    return file.as_json(workspace.url)


def upload(workspace: Workspace, person: Person, name: str, content: bytes) -> File:
    """A person's file, at most 10 MB as in Slack's file input."""
    if len(content) > LARGEST_BYTES:
        raise NotPossible("a file has at most 10 MB")
    return workspace.files.add(person.id, name.replace("/", "_"), content)
