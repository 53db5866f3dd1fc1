"""The whole product in a real browser: the workspace's page, Stripe's and the mailbox, with the real bot between them.

What a page complains of on its console, and every request to another computer, fails the test.
"""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.flows.test_plan_changes import customer
from tests.support.requesting import file_request, with_plan
from tests.support.world import world as running_world

pytestmark = pytest.mark.browser

VISA, FAILS = "pm_card_visa", "pm_card_chargeCustomerFail"
DESK = "Desk Team · €20.00 per month"


@pytest.fixture(scope="module")
def world(sqlite_template, tmp_path_factory):
    file = tmp_path_factory.mktemp("tour") / "kontor.db"
    shutil.copyfile(sqlite_template, file)
    with running_world(f"sqlite:///{file}") as made:
        yield made


@pytest.fixture
def visit(world, chromium):
    """Open any of our pages; people whom a test met have no modal left afterwards."""
    contexts, complaints, strangers = [], [], []
    ours = (world.workspace.url, world.stripe_url, world.mailbox_url, world.bot_url, "data:")

    def opened(address, **options) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.on("request", lambda sent: None if sent.url.startswith(ours) else strangers.append(sent.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    for who in ("agent", "manager"):
        if world.person(who).view:
            world.person(who).closes(everything=True)
    assert strangers == []
    assert complaints == []


@pytest.fixture
def priya(world, visit):
    """Priya, who reads English, in #support."""
    return visit(f"{world.workspace.url}/?as=manager&in={world.channel('support')}")


def command(page, text):
    """Nobody can type beside an open modal: keys pressed while one is closing go nowhere."""
    expect(page.locator("dialog.modal[open]")).to_have_count(0)
    composer = page.get_by_role("combobox", name=re.compile("^(Message|Nachricht)"))
    composer.fill(text)
    composer.press("Enter")


def modal(page):
    return page.locator("dialog.modal[open]").last


def title(page, text):
    expect(modal(page).get_by_role("heading", level=2)).to_have_text(text)


def field(page, block_id):
    return modal(page).locator(f'[data-block-id="{block_id}"]')


def press(page, name):
    modal(page).get_by_role("button", name=name, exact=True).click()


def choose(page, block_id, typed, text):
    """Search in a menu with the keyboard."""
    box = field(page, block_id).get_by_role("combobox")
    box.click()
    box.press_sequentially(typed)
    expect(page.get_by_role("option").filter(has_text=text)).to_have_count(1)
    box.press("Enter")


def save_card(page, number):
    for label, value in (("Card number", number), ("Expiry", "12 / 40"), ("CVC", "123")):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Save card").click()


def test_a_subscription_is_started_and_seen_on_the_card_in_the_timeline_and_at_stripe(world, visit, priya, picture):
    """H4, H5, H10, H20 to H23, with keyboard and mouse as a person does it."""
    ada = world.contact(VISA, name="Ada Tourbillon")
    command(priya, "/billing")
    title(priya, "Find a customer")
    choose(priya, "contact", "tourbil", "Ada Tourbillon")
    title(priya, "Customer")
    expect(modal(priya)).to_contain_text("Visa •••• 4242")
    picture(priya, "tour-card")
    press(priya, "New subscription")
    title(priya, "New subscription")
    choose(priya, "price", "Desk Team · €20", DESK)
    field(priya, "quantity").locator("input").fill("3")
    field(priya, "coupon").get_by_role("textbox").fill("ten")
    picture(priya, "tour-form")
    press(priya, "Review")
    title(priya, "Review and confirm")
    # 3 x 20.00 = 60.00; 10 % off = 6.00; 54.00 + 19 % = 54.00 + 10.26 = 64.26
    for amount in ("€60.00", "-€6.00", "€10.26", "€64.26"):
        expect(modal(priya)).to_contain_text(amount)
    picture(priya, "tour-review")
    press(priya, "Start subscription")
    title(priya, "Subscription started")
    expect(modal(priya)).to_contain_text("Desk Team × 3 now runs for Ada Tourbillon")
    picture(priya, "tour-started")
    with priya.context.expect_page() as opened:
        press(priya, "Open in Stripe")
    at_stripe = opened.value.url
    press(priya, "Show customer")
    title(priya, "Customer")
    expect(modal(priya)).to_contain_text("Subscription started: Desk Team × 3, first payment €64.26")
    expect(modal(priya)).to_contain_text("Priya Nair")
    picture(priya, "tour-timeline")
    (subscription,) = world.subscriptions(ada)
    assert at_stripe.endswith(subscription.id)
    stripe = visit(at_stripe)
    expect(stripe.get_by_role("heading", level=1)).to_contain_text("3 × Desk Team")
    expect(stripe.get_by_role("heading", level=1)).to_contain_text("active")
    expect(stripe.get_by_role("row").filter(has_text="64.26 EUR").first).to_contain_text("paid")
    picture(stripe, "tour-stripe")


def test_a_plan_is_changed_in_the_form_that_follows_the_plan(world, priya, picture):
    """A5, A8, A16, A17, A22, AX14: page, comparison, form, review, done. The flow test works the amounts out."""
    ada = customer(world)
    command(priya, f"/billing plan {ada.contact.email}")
    title(priya, "Plan")
    expect(modal(priya)).to_contain_text("120 of 500 (24%)")
    picture(priya, "tour-plan")
    press(priya, "Compare plans")
    title(priya, "Compare plans")
    expect(modal(priya)).to_contain_text("➖ Automations")
    picture(priya, "tour-comparison")
    modal(priya).locator(".modal-back").click()
    title(priya, "Plan")
    press(priya, "Change plan")
    title(priya, "Change plan")
    expect(field(priya, "seats#mail/basic").locator("input")).to_have_value("1")
    choose(priya, "plan", "Mail Pro", "Mail Pro")
    expect(field(priya, "seats#mail/pro").locator("input")).to_have_value("3")
    expect(field(priya, "add_ons[reports]#mail/pro")).to_be_visible()
    picture(priya, "tour-plan-form")
    press(priya, "Continue")
    title(priya, "Review purchase")
    for amount in ("-€15.00", "€49.00", "€6.46", "€40.46", "€58.31"):
        expect(modal(priya)).to_contain_text(amount)
    picture(priya, "tour-plan-review")
    press(priya, "Confirm purchase")
    title(priya, "Plan changed")
    expect(modal(priya)).to_contain_text("✅ Automations")
    picture(priya, "tour-plan-changed")
    assert [payment.amount for payment in world.payments(ada.contact)] == [4046, 1785]


def test_a_request_is_decided_in_the_managers_channel_and_changes_everywhere(world, visit, picture):
    """A24, HX17, slack.md's second and fourth rules: asked first, then the buttons are gone in both windows."""
    ada = with_plan(world, name="Ada Autumn")
    file_request(world, ada)
    priya = visit(f"{world.workspace.url}/?as=manager&in={world.channel('billing-approvals')}")
    mia = visit(f"{world.workspace.url}/?as=agent&in={world.person('agent').direct_channel}")
    cards = [page.locator(".message").filter(has_text="Ada Autumn").first for page in (priya, mia)]
    for one in cards:
        expect(one).to_contain_text("Mail Basic")
    picture(priya, "tour-request")
    picture(mia, "tour-request-filed")
    cards[0].get_by_role("button", name="Approve", exact=True).click()
    question = priya.locator("dialog[open]").last
    expect(question).to_contain_text("Approve this change?")
    picture(priya, "tour-request-confirm")
    question.get_by_role("button", name="Approve", exact=True).click()
    expect(cards[0]).to_contain_text("Approved, takes effect on")
    expect(cards[1]).to_contain_text("Genehmigt von Priya Nair")
    for one in cards:
        expect(one.get_by_role("button", name=re.compile("^(Approve|Reject|Zurückziehen)"))).to_have_count(0)
    picture(mia, "tour-request-approved")
    cards[1].get_by_role("button", name="Tarif behalten", exact=True).click()
    mia.locator("dialog[open]").last.get_by_role("button", name="Tarif behalten", exact=True).click()
    expect(cards[0]).to_contain_text("Called off by Mia Brandt")


def test_a_declined_card_is_replaced_by_another_in_the_same_modal(world, priya, picture):
    """H30, H31"""
    ada = world.contact(FAILS, VISA, name="Ada Declined")
    command(priya, f"/billing subscribe {ada.email}")
    choose(priya, "price", "Desk Team · €20", DESK)
    press(priya, "Review")
    press(priya, "Start subscription")
    title(priya, "Payment refused")
    expect(modal(priya)).to_contain_text("Nothing was started and nothing was charged")
    expect(modal(priya).get_by_role("radio", name=re.compile("0341"))).to_have_count(0)
    picture(priya, "tour-declined")
    assert world.subscriptions(ada) == []
    modal(priya).get_by_role("radio", name=re.compile("4242")).check()
    press(priya, "Try again")
    title(priya, "Subscription started")
    assert len(world.subscriptions(ada)) == len(world.payments(ada)) == 1


def test_a_link_goes_by_mail_to_stripes_page_and_the_result_comes_by_direct_message(world, visit, priya, picture):
    """H30, H31: the modal is closed meanwhile."""
    ada = world.contact(name="Ada Linkova")
    command(priya, f"/billing subscribe {ada.email}")
    choose(priya, "price", "Desk Team · €20", DESK)
    press(priya, "Review")
    press(priya, "Send link")
    title(priya, "Link sent")
    picture(priya, "tour-link-sent")
    priya.keyboard.press("Escape")
    expect(priya.locator("dialog.modal[open]")).to_have_count(0)
    mailbox = visit(world.mailbox_url)
    mailbox.get_by_role("button").filter(has_text="Ada Linkova").click()
    letter = mailbox.frame_locator("iframe")
    expect(letter.get_by_text("Desk Team")).to_be_visible()
    picture(mailbox, "tour-mail")
    stripe = visit(letter.get_by_role("link").first.get_attribute("href"), viewport={"width": 390, "height": 844})
    expect(stripe.get_by_text("This is a local stand-in, not Stripe")).to_be_visible()
    picture(stripe, "tour-checkout")
    save_card(stripe, "4242 4242 4242 4242")
    expect(stripe.get_by_role("heading", name="your payment method was added")).to_be_visible()
    picture(stripe, "tour-after-checkout")
    priya.get_by_role("navigation").get_by_role("button", name=re.compile("^Kontor")).click()
    message = priya.locator(".message").filter(has_text="Ada Linkova")
    expect(message).to_contain_text("Desk Team × 1 now runs for Ada Linkova")
    picture(priya, "tour-direct-message")
    message.get_by_role("button", name="Show customer").click()
    title(priya, "Customer")
    expect(modal(priya)).to_contain_text("Payment method added: Visa •••• 4242")
    assert len(world.subscriptions(ada)) == len(world.payments(ada)) == 1


def test_a_double_click_on_the_confirmation_is_one_subscription(world, priya):
    ada = world.contact(VISA, name="Ada Doubleclick")
    command(priya, f"/billing subscribe {ada.email}")
    choose(priya, "price", "Desk Team · €20", DESK)
    press(priya, "Review")
    modal(priya).get_by_role("button", name="Start subscription").dblclick()
    title(priya, "Subscription started")
    assert len(world.subscriptions(ada)) == len(world.payments(ada)) == 1


def test_a_mistake_in_a_field_is_told_there_and_what_was_typed_stays(world, visit, picture):
    """SX8, H21: in German, as Mia reads it."""
    ada = world.contact(VISA, name="Ada Fehler")
    mia = visit(f"{world.workspace.url}/?as=agent&in={world.channel('support')}")
    command(mia, f"/abrechnung abo {ada.email}")
    choose(mia, "price", "Desk Team · 20", "Desk Team · 20,00 € pro Monat")
    yesterday = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    for block, kind, value, told in (
        ("coupon", "textbox", "NIXDA", "Den Gutschein „NIXDA“ gibt es nicht"),
        ("coupon", "textbox", "4242 4242 4242 4242", "Das sieht nach einer Kartennummer aus"),
    ):
        field(mia, block).get_by_role(kind).fill(value)
        press(mia, "Prüfen")
        expect(field(mia, block)).to_contain_text(told)
        expect(field(mia, "price").get_by_role("combobox")).to_have_value(re.compile("Desk Team"))
    field(mia, "coupon").get_by_role("textbox").fill("")
    field(mia, "start").locator("input").fill(yesterday)
    press(mia, "Prüfen")
    expect(field(mia, "start")).to_contain_text("Der Start muss zwischen")
    picture(mia, "tour-mistakes")
    assert world.subscriptions(ada) == []


def test_a_reload_in_the_middle_keeps_the_form(world, priya):
    ada = world.contact(VISA, name="Ada Reload")
    command(priya, f"/billing subscribe {ada.email}")
    title(priya, "New subscription")
    priya.reload()
    title(priya, "New subscription")
    choose(priya, "price", "Desk Team · €20", DESK)
    press(priya, "Review")
    title(priya, "Review and confirm")


def test_the_mailbox_finds_shows_and_empties(world, visit, picture):
    ada = world.contact(name="Ada Mailbox")
    mia = world.person("agent")
    assert mia.types(f"/billing subscribe {ada.email}").ok
    assert mia.submits({"price": "desk-team-month-eur"}).ok
    assert mia.submits().ok
    mailbox = visit(world.mailbox_url)
    mails = mailbox.get_by_role("list").get_by_role("button")
    expect(mails.filter(has_text="Ada Mailbox")).to_have_count(1)
    mailbox.get_by_role("searchbox").fill("mailbox")
    expect(mails).to_have_count(1)
    mails.click()
    for view in ("Plain text", "Headers"):
        mailbox.get_by_role("button", name=view).click()
        expect(mailbox.locator("pre")).to_contain_text("Desk Team")
    picture(mailbox, "tour-mailbox")
    mailbox.get_by_role("button", name="Empty mailbox").click()
    expect(mailbox.get_by_text("No mails yet")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_local_stripe_can_be_read(world, visit, picture, scheme):
    ada = world.contact(VISA, name=f"Ada Dashboard {scheme}")
    stripe = visit(world.stripe_url, color_scheme=scheme)
    for section in ("Customers", "Subscriptions", "Invoices", "Payments", "Products", "Prices", "Events", "Requests"):
        stripe.get_by_role("navigation").get_by_role("link", name=section).click()
        expect(stripe.get_by_role("heading", level=1)).to_have_text(section)
        expect(stripe.get_by_role("navigation").locator("[aria-current]")).to_have_text(section)
    stripe.goto(f"{world.stripe_url}/dashboard/customers")
    stripe.get_by_role("link", name=ada.name).click()
    expect(stripe.get_by_role("heading", level=1)).to_contain_text(ada.name)
    stripe.get_by_text("The object as the API shows it").click()
    expect(stripe.locator("pre")).to_contain_text(ada.customer)
    picture(stripe, f"tour-stripe-{scheme}")


def test_faults_are_ordered_and_cleared_on_the_page(world, visit):
    stripe = visit(world.stripe_url)
    stripe.get_by_label("Path starts with").fill("/v1/nothing")
    stripe.get_by_role("button", name="Order").click()
    expect(stripe.get_by_text("1 to go")).to_be_visible()
    assert len(requests.get(f"{world.stripe_url}/control/faults", timeout=5).json()["faults"]) == 1
    stripe.get_by_role("button", name="Clear all").click()
    expect(stripe.get_by_text("Everything works.")).to_be_visible()
