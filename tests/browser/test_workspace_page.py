"""The workspace's page in a real browser: every way in which people use it, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.billing_app import approval, register
from tests.browser.workspace_page import (
    APPROVALS,
    CONTRAST,
    JONAS,
    MIA,
    PRIYA,
    WIDER_THAN_THE_WINDOW,
    block,
    command,
    modal,
    pressed,
    visits,
)
from tests.sandbox.workspace.counterpart import started

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pair():
    with started() as made:
        register(made)
        yield made


@pytest.fixture
def visit(chromium, pair):
    with visits(chromium, pair) as opened:
        yield opened


def submissions(pair):
    return [body["view"] for body in pair.received if body.get("type") == "view_submission"]


def test_a_command_opens_a_modal_with_every_block_in_it(visit, picture):
    page = visit()
    command(page, "/billing card")
    expect(modal(page).get_by_role("heading", name="Ada Löwe")).to_be_visible()
    expect(block(page, "name")).to_have_text("Löwe Maschinenbau GmbH")
    expect(block(page, "facts").locator("strong").first).to_have_text("Plan")
    expect(block(page, "facts")).to_contain_text("@Jonas Weber")
    expect(block(page, "dunning")).to_contain_text("1 invoice is overdue")
    expect(block(page, "due").locator("input")).to_have_value("2026-12-04")
    expect(block(page, "todo").get_by_role("button")).to_have_count(4)
    picture(page, "contact-card")


def test_the_page_says_that_it_is_not_slack(visit):
    expect(visit().get_by_text("Local workspace, not Slack")).to_be_visible()


def test_typing_a_slash_offers_the_commands_with_their_hints(visit, picture):
    page = visit()
    composer = page.get_by_role("combobox", name="Message #billing-approvals")
    composer.press_sequentially("/")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("/billing [name or e-mail]")
    picture(page, "commands")
    composer.press("ArrowDown")
    composer.press("Enter")
    expect(composer).to_have_value("/abrechnung ")


def test_the_answer_to_a_command_is_seen_only_by_who_typed_it(visit):
    alex, priya = visit("admin"), visit("manager")
    command(alex, "/billing nobody")
    message = alex.locator(".message.ephemeral")
    expect(message).to_contain_text("Only visible to you")
    expect(message.locator("strong").last).to_have_text("nobody")
    command(alex, "hello everybody")
    expect(priya.locator(".message").filter(has_text="hello everybody")).to_be_visible()
    expect(priya.locator(".message.ephemeral")).to_have_count(0)


def test_a_command_that_fails_is_told_as_slack_tells_it(visit):
    page = visit()
    command(page, "/billing boom")
    failed = page.locator(".message.failed")
    expect(failed).to_contain_text("/billing failed")
    expect(failed).to_contain_text("Only visible to you")


def test_a_command_that_nobody_owns_is_not_sent(visit, pair):
    page = visit()
    command(page, "/nothing here")
    expect(page.get_by_role("alert").filter(has_text="not a valid command")).to_be_visible()
    expect(page.get_by_role("combobox", name="Message #billing-approvals")).to_have_value("/nothing here")
    assert pair.received == []


def test_typing_on_while_the_app_thinks_loses_nothing(visit, pair):
    page = visit()
    composer = page.get_by_role("combobox", name="Message #billing-approvals")
    page.route("**/command", lambda route: (page.wait_for_timeout(300), route.continue_()))
    command(page, "/billing nobody")
    composer.press_sequentially("meanwhile")
    expect(page.locator(".message.ephemeral")).to_be_visible()
    expect(composer).to_have_value("meanwhile")


def test_every_kind_of_input_reaches_the_app_in_its_own_form(visit, pair, picture, tmp_path):
    page = visit("agent")
    command(page, "/billing all")
    expect(modal(page)).to_be_visible()
    texts = {
        "plain_text_input": "one line",
        "multiline": "two\nlines",
        "number_input": "2.5",
        "email_text_input": "ada@example.com",
        "url_text_input": "https://example.com/a",
        "datepicker": "2026-12-24",
        "timepicker": "13:45",
        "datetimepicker": "2026-12-24T18:00",
    }
    for name, text in texts.items():
        block(page, name).locator("input, textarea").fill(text)
    picks = {
        "static_select": ["Hazelnuts"],
        "external_select": ["Team"],
        "multi_static_select": ["Apples", "Cherries"],
        "multi_external_select": ["Team", "Business"],
        "users_select": ["Priya Nair"],
        "multi_users_select": ["Mia Brandt", "Jonas Weber"],
        "conversations_select": ["billing-approvals"],
        "channels_select": ["support"],
        "multi_channels_select": ["sales", "random"],
    }
    for name, wanted in picks.items():
        field = block(page, name).get_by_role("combobox")
        for text in wanted:
            field.fill(text)
            block(page, name).get_by_role("option", name=text).click()
        if name.startswith("multi_"):
            field.press("Escape")
    block(page, "radio_buttons").get_by_label("Pears").check()
    block(page, "checkboxes").get_by_label("Apples").check()
    block(page, "checkboxes").get_by_label("Cherries").check()
    editor = block(page, "rich_text_input").get_by_role("textbox")
    editor.click()
    page.keyboard.press("Control+b")
    editor.press_sequentially("bold")
    (tmp_path / "contract.pdf").write_bytes(b"%PDF-1.7")
    block(page, "file_input").locator("input").set_input_files(tmp_path / "contract.pdf")
    expect(block(page, "file_input").get_by_role("listitem")).to_contain_text("contract.pdf")
    picture(page, "every-input")
    modal(page).get_by_role("button", name="Send").click()
    expect(modal(page)).to_have_count(0)

    (view,) = submissions(pair)
    state = {name: values["it"] for name, values in view["state"]["values"].items()}
    for name in ("plain_text_input", "multiline", "number_input", "email_text_input", "url_text_input"):
        assert state[name]["value"] == texts[name]
    assert state["datepicker"]["selected_date"] == "2026-12-24"
    assert state["timepicker"]["selected_time"] == "13:45"
    # Mia's time zone is Berlin, in winter one hour ahead: 18:00 there is 17:00 UTC on 24 December 2026.
    assert state["datetimepicker"]["selected_date_time"] == 1798131600
    assert state["static_select"]["selected_option"]["value"] == "hazel"
    assert state["external_select"]["selected_option"]["value"] == "team"
    assert [one["value"] for one in state["multi_static_select"]["selected_options"]] == ["apples", "cherries"]
    assert [one["value"] for one in state["multi_external_select"]["selected_options"]] == ["team", "business"]
    assert state["users_select"]["selected_user"] == PRIYA
    assert state["multi_users_select"]["selected_users"] == [MIA, JONAS]
    assert state["conversations_select"]["selected_conversation"] == APPROVALS
    assert state["channels_select"]["selected_channel"] == "C07SUPPORT0"
    assert state["multi_channels_select"]["selected_channels"] == ["C07SALES000", "C07RANDOM00"]
    assert state["radio_buttons"]["selected_option"]["value"] == "pears"
    assert [one["value"] for one in state["checkboxes"]["selected_options"]] == ["apples", "cherries"]
    (section,) = state["rich_text_input"]["rich_text_value"]["elements"]
    assert section["elements"] == [{"type": "text", "text": "bold", "style": {"bold": True}}]
    (file,) = state["file_input"]["files"]
    assert (file["name"], file["mimetype"], file["size"]) == ("contract.pdf", "application/pdf", 8)


def test_missing_fields_are_told_at_the_field_and_nothing_is_sent(visit, pair):
    page = visit()
    command(page, "/billing form")
    modal(page).get_by_role("button", name="Review").click()
    expect(block(page, "product").locator(".error")).to_have_text("Please complete this required field.")
    field = block(page, "product").get_by_role("combobox")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert submissions(pair) == []


def choose_product(page, name="Team"):
    field = block(page, "product").get_by_role("combobox")
    field.fill(name)
    block(page, "product").get_by_role("option", name=name).click()


def test_an_error_of_the_app_stands_at_its_field_and_what_was_typed_stays(visit, picture):
    page = visit()
    command(page, "/billing form")
    choose_product(page)
    seats = modal(page).get_by_label("Seats")
    seats.fill("3")
    modal(page).get_by_label("Note for the timeline").fill("asked by phone")
    modal(page).get_by_role("button", name="Review").click()
    expect(block(page, "seats").locator(".error")).to_have_text("The Team plan starts at 5 seats.")
    expect(seats).to_be_focused()
    expect(seats).to_have_value("3")
    expect(modal(page).get_by_label("Note for the timeline")).to_have_value("asked by phone")
    expect(block(page, "product").get_by_role("combobox")).to_have_value("Team")
    picture(page, "field-error")


def test_the_button_waits_while_the_app_thinks(visit):
    page = visit()
    command(page, "/billing form")
    choose_product(page)
    button = modal(page).locator(".modal-submit")
    button.click()
    expect(button).to_have_attribute("aria-busy", "true")
    expect(modal(page).get_by_role("heading", name="Review")).to_be_visible()


def test_pushed_views_go_back_to_what_was_typed_and_the_cross_closes_all(visit, pair, picture):
    page = visit()
    command(page, "/billing card")
    modal(page).get_by_role("button", name="New subscription").click()
    expect(modal(page).get_by_role("heading", name="New subscription")).to_be_visible()
    choose_product(page)
    modal(page).get_by_label("Seats").fill("30")
    modal(page).get_by_role("button", name="Review").click()
    expect(modal(page).get_by_role("heading", name="Review")).to_be_visible()
    picture(page, "review")
    modal(page).locator(".modal-back").click()
    expect(modal(page).get_by_label("Seats")).to_have_value("30")
    expect(block(page, "product").get_by_role("combobox")).to_have_value("Team")
    modal(page).locator(".modal-x").click()
    expect(modal(page)).to_have_count(0)
    assert views(pair) == []


def views(pair, user="manager"):
    return requests.get(f"{pair.workspace.url}/control/people/{user}/screen", timeout=5).json()["views"]


def test_an_external_select_searches_as_one_types_and_says_when_nothing_matches(visit, pair):
    page = visit()
    command(page, "/billing form")
    field = block(page, "product").get_by_role("combobox")
    field.click()
    listbox = block(page, "product").get_by_role("listbox")
    expect(listbox).to_have_text("Type at least 1 character")
    field.evaluate(
        "node => { for (const text of ['t', 'te']) { node.value = text; node.dispatchEvent(new Event('input')); } }"
    )
    expect(listbox.get_by_role("option")).to_have_text(["Starter", "Team", "Enterprise"])
    asked = [body["value"] for body in pair.received if body.get("type") == "block_suggestion"]
    assert asked == ["te"], "the typing pause must bundle quick keystrokes into one question"
    field.fill("zebra")
    expect(listbox).to_have_text("No match")
    field.press("Escape")
    expect(listbox).to_be_hidden()
    expect(modal(page)).to_be_visible()


def test_a_decision_disappears_from_every_window_at_once(visit, pair):
    alex, priya = visit("admin"), visit("manager")
    command(alex, "/billing ask")
    expect(alex.get_by_role("button", name="Approve")).to_be_visible()
    priya.get_by_role("button", name="Approve").click()
    for page in (alex, priya):
        expect(page.locator(".message").last).to_contain_text("approved by @Priya Nair")
        expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert pressed(pair) == ["approve"]


def test_a_confirm_dialog_sends_nothing_until_it_is_agreed_to(visit, pair, picture):
    page = visit()
    command(page, "/billing ask")
    page.get_by_role("button", name="Decline").click()
    dialog = page.get_by_role("alertdialog", name="Decline?")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    picture(page, "confirm")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    assert pressed(pair) == []
    page.get_by_role("button", name="Decline").click()
    dialog.get_by_role("button", name="Decline").click()
    expect(page.locator(".message").last).to_contain_text("declined")
    assert pressed(pair) == ["decline"]


def test_another_person_is_one_click_away_and_an_address_too(visit, pair):
    page = visit("agent")
    page.locator(".people").get_by_role("button", name="Priya").click()
    expect(page).to_have_url(re.compile(f"as={PRIYA}"))
    expect(page.locator(".you")).to_contain_text("Priya Nair")
    command(page, "it is me")
    expect(page.locator(".message").last).to_contain_text("Priya Nair")
    expect(visit("sales").locator(".you")).to_contain_text("Jonas Weber")


def test_whoever_opens_the_plain_address_is_the_agent(visit, pair):
    """The one that `kontor demo` prints. Some people of the workspace have no role, and could try nothing."""
    page = visit("sales")
    page.goto(pair.workspace.url)
    expect(page.locator(".you")).to_contain_text("Mia Brandt")


def test_the_home_is_opened_drawn_and_pressed(visit, pair, picture):
    page = visit()
    page.get_by_role("button", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Good morning, Mia")).to_be_visible()
    picture(page, "home")
    with page.expect_response("**/press"):
        page.locator('[data-block-id="KON-2031"]').get_by_role("button", name="Open").click()
    (press,) = [body for body in pair.received if body.get("type") == "block_actions"]
    assert press["view"]["type"] == "home"
    assert press["actions"][0]["value"] == "KON-2031"


def test_a_message_shortcut_is_in_the_menu_of_the_message(visit):
    page = visit()
    command(page, "bill ada@example.com")
    message = page.locator(".message").filter(has_text="bill ada@example.com")
    message.hover()
    message.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name=re.compile("Bill this customer")).click()
    expect(modal(page).get_by_role("heading", name="Ada Löwe")).to_be_visible()


def test_replies_stand_in_the_thread(visit):
    page = visit()
    command(page, "first words")
    message = page.locator(".message").filter(has_text="first words")
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    reply = page.get_by_role("combobox", name="Reply…")
    reply.fill("an answer")
    reply.press("Enter")
    expect(page.get_by_role("log", name="Thread")).to_contain_text("an answer")
    expect(page.get_by_role("log", name="Messages")).not_to_contain_text("an answer")
    expect(message.get_by_role("button", name="1 reply")).to_be_visible()


def test_the_whole_way_works_with_the_keyboard_alone(visit, pair):
    page = visit()
    composer = page.get_by_role("combobox", name="Message #billing-approvals")
    expect(composer).to_be_focused()
    page.keyboard.type("/billing form")
    page.keyboard.press("Enter")
    expect(block(page, "product").get_by_role("combobox")).to_be_focused()
    page.keyboard.type("te")
    expect(block(page, "product").get_by_role("option")).to_have_count(3)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(block(page, "product").get_by_role("combobox")).to_have_value("Team")
    page.keyboard.press("Tab")
    page.keyboard.type("40")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(modal(page).get_by_label("Yearly")).to_be_checked()
    page.keyboard.press("Enter")
    expect(modal(page).get_by_role("heading", name="Review")).to_be_visible()
    values = submissions(pair)[0]["state"]["values"]
    assert values["product"]["it"]["selected_option"]["value"] == "team"
    assert values["seats"]["it"]["value"] == "40"
    assert values["cycle"]["it"]["selected_option"]["value"] == "year"
    page.keyboard.press("Escape")
    expect(modal(page).get_by_role("heading", name="New subscription")).to_be_visible()
    page.keyboard.press("Escape")
    expect(modal(page)).to_have_count(0)
    expect(composer).to_be_focused()


def test_tab_stays_inside_the_modal(visit):
    page = visit()
    command(page, "/billing card")
    expect(modal(page)).to_be_visible()
    seen = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        where = page.evaluate(
            "document.activeElement.closest('dialog.modal') ? document.activeElement.textContent : null"
        )
        assert where is not None
        seen.add(where)
    assert {"New subscription", "Timeline", "Close"} <= seen


def test_an_update_leaves_the_focus_and_the_text_alone(visit, pair):
    page = visit()
    command(page, "/billing form")
    note = modal(page).get_by_label("Note for the timeline")
    note.press_sequentially("half a sent")
    (view,) = views(pair)
    fields = ("type", "callback_id", "title", "submit", "close", "blocks")
    changed = {name: view[name] for name in fields}
    changed["blocks"] = [
        *changed["blocks"],
        {"type": "section", "text": {"type": "mrkdwn", "text": "Prices are ready."}},
    ]
    assert pair.api("views.update", {"view_id": view["id"], "view": changed})["ok"]
    expect(modal(page)).to_contain_text("Prices are ready.")
    expect(note).to_be_focused()
    page.keyboard.type("ence")
    expect(note).to_have_value("half a sentence")


def test_what_slack_would_refuse_is_red_in_the_inspector(visit, pair, picture):
    page = visit()
    page.get_by_role("button", name="Inspector").click()
    pair.api("chat.postMessage", {"channel": "C07GENERAL0", "text": "the app is no member there"})
    command(page, "/billing nobody")
    log = page.get_by_role("list", name="Wire log")
    bad = log.locator(".wire-entry.bad")
    expect(bad).to_have_count(1)
    expect(bad).to_contain_text("not_in_channel")
    expect(page.get_by_role("button", name=re.compile("^Refused"))).to_contain_text("1")
    command_entry = log.locator(".wire-entry").filter(has_text="/billing")
    expect(command_entry).to_contain_text(re.compile(r"\d ms"))
    command_entry.locator("summary").click()
    expect(command_entry.locator(".wire-json").first).to_contain_text("/billing")
    picture(page, "inspector")


def test_nothing_that_is_written_becomes_part_of_the_page(visit, pair):
    page = visit()
    evil = '<img src=x onerror="document.title=1"> <script>document.title=1</script> <javascript:alert(1)|click>'
    pair.api("chat.postMessage", {"channel": APPROVALS, "text": evil})
    message = page.locator(".message").filter(has_text="click")
    expect(message).to_be_visible()
    expect(message.locator("img, script, a")).to_have_count(0)
    assert page.title() != "1"


def test_texts_are_drawn_with_slacks_marks(visit, picture):
    page = visit()
    command(page, "/billing show")
    message = page.locator(".message").filter(has_text="November in numbers")
    for tag, text in {
        "strong": "bold",
        "em": "italic",
        "s": "strike",
        "blockquote": "quoted",
        "pre": "SELECT 1",
    }.items():
        expect(message.locator(f".block-section {tag}")).to_have_text(text)
    expect(message.get_by_role("link", name="a link")).to_have_attribute("href", "https://stripe.example")
    expect(message.locator(".block-section")).to_contain_text("5 < 6 & 7")
    expect(message.get_by_role("columnheader")).to_have_text(["Plan", "Revenue"])
    expect(message.get_by_role("cell", name="€41,760.00")).to_be_visible()
    expect(message.get_by_role("img", name="A chart of the month")).to_be_visible()
    picture(page, "message-blocks")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_passes_aa(visit, pair, picture, scheme):
    page = visit("manager", color_scheme=scheme)
    command(page, "/billing show")
    command(page, "/billing boom")
    pair.api("chat.postMessage", {"channel": APPROVALS, "text": "Decide", "blocks": approval()})
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.locator(".message.failed")).to_be_visible()
    page.get_by_role("button", name="Inspector").click()
    expect(page.locator(".wire-entry").first).to_be_visible()
    assert page.evaluate(CONTRAST) == []
    picture(page, f"channel-{scheme}")
    for word in ("card", "form", "review"):
        command(page, f"/billing {word}")
        expect(modal(page)).to_be_visible()
        picture(page, f"{word}-{scheme}")
        assert page.evaluate(CONTRAST) == []
        modal(page).locator(".modal-x").click()
        expect(modal(page)).to_have_count(0)


def test_the_switch_turns_the_page_dark(visit):
    page = visit(color_scheme="light")
    dark = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(dark)
    page.get_by_role("button", name="Switch to dark").click()
    assert page.evaluate(dark) != before
    expect(page.get_by_role("button", name="Switch to light")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="Switch to light")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_a_phone_shows_home_with_all_that_stands_above_it(visit, picture, locale):
    """Nothing is covered or cut off: the app's name, the tabs, the buttons."""
    page = visit(user="agent", viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, locale=locale)
    page.locator(".menu-button").click()
    page.locator('[data-place="home"]').click()
    expect(page.locator(".home")).to_be_visible()
    expect(page.locator(".side-left")).to_be_hidden()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    shown = [one for one in page.locator(".head > *, .tabs > *").all() if one.is_visible()]
    boxes = [one.bounding_box() for one in shown if one.get_attribute("role") != "tablist"]
    assert len(boxes) >= 7
    for number, one in enumerate(boxes):
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= 360
        for other in boxes[:number]:
            beside = one["x"] >= other["x"] + other["width"] or other["x"] >= one["x"] + one["width"]
            assert beside or one["y"] >= other["y"] + other["height"] or other["y"] >= one["y"] + one["height"]
    assert page.locator(".head h2").evaluate("node => node.scrollWidth <= node.clientWidth"), "the whole name"
    picture(page, f"phone-home-{locale}")


def test_a_phone_shows_everything_without_sideways_scrolling(visit, picture):
    page = visit(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    command(page, "/billing show")
    expect(page.locator(".message").filter(has_text="November in numbers")).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    picture(page, "phone-channel")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Home", exact=True).click()
    expect(page.get_by_role("heading", name="Good morning, Mia")).to_be_visible()
    expect(page.locator(".side-left")).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.locator(f'[data-place="{APPROVALS}"]').click()
    command(page, "/billing form")
    expect(modal(page)).to_be_visible()
    assert not page.evaluate(WIDER_THAN_THE_WINDOW)
    picture(page, "phone-form")
    box = modal(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
