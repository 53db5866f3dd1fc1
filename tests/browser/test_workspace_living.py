"""What comes and goes while the page is open: files, links, reactions, threads, people, languages, the workspace."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from playwright.sync_api import expect

from bot.sandbox.workspace import BOT_TOKEN
from tests.browser.billing_app import confirm, field, register
from tests.browser.workspace_page import (
    APPROVALS,
    JONAS,
    MIA,
    SUPPORT,
    block,
    command,
    message,
    modal,
    visits,
)
from tests.sandbox.workspace.counterpart import manifest, section, started

pytestmark = pytest.mark.browser

INVOICE = "https://kontor.example/invoices/KON-2031"
SIGN = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="teal"/></svg>'


@pytest.fixture(scope="module")
def pair():
    scopes = ("reactions:write", "files:write", "files:read", "links:read", "links:write")
    wanted = manifest(*scopes, events=("link_shared",))
    wanted["features"]["unfurl_domains"] = ["kontor.example"]
    with started(manifest=wanted) as made:
        register(made)

        @made.app.event("link_shared")
        def shared(ack, event, client):
            ack()
            shown = {"blocks": [section("*KON-2031*: €1,190.00, overdue", block_id="unfurled")]}
            unfurls = {link["url"]: shown for link in event["links"]}
            client.chat_unfurl(channel=event["channel"], ts=event["message_ts"], unfurls=unfurls)

        yield made


@pytest.fixture
def visit(chromium, pair):
    with visits(chromium, pair) as opened:
        yield opened


def says(pair, who, text, **more):
    body = {"channel": SUPPORT, "user": who, "text": text, **more}
    return requests.post(f"{pair.workspace.url}/control/messages", json=body, timeout=5).json()["message"]


def test_files_of_the_app_are_shown_and_downloaded(visit, pair):
    page = visit(place=SUPPORT)
    files = [
        {"filename": "list.csv", "title": "Dunning list", "content": "a;b\n1;2\n"},
        {"filename": "sign.svg", "title": "The sign", "content": SIGN},
    ]
    pair.client.files_upload_v2(channel=SUPPORT, initial_comment="Two files", file_uploads=files)
    shown = message(page, "Two files")
    expect(shown.locator(".file")).to_contain_text("CSV · 8 B")
    expect(shown.get_by_role("img", name="The sign")).to_have_js_property("naturalWidth", 40)
    with page.expect_download() as download:
        shown.get_by_role("link", name="Download Dunning list").click()
    assert download.value.suggested_filename == "list.csv"
    assert download.value.path().read_bytes() == b"a;b\n1;2\n"


def opens(pair, page, *blocks):
    """A modal with these blocks, that is there after a command in the channel."""
    command(page, "/billing form")
    expect(modal(page)).to_be_visible()
    (view,) = requests.get(f"{pair.workspace.url}/control/people/manager/screen", timeout=5).json()["views"]
    changed = {name: view[name] for name in ("type", "title", "submit")}
    changed |= {"callback_id": "everything", "blocks": list(blocks)}  # whose submission the app only acknowledges
    assert pair.api("views.update", {"view_id": view["id"], "view": changed})["ok"]


def submitted(pair, page):
    modal(page).get_by_role("button", name="Review").click()
    expect(modal(page)).to_have_count(0)
    (body,) = [body for body in pair.received if body.get("type") == "view_submission"]
    return {name: values["it"] for name, values in body["view"]["state"]["values"].items()}


def test_files_of_a_person_are_checked_uploaded_and_taken_away_again(visit, pair):
    page = visit()
    opens(pair, page, field("file", "Mandate", {"type": "file_input", "filetypes": ["pdf"], "max_files": 2}))
    chooser = block(page, "file").get_by_label("Mandate")
    chooser.set_input_files({"name": "virus.exe", "mimeType": "application/exe", "buffer": b"MZ"})
    expect(block(page, "file").get_by_role("alert")).to_contain_text("virus.exe is none of: pdf")
    names = ["one.pdf", "two.pdf"]
    chooser.set_input_files([{"name": name, "mimeType": "application/pdf", "buffer": b"%PDF"} for name in names])
    expect(block(page, "file").get_by_role("listitem")).to_have_count(2)
    chooser.set_input_files({"name": "three.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"})
    expect(block(page, "file").get_by_role("alert")).to_contain_text("At most 2 files")
    block(page, "file").get_by_role("button", name="Remove one.pdf").click()
    expect(chooser).to_be_focused()
    (file,) = submitted(pair, page)["file"]["files"]
    content = requests.get(file["url_private"], headers={"Authorization": f"Bearer {BOT_TOKEN}"}, timeout=5).content
    assert (file["name"], content) == ("two.pdf", b"%PDF")


def test_a_conversation_select_begins_with_the_channel_one_is_in(visit, pair):
    page = visit(place=SUPPORT)
    select = {"type": "conversations_select", "default_to_current_conversation": True}
    opens(pair, page, field("where", "Where", select))
    expect(block(page, "where").get_by_role("combobox")).to_have_value("#support")
    assert submitted(pair, page)["where"]["selected_conversation"] == SUPPORT


def test_a_link_is_unfurled_and_reactions_appear_in_every_window(visit, pair):
    alex, priya = visit("admin", SUPPORT), visit("manager", SUPPORT)
    command(alex, f"Look at {INVOICE}")
    for page in (alex, priya):
        unfurled = message(page, "Look at").locator(f'[data-from-url="{INVOICE}"]')
        expect(unfurled.locator('[data-block-id="unfurled"]')).to_contain_text("€1,190.00, overdue")
        expect(unfurled).to_contain_text("Added by Kontor")
    posted = pair.api("chat.postMessage", {"channel": SUPPORT, "text": "Paid"})
    pair.api("reactions.add", {"channel": SUPPORT, "timestamp": posted["ts"], "name": "white_check_mark"})
    expect(message(priya, "Paid").get_by_role("listitem")).to_have_text(re.compile("white check mark: 1, Kontor"))
    pair.api("reactions.remove", {"channel": SUPPORT, "timestamp": posted["ts"], "name": "white_check_mark"})
    expect(message(priya, "Paid").get_by_role("listitem")).to_have_count(0)


def test_a_thread_lives_and_gives_the_focus_back(visit, pair):
    page = visit(place=SUPPORT)
    parent = says(pair, "agent", "Who knows Ada?")
    says(pair, "sales", "I do", thread_ts=parent["ts"])
    opener = message(page, "Who knows Ada?").get_by_role("button", name=re.compile("^1 reply"))
    opener.click()
    thread = page.get_by_role("log", name="Thread")
    expect(thread).to_contain_text("I do")
    says(pair, "agent", "Call her", thread_ts=parent["ts"])
    expect(thread).to_contain_text("Call her")
    expect(page.get_by_role("button", name=re.compile("^2 replies"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    expect(page.locator(".conversation .composer-text")).to_be_focused()


def test_everybody_can_be_seen_and_a_second_window_is_somebody_else(visit):
    page = visit()
    page.get_by_role("button", name="Other people").click()
    page.get_by_role("menuitem", name=re.compile("Ray Okafor")).click()
    expect(page.locator(".you")).to_contain_text("Ray Okafor")
    expect(page.locator('[data-place="C07GENERAL0"]')).to_have_count(0)  # a guest sees only their own channels
    page.locator(".you").click()
    with page.context.expect_page() as second:
        page.get_by_role("menuitem", name=re.compile("Jonas Weber")).click()
    expect(second.value.locator(".you")).to_contain_text("Jonas Weber")
    expect(page.locator(".you")).to_contain_text("Ray Okafor")
    with page.context.expect_page() as third:
        page.locator(".people").get_by_role("button", name="Mia").click(modifiers=["Control"])
    expect(third.value).to_have_url(re.compile(f"as={MIA}"))


def test_germans_read_german_and_the_others_english(visit, pair, picture):
    page = visit(MIA)
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_text("Lokal und nicht Slack")).to_be_visible()
    expect(page.get_by_role("combobox", name="Nachricht an #billing-approvals")).to_be_visible()
    command(page, "/billing form")
    modal(page).get_by_role("button", name="Review").click()
    expect(block(page, "product").locator(".error")).to_have_text("Bitte fülle dieses Pflichtfeld aus.")
    expect(block(page, "start")).to_contain_text("1. Dezember 2026")
    picture(page, "form-german")
    modal(page).get_by_role("button", name="Schließen").click()
    command(page, "/billing boom")
    expect(page.locator(".message.failed")).to_contain_text("ist mit dem Fehler „dispatch_failed“ fehlgeschlagen")
    expect(page.locator(".message.failed")).to_contain_text("Nur für dich sichtbar")
    page.get_by_role("button", name="Inspektor").click()
    page.locator(".people").get_by_role("button", name="Priya").click()
    expect(page.get_by_role("combobox", name="Message #billing-approvals")).to_be_visible()
    expect(page.get_by_role("complementary", name="Inspector")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_inspector_filters_and_marks_what_was_wrong(visit, pair, picture):
    page = visit()
    page.get_by_role("button", name="Inspector").click()
    command(page, "/billing nobody")
    wrong = [section("fine"), {"type": "divider", "text": "not here"}]
    assert not pair.api("chat.postMessage", {"channel": APPROVALS, "text": "x", "blocks": wrong})["ok"]
    log = page.get_by_role("list", name="Wire log")
    expect(log.get_by_role("listitem")).to_have_count(2)
    page.get_by_role("button", name=re.compile("^Refused")).click()
    expect(log.get_by_role("listitem")).to_have_count(1)
    entry = log.locator(".wire-entry.bad")
    expect(entry.locator(".refusal code")).to_have_text(re.compile("^/blocks/1"))
    entry.locator("summary").click()
    expect(entry.locator("mark.refused")).to_contain_text("not here")
    picture(page, "inspector-refused")
    page.get_by_role("button", name=re.compile("^All")).click()
    search = page.get_by_role("searchbox", name="Filter by name, person or text")
    search.fill("priya")
    expect(log.get_by_role("listitem")).to_have_count(1)
    expect(log.locator(".what")).to_have_text("/billing")
    expect(log.locator(".ms")).to_have_attribute("title", re.compile(r"Answer after \d+ ms; Slack waits 3000 ms"))
    search.fill("nothing like this")
    expect(page.get_by_text("Nothing matches this filter.")).to_be_visible()
    search.press("Escape")
    expect(page.get_by_role("complementary", name="Inspector")).to_be_hidden()


def test_the_tabs_of_the_app_are_changed_with_arrow_keys(visit):
    page = visit()
    page.get_by_role("button", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Good morning, Mia")).to_be_visible()
    page.get_by_role("tab", name="Home").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Messages")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("log", name="Messages")).to_be_visible()


def test_focus_is_visible_wherever_tab_goes(visit, pair):
    """Each stop has a ring, an outline or a frame around it that it had not before."""
    page = visit()
    pair.api("chat.postMessage", {"channel": APPROVALS, "text": "Decide", "blocks": decision()})
    expect(page.get_by_role("button", name="Decline")).to_be_visible()
    look = """() => {
      let node = document.activeElement;
      for (let up = 0; up < 3 && node; up += 1, node = node.parentElement) {
        const style = getComputedStyle(node);
        if (style.boxShadow !== "none" || style.outlineStyle !== "none") return null;
      }
      return document.activeElement.outerHTML.slice(0, 120);
    }"""
    seen = []
    for _ in range(24):
        page.keyboard.press("Tab")
        page.wait_for_timeout(20)
        if page.evaluate("document.activeElement !== document.body"):  # beyond the last stop is the browser itself
            seen.append(page.evaluate(look))
    assert len(seen) > 12
    assert [node for node in seen if node] == []


def decision():
    question = {"confirm": confirm("Decline?", "They are told.", "Decline")}
    button = {"type": "button", "action_id": "decline", "text": {"type": "plain_text", "text": "Decline"}, **question}
    return [{"type": "actions", "block_id": "decide", "elements": [button]}]


@contextmanager
def workspace(port, data):
    """The workspace as a program of its own, which can be stopped and started again."""
    arguments = ["sandbox", "workspace", "--port", str(port), "--data", str(data), "--app-url", "http://127.0.0.1:9/"]
    process = subprocess.Popen([sys.executable, "-m", "bot", *arguments], stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)


def wait_for(port):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the workspace did not start")


def test_the_page_comes_back_by_itself_when_the_workspace_was_restarted(chromium, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    context = chromium.new_context(locale="en-GB")
    page = context.new_page()
    with workspace(port, tmp_path / "workspace.db") as url:
        page.goto(f"{url}/?as=manager&in={SUPPORT}")
        command(page, "before the restart")
        expect(message(page, "before the restart")).to_be_visible()
    offline = page.get_by_role("alert").filter(has_text="does not answer")
    expect(offline).to_be_visible(timeout=20_000)
    with workspace(port, tmp_path / "workspace.db") as url:
        expect(offline).to_be_hidden(timeout=20_000)
        expect(message(page, "before the restart")).to_be_visible()
        body = {"channel": SUPPORT, "user": JONAS, "text": "after the restart"}
        requests.post(f"{url}/control/messages", json=body, timeout=5)
        expect(message(page, "after the restart")).to_be_visible()
        context.close()
