"""Files: the upload in three steps, the private address, and a person's files in a modal."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from slack_sdk.errors import SlackApiError

from bot.sandbox.workspace import BOT_TOKEN
from tests.sandbox.workspace.counterpart import Pair, field_of, manifest, modal, opens
from tests.support.person import NotAccepted, Person

SALES = "C07SALES000"
TOKEN = {"Authorization": f"Bearer {BOT_TOKEN}"}


@pytest.fixture
def filing(pair_with: Any) -> Pair:
    return pair_with(manifest=manifest("files:write", "files:read"))


@pytest.fixture
def mia(filing: Pair) -> Person:
    return filing.workspace.person("agent")


def uploaded(pair: Pair, content: bytes = b"a;b\n1;2\n", name: str = "report.csv") -> str:
    """The first two steps; answers the file's id."""
    answer = pair.api("files.getUploadURLExternal", {"filename": name, "length": len(content)})
    assert requests.post(answer["upload_url"], data=content, timeout=5).status_code == 200
    return str(answer["file_id"])


def test_the_sdk_uploads_and_the_file_is_in_the_channel(filing: Pair, mia: Person) -> None:
    filing.client.files_upload_v2(
        channel=SALES, filename="report.csv", title="Report", content="a;b\n1;2\n", initial_comment="Here it is"
    )
    message = mia.messages[-1]
    (file,) = message["files"]
    assert (message["text"], message["user"]) == ("Here it is", "U07KONTORBT")
    assert (file["title"], file["name"], file["mimetype"], file["size"]) == ("Report", "report.csv", "text/csv", 8)
    assert file["channels"] == [SALES]
    for address in (file["url_private"], file["url_private_download"]):
        assert requests.get(address, headers=TOKEN, timeout=5).content == b"a;b\n1;2\n"


def test_two_files_in_one_message_of_a_thread(filing: Pair, mia: Person) -> None:
    parent = filing.client.chat_postMessage(channel=SALES, text="Parent")["ts"]
    files = [{"id": uploaded(filing)}, {"id": uploaded(filing, b"x", "x.txt"), "title": "X"}]
    filing.client.files_completeUploadExternal(files=files, channel_id=SALES, thread_ts=parent)
    message = mia.messages[-1]
    assert [file["title"] for file in message["files"]] == ["report.csv", "X"]
    assert message["thread_ts"] == parent


def test_a_private_address_sends_strangers_to_the_sign_in(filing: Pair) -> None:
    file_id = uploaded(filing)
    file = filing.client.files_completeUploadExternal(files=[{"id": file_id}])["files"][0]
    for headers in ({}, {"Authorization": "Bearer xoxb-wrong"}):
        answer = requests.get(file["url_private"], headers=headers, timeout=5, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    page = {"Sec-Fetch-Site": "same-origin"}
    answer = requests.get(file["url_private_download"], headers=page, timeout=5)
    assert answer.content == b"a;b\n1;2\n"
    assert answer.headers["Content-Disposition"] == "attachment; filename=report.csv"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert filing.client.files_info(file=file_id)["file"]["channels"] == []


def test_without_the_scope_the_address_is_closed_to_the_app(pair_with: Any) -> None:
    pair = pair_with(manifest=manifest("files:write"))
    file = pair.client.files_completeUploadExternal(files=[{"id": uploaded(pair)}])["files"][0]
    answer = requests.get(file["url_private"], headers=TOKEN, timeout=5, allow_redirects=False)
    assert answer.status_code == 302
    assert pair.api("files.info", {"file": file["id"]})["needed"] == "files:read"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "x", "length": 0}, "missing_argument"),
        ({"filename": "x"}, "missing_argument"),
        ({"length": 1}, "invalid_arguments"),
        ({"filename": "x", "length": 2 * 1024**3}, "file_upload_size_restricted"),
        ({"filename": "x", "length": 1, "alt_txt": "x" * 1001}, "alt_txt_too_large"),
    ],
)
def test_what_gets_no_address(filing: Pair, arguments: Any, error: str) -> None:
    assert filing.api("files.getUploadURLExternal", arguments)["error"] == error


