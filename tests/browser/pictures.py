"""Makes the pictures of the README anew: `python -m tests.browser.pictures`.

It runs the demo in a folder of its own and clicks through it as people do. With `--port-base N` it takes the pictures
in the demo that runs there already; what it does there stays there.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS

DOCS = Path(__file__).parents[2] / "docs"
LARGEST = 300_000  # bytes
OWN_PORTS = 18600
READY_WITHIN = 300.0  # seconds


class Demo:
    """The pages of a running demo."""

    def __init__(self, browser: Browser, port_base: int) -> None:
        self._browser = browser
        self.workspace, self.stripe = (f"http://127.0.0.1:{port_base + number}" for number in range(2))

    def page(self, address: str, width: int, height: int, scale: float, *, dark: bool = False) -> Page:
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
            locale="en-GB",
            reduced_motion="reduce",
        )
        page = context.new_page()
        page.goto(address)
        return page

    def person(self, who: str, width: int, height: int, scale: float, *, dark: bool = False) -> Page:
        """The workspace as that person sees it in #support, without modals that were left open."""
        known = requests.get(f"{self.workspace}/control/people", timeout=30).json()["people"]
        user = next(one["id"] for one in known if one["role"] == who)
        if requests.get(f"{self.workspace}/control/people/{user}/screen", timeout=30).json()["views"]:
            requests.post(f"{self.workspace}/control/people/{user}/close", json={"all": True}, timeout=30)
        return self.page(f"{self.workspace}/?as={who}&in=C07SUPPORT0", width, height, scale, dark=dark)


def card(demo: Demo) -> None:
    """The customer's card over the channel."""
    priya = demo.person("manager", 1280, 840, 1.4)
    _types(priya, "/billing Ada Berger")
    _shows(priya, "History")
    _keep(priya, "workspace.png")


def home(demo: Demo) -> None:
    """How the business stands, for a manager."""
    priya = demo.person("manager", 1120, 640, 1.4)
    priya.get_by_role("navigation").get_by_role("button", name="Home").click()
    expect(priya.get_by_text("Failing payments, the largest first")).to_be_visible(timeout=30_000)
    _keep(priya, "home.png")


def review(demo: Demo) -> None:
    """Every amount before anything starts."""
    priya = demo.person("manager", 1240, 860, 2)
    _types(priya, "/billing subscribe Ada Berger")
    _shows(priya, "Quantity")
    product = _modal(priya).locator('[data-block-id="price"]').get_by_role("combobox")
    product.click()
    product.fill("Sales Team")
    priya.get_by_role("option").filter(has_text="Sales Team · €19.00 per month").click()
    _modal(priya).locator('[data-block-id="quantity"] input').fill("3")
    _modal(priya).locator('[data-block-id="coupon"] input').fill("WELCOME20")
    _modal(priya).get_by_role("button", name="Review").click()
    _shows(priya, "The next payments")
    _keep(priya, "review.png", around=32)


def at_stripe(demo: Demo) -> None:
    """What the local Stripe knows, with its clock and its faults."""
    _keep(demo.page(demo.stripe, 1200, 840, 1.5), "stripe.png")


def phone(demo: Demo) -> None:
    """A customer whose payment fails: in German, on a phone, in the dark."""
    mia = demo.person("agent", 390, 844, 2, dark=True)
    _types(mia, "/billing Grace Okafor")
    _shows(mia, "Verlauf")
    _keep(mia, "phone-dark.png")


def _types(page: Page, command: str) -> None:
    composer = page.locator(".conversation .composer-text")
    composer.fill(command)
    composer.press("Enter")


def _modal(page: Page) -> Page:
    return page.locator("dialog.modal[open]").last


def _shows(page: Page, text: str) -> None:
    expect(_modal(page)).to_contain_text(text, timeout=30_000)


def _keep(page: Page, name: str, *, around: int | None = None) -> None:
    """The whole page, or the modal with that many pixels around it."""
    page.wait_for_timeout(500)
    clip = None
    if around is not None:
        box = _modal(page).bounding_box()
        clip = {
            "x": max(0, box["x"] - around),
            "y": max(0, box["y"] - around),
            "width": box["width"] + 2 * around,
            "height": min(box["height"] + 2 * around, page.viewport_size["height"]),
        }
    file = DOCS / name
    page.screenshot(path=file, clip=clip, animations="disabled")
    size = file.stat().st_size
    if size > LARGEST:
        raise SystemExit(f"{name} has {size} bytes, more than {LARGEST}")
    print(f"docs/{name}: {size // 1000} kB")


@contextmanager
def _own_demo() -> Iterator[int]:
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["demo", "--no-browser", "--data", folder, "--port-base", str(OWN_PORTS)]
        process = subprocess.Popen([sys.executable, "-m", "bot", *arguments])
        try:
            _wait_until_ready(process)
            yield OWN_PORTS
        finally:
            process.terminate()
            process.wait(60)


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit("the demo ended at its start; what it said stands above")
        try:
            if requests.get(f"http://127.0.0.1:{OWN_PORTS + 2}/healthz", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.3)
    raise SystemExit("the demo was not ready in time")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port-base", type=int, help="of a demo that runs already")
    port_base = arguments.parse_args().port_base
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("no Chromium on this machine (Debian: apt-get install chromium)")
    DOCS.mkdir(exist_ok=True)
    if port_base is None:
        with _own_demo() as own:
            _take(path, own)
    else:
        _take(path, port_base)


def _take(chromium: str, port_base: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        demo = Demo(browser, port_base)
        for picture in (home, card, review, at_stripe, phone):
            picture(demo)
        browser.close()


if __name__ == "__main__":
    main()
