"""Looking at the workspace's page as people do: windows, and short words for what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests.sandbox.workspace.counterpart import Pair

APPROVALS, SUPPORT = "C07APPROVAL", "C07SUPPORT0"
MIA, JONAS, PRIYA = "U07MIABRNDT", "U07JONASWBR", "U07PRIYANAR"

# Every visible text against the nearest opaque ground behind it; gives those under WCAG AA's 4.5 to 1.
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const found = rgba(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
      if (getComputedStyle(at).backgroundImage !== "none") return null;
    }
    return [255, 255, 255, 255];
  };
  const seen = { visibilityProperty: true, opacityProperty: true };
  const poor = [];
  let checked = 0;
  const root = document.querySelector("dialog[open]") ?? document.body;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const node = walker.currentNode.parentElement;
    if (!text || !node.checkVisibility(seen) || node.closest(".hidden, :disabled")) continue;
    const behind = ground(node);
    if (!behind) continue;
    checked += 1;
    const [a, b] = [luminance(rgba(getComputedStyle(node).color)), luminance(behind)].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${text.slice(0, 40)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
  }
  return checked > 5 ? poor : ["hardly any text was found"];
}"""

WIDER_THAN_THE_WINDOW = "document.documentElement.scrollWidth > innerWidth"

CONTROLS = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "listbox",
    "option",
    "checkbox",
    "radio",
    "radiogroup",
    "tab",
    "tablist",
    "menu",
    "menuitem",
    "Date",
    "DateTime",
    "InputTime",
    "dialog",
    "alertdialog",
    "image",
    "region",
    "log",
    "complementary",
    "navigation",
    "toolbar",
    "DisclosureTriangle",
}


@contextmanager
def visits(chromium: Browser, pair: Pair) -> Iterator[Callable[..., Page]]:
    """Open the page as somebody in a workspace as new; what the page complains of on the console fails the test."""
    requests.post(f"{pair.workspace.url}/control/reset", json={}, timeout=5)
    pair.received.clear()
    contexts, complaints, strangers = [], [], []

    def ours(address: str) -> bool:
        return address.startswith((pair.workspace.url, "data:"))

    def opened(user: str = "manager", place: str = APPROVALS, **options: Any) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda sent: strangers.append(sent.url) if not ours(sent.url) else None)
        page.goto(f"{pair.workspace.url}/?as={user}&in={place}")
        expect(page.locator(".conversation .messages")).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert strangers == []
    assert [line for line in complaints if "status of 409" not in line] == []


def command(page: Page, text: str) -> None:
    """Nobody can type beside an open modal: keys pressed while one is closing go nowhere."""
    expect(modal(page)).to_have_count(0)
    composer = page.locator(".conversation .composer-text")
    composer.fill(text)
    composer.press("Enter")


def modal(page: Page) -> Locator:
    return page.locator("dialog.modal[open]")


def block(page: Page, block_id: str) -> Locator:
    return modal(page).locator(f'[data-block-id="{block_id}"]')


def message(page: Page, text: str) -> Locator:
    return page.get_by_role("log").first.locator(".message").filter(has_text=text)


def pressed(pair: Pair) -> list[str]:
    return [body["actions"][0]["action_id"] for body in pair.received if body.get("type") == "block_actions"]


def nameless(page: Page) -> list[str]:
    """The controls and regions that a screen reader would call by their role only."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    known = [node for node in nodes if not node["ignored"] and node["role"]["value"] in CONTROLS]
    assert len(known) > 5, "hardly any control was found"
    return [
        f"{node['role']['value']} {node.get('backendDOMNodeId')}"
        for node in known
        if not node.get("name", {}).get("value", "").strip()
    ]