def test_bytes_arrive_once_and_as_many_as_announced(filing: Pair) -> None:
    url = filing.api("files.getUploadURLExternal", {"filename": "x", "length": 2})["upload_url"]
    assert requests.post(url, data=b"abc", timeout=5).status_code == 400
    assert requests.post(url, files={"file": b"ab"}, timeout=5).status_code == 200
    assert requests.post(url, data=b"ab", timeout=5).status_code == 400
    assert requests.post(f"{filing.workspace.url}/upload/v1/guessed", data=b"ab", timeout=5).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"files": None}, "invalid_arguments"),
        ({"files": ["F1"]}, "invalid_arguments"),
        ({"files": [{"id": "F0NOTHING"}]}, "file_not_found"),
        ({"channel_id": "U07MIABRNDT"}, "invalid_arguments"),
        ({"channel_id": "C0NOWHERE0"}, "channel_not_found"),
        ({"channel_id": "C07GENERAL0"}, "not_in_channel"),
        ({"channels": ",".join(["C07SALES000"] * 101)}, "channels_limit_exceeded"),
    ],
)
def test_what_cannot_be_completed(filing: Pair, mia: Person, change: Any, error: str) -> None:
    given = {"files": [{"id": uploaded(filing)}], **change}
    before = len(mia.messages)
    assert filing.api("files.completeUploadExternal", {k: v for k, v in given.items() if v})["error"] == error
    assert len(mia.messages) == before


def test_a_file_is_completed_once_and_only_with_its_bytes(filing: Pair) -> None:
    waiting = filing.api("files.getUploadURLExternal", {"filename": "x", "length": 2})["file_id"]
    done = uploaded(filing)
    both = {"files": [{"id": done}, {"id": waiting}]}
    assert filing.api("files.completeUploadExternal", both)["error"] == "file_not_found"
    filing.client.files_completeUploadExternal(files=[{"id": done}])
    with pytest.raises(SlackApiError, match="file_not_found"):
        filing.client.files_completeUploadExternal(files=[{"id": done}])


class TestFileInput:
    @pytest.fixture
    def form(self, filing: Pair, mia: Person) -> Pair:
        opens(filing, modal(field_of("list", {"type": "file_input", "filetypes": ["csv"], "max_files": 2})))
        filing.app.view("form")(lambda ack: ack())
        mia.types("/billing")
        return filing

    def test_the_app_gets_file_objects_and_can_read_them(self, form: Pair, mia: Person) -> None:
        assert mia.submits({"list": [{"name": "seats.csv", "text": "ada;3"}]}).ok
        (file,) = form.received[-1]["view"]["state"]["values"]["list"]["it"]["files"]
        assert (file["name"], file["user"], file["size"]) == ("seats.csv", mia.id, 5)
        assert requests.get(file["url_private"], headers=TOKEN, timeout=5).text == "ada;3"

    def test_a_file_that_was_uploaded_before(self, form: Pair, mia: Person) -> None:
        url = f"{form.workspace.url}/control/people/{mia.id}/files"
        files = requests.post(url, files={"one": ("seats.csv", b"x")}, timeout=5).json()["files"]
        assert mia.submits({"list": [{"id": files[0]["id"]}]}).ok
        assert requests.post(url, timeout=5).status_code == 400

    @pytest.mark.parametrize(
        "given", [[{"name": "a.csv"}] * 3, [{"name": "a.exe"}], ["a.csv"], [{"id": "F0NOTHING"}], [{"name": ""}]]
    )
    def test_what_the_input_does_not_take(self, form: Pair, mia: Person, given: Any) -> None:
        with pytest.raises(NotAccepted):
            mia.enters({"list": given})
