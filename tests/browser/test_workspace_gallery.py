"""Every kind of block and element as the page shows it: drawn, named for screen readers, readable, usable by keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import billing_app, gallery
from tests.browser.workspace_page import (
    APPROVALS,
    CONTRAST,
    WIDER_THAN_THE_WINDOW,
    block,
    command,
    message,
    modal,
    nameless,
    pressed,
    visits,
)
from tests.sandbox.workspace.counterpart import started

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pair():
    with started() as made:
        billing_app.register(made)
        for name in ("feedback", "bin", "later", "more", "delete_all", "multi_users_select", "plain_text_input"):
            made.app.action(name)(lambda ack: ack())
        yield made


@pytest.fixture
def visit(chromium, pair):
    with visits(chromium, pair) as opened:
        yield opened


def post(pair, *names):
    """The messages of the gallery with these texts, or all; each is refused if Slack would refuse it."""
    for name, blocks in gallery.messages(f"{pair.workspace.url}/static/icon.svg").items():
        if not names or name in names:
            answer = pair.api("chat.postMessage", {"channel": APPROVALS, "text": name, "blocks": blocks})
            assert answer["ok"], answer


def test_the_gallery_has_every_kind_there_is():
    shown = gallery.kinds(list(gallery.messages("http://127.0.0.1/icon.svg").values()))
    assert gallery.every_kind() - shown == gallery.NOT_ON_MESSAGES
    in_modals = gallery.kinds([billing_app.everything(), billing_app.contact_card()])
    assert gallery.NOT_ON_MESSAGES - in_modals == {"file"}


def test_every_kind_is_drawn(visit, pair, picture):
    page = visit(viewport={"width": 1280, "height": 1000})
    post(pair)
    log = page.get_by_role("log", name="Messages")
    expect(log.locator(".message")).to_have_count(len(gallery.messages("")))
    for blocks in gallery.messages("").values():
        for one in blocks:
            expect(log.locator(f'[data-block-id="{one["block_id"]}"].block-{one["type"]}')).to_be_visible()
    expect(log.locator(".unknown, details.block:not(.block-container)")).to_have_count(0)
    for kind in gallery.kinds(gallery.controls()) & {"static_select", "multi_conversations_select", "timepicker"}:
        expect(log.locator(f'[data-action-id="{kind}"]')).to_be_visible()

    rich = log.locator('[data-block-id="rich"]')
    expect(rich.locator("ul > li")).to_have_text(["Check the mandate", "Send the quote", "with the coupon"])
    expect(rich.locator("ol > li")).to_have_text(["first", "second"])
    expect(rich.locator("blockquote")).to_have_text("Thank you for the quick answer!")
    expect(rich.locator("pre")).to_have_text("kontor doctor\nall is well")
    expect(rich).to_contain_text("@Mia Brandt in #sales, done today")
    expect(log.locator('[data-block-id="datepicker"], [data-action-id="datepicker"]')).to_contain_text(
        "4 December 2026"
    )
    expect(log.get_by_role("link", name="Video: How a mandate works")).to_be_visible()
    expect(log.get_by_role("img", name="Complete", exact=True)).to_be_visible()
    for name in ("rich", "container", "actions"):
        log.locator(f'[data-block-id="{name}"]').scroll_into_view_if_needed()
        picture(page, f"gallery-{name}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_control_has_a_name_and_every_text_contrast(visit, pair, scheme):
    page = visit(color_scheme=scheme)
    post(pair)
    expect(message(page, "Approve")).to_be_visible()
    page.get_by_role("button", name="Inspector").click()
    expect(page.locator(".wire-entry").first).to_be_visible()
    page.locator(".wire-entry summary").first.click()
    assert nameless(page) == []
    assert page.evaluate(CONTRAST) == []
    command(page, "/billing all")
    expect(modal(page)).to_be_visible()
    modal(page).get_by_role("button", name="Send").click()
    expect(block(page, "checkboxes").locator(".error")).to_be_visible()
    assert nameless(page) == []
    assert page.evaluate(CONTRAST) == []


def test_nothing_is_wider_than_a_narrow_window(visit, pair, picture):
    page = visit(viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    post(pair)
    expect(message(page, "Approve")).to_be_visible()
    expect(page.get_by_text("Not Slack", exact=True)).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    assert page.locator(".messages").first.evaluate("node => node.scrollWidth <= node.clientWidth")
    picture(page, "phone-gallery")
    menu = page.get_by_role("button", name="Menu")
    menu.click()
    expect(page.locator(f'[data-place="{APPROVALS}"]')).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    page.get_by_role("button", name="Inspector").click()
    expect(page.get_by_role("complementary", name="Inspector")).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    page.get_by_role("button", name="Close the inspector").click()
    message(page, "Renewal of").locator(".message-actions button").first.click()
    expect(page.get_by_role("log", name="Thread")).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    page.get_by_role("button", name="Close the thread").click()
    command(page, "/billing all")
    expect(modal(page)).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    assert modal(page).locator(".modal-body").evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_data_table_sorts_and_has_pages(visit, pair):
    page = visit()
    post(pair, "Data table")
    table = page.get_by_role("region", name="Overdue invoices")
    owes = table.get_by_role("cell")
    expect(owes).to_have_text(["€1,190.00", "€238.00", "€9,100.00"])
    table.get_by_role("button", name="Owes").click()
    expect(table.get_by_role("columnheader", name="Owes")).to_have_attribute("aria-sort", "ascending")
    expect(owes).to_have_text(["€45.00", "€238.00", "€1,190.00"])  # by value, not by letters
    table.get_by_role("button", name="Owes").click()
    expect(owes).to_have_text(["€9,100.00", "€1,190.00", "€238.00"])
    page.get_by_role("button", name="Next page").click()
    expect(owes).to_have_text(["€45.00"])
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    table.get_by_role("button", name="Customer").click()
    expect(table.get_by_role("rowheader")).to_have_text(["Anna Özil", "Bäckerei Sommer", "Löwe Maschinenbau"])


def test_menus_and_selects_are_used_with_the_keyboard(visit, pair):
    page = visit()
    post(pair, "Controls")
    log = page.get_by_role("log", name="Messages")
    trigger = log.locator('[data-action-id="more"]').get_by_role("button")
    trigger.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Apples")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Pears")).to_be_focused()
    page.keyboard.press("Escape")
    expect(trigger).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    with page.expect_response("**/press"):
        page.keyboard.press("Enter")
    (overflow,) = [body["actions"][0] for body in pair.received if body.get("type") == "block_actions"]
    assert overflow["selected_option"]["value"] == "pears"

    people = log.locator('[data-action-id="multi_users_select"]').get_by_role("combobox")
    people.focus()
    page.keyboard.press("ArrowDown")
    expect(log.get_by_role("option", name="Mia Brandt")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    with page.expect_response("**/press"):
        page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    assert [body["actions"][0] for body in pair.received][-1]["selected_users"] == [gallery.MIA, "U07JONASWBR"]
    note = log.get_by_label("Note")
    note.fill("from the keyboard")
    with page.expect_response("**/press"):
        note.press("Enter")
    assert [body["actions"][0] for body in pair.received][-1]["value"] == "from the keyboard"


def test_thumbs_say_what_was_chosen(visit, pair):
    page = visit()
    post(pair, "Controls")
    good = page.get_by_role("button", name="Good answer")
    with page.expect_response("**/press"):
        good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/press"):
        page.get_by_role("button", name="Delete answer").click()
    assert pressed(pair) == ["feedback", "bin"]
    assert next(body for body in pair.received if body.get("actions"))["actions"][0]["value"] == "up"


def test_a_container_folds(visit, pair):
    page = visit()
    post(pair, "Frames")
    inside = page.locator('[data-block-id="inside"]')
    expect(inside).to_be_visible()
    page.get_by_text("Renewal of Löwe Maschinenbau").click()
    expect(inside).to_be_hidden()
