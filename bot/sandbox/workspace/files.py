"""Files: uploaded by the app or by a person, shared in channels, downloaded from a private address."""

from __future__ import annotations

import base64
import mimetypes
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import PurePath

from bot.sandbox.workspace.common import TEAM_ID, Json, Refused, new_id
from bot.sandbox.workspace.store import Store

LARGEST_BYTES = 1024**3


@dataclass(eq=False)
class File:
    """`content` is None until the bytes are there; `channels` are those in which it is shared."""

    id: str
    user: str
    name: str
    title: str
    size: int
    created: int
    secret: str
    content: bytes | None = None
    complete: bool = False
    alt_txt: str | None = None
    channels: list[str] = field(default_factory=list)

    @property
    def mimetype(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @property
    def filetype(self) -> str:
        return PurePath(self.name).suffix.removeprefix(".").lower() or "binary"

    def as_json(self, base: str) -> Json:
        """Slack's file object; its addresses begin with `base`, which ends in a slash."""
        address = f"{base}files-pri/{TEAM_ID}-{self.id}"
        return {
            "id": self.id,
            "created": self.created,
            "timestamp": self.created,
            "name": self.name,
            "title": self.title,
            "mimetype": self.mimetype,
            "filetype": self.filetype,
            "pretty_type": self.filetype.upper(),
            "user": self.user,
            "user_team": TEAM_ID,
            "editable": False,
            "size": self.size,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": any(channel.startswith("C") for channel in self.channels),
            "public_url_shared": False,
            "display_as_bot": False,
            "url_private": f"{address}/{self.name}",
            "url_private_download": f"{address}/download/{self.name}",
            "permalink": f"{base}files/{self.user}/{self.id}/{self.name}",
            "channels": [one for one in self.channels if one.startswith("C")],
            "groups": [],
            "ims": [one for one in self.channels if one.startswith("D")],
            "file_access": "visible",
            **({"alt_txt": self.alt_txt} if self.alt_txt else {}),
        }


class Files:
    """Every method may be called from any thread; refusals are Slack's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._files: dict[str, File] = {}
        for document in store.all("file"):
            content = base64.b64decode(document.pop("content"))
            self._files[document["id"]] = File(**document, content=content)

    def expect(self, user: str, name: str, size: int, alt_txt: str | None = None) -> File:
        """A file that will be uploaded to the address with its secret."""
        file = File(new_id("F"), user, name, name, size, int(time.time()), secrets.token_urlsafe(24), alt_txt=alt_txt)
        with self._lock:
            self._files[file.id] = file
        return file

    def uploaded(self, secret: str, content: bytes) -> bool:
        """The bytes arrive, once and as many as were announced."""
        with self._lock:
            file = next((one for one in self._files.values() if one.secret == secret), None)
            if file is None or file.content is not None or len(content) != file.size:
                return False
            file.content = content
        return True

    def is_ready(self, file_id: str) -> bool:
        """Whether its bytes are there and it can be completed."""
        with self._lock:
            file = self._files.get(file_id)
            return file is not None and file.content is not None and not file.complete

    def complete(self, file_id: str, title: str | None, channels: list[str]) -> File:
        """From now on it is a file of the workspace; refused: ``file_not_found`` (unknown, or its bytes never came)."""
        if not self.is_ready(file_id):
            raise Refused("file_not_found")
        with self._lock:
            file = self._files[file_id]
            file.title, file.channels, file.complete = title or file.name, channels, True
        self._keep(file)
        return file

    def add(self, user: str, name: str, content: bytes) -> File:
        """A file that a person uploads, in one step."""
        file = self.expect(user, name, len(content))
        file.content = content
        return self.complete(file.id, name, [])

    def get(self, file_id: str) -> File:
        """Refused: ``file_not_found``."""
        with self._lock:
            file = self._files.get(file_id)
        if file is None or not file.complete:
            raise Refused("file_not_found")
        return file

    def clear(self) -> None:
        with self._lock:
            self._files.clear()

    def _keep(self, file: File) -> None:
        document = {name: value for name, value in vars(file).items() if name != "content"}
        self._store.put("file", file.id, {**document, "content": base64.b64encode(file.content or b"").decode()})
