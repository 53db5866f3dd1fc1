"""A small billing app for the browser tests: every kind of block and input, with realistic texts and invented data."""

from __future__ import annotations

import time
from typing import Any

from slack_sdk import WebClient

from tests.sandbox.workspace.counterpart import Pair, option, plain

Json = dict[str, Any]

PRODUCTS = [("Starter", "starter"), ("Team", "team"), ("Business", "business"), ("Enterprise", "enterprise")]


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str, **more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(text), **more}


def context(*texts: str) -> Json:
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def button(text: str, action_id: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def field(block_id: str, label: str, element: Json, **more: Any) -> Json:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "it", **element},
        **more,
    }


def confirm(title: str, text: str, yes: str) -> Json:
    return {
        "title": plain(title),
        "text": mrkdwn(text),
        "confirm": plain(yes),
        "deny": plain("Keep it"),
        "style": "danger",
    }


def contact_card() -> Json:
    return {
        "type": "modal",
        "callback_id": "contact",
        "title": plain("Ada Löwe"),
        "close": plain("Close"),
        "blocks": [
            {"type": "header", "block_id": "name", "text": plain("Löwe Maschinenbau GmbH")},
            {
                "type": "context",
                "block_id": "identity",
                "elements": [
                    mrkdwn("cus_RVx84Kd2 · corporate portal · customer since <!date^1647302400^{date_short}|2022>")
                ],
            },
            {
                "type": "alert",
                "block_id": "dunning",
                "level": "warning",
                "text": mrkdwn("*1 invoice is overdue* since 3 days: KON-2031, €1,190.00"),
            },
            {
                "type": "section",
                "block_id": "facts",
                "fields": [
                    mrkdwn("*Plan*\nTeam, 24 seats, monthly"),
                    mrkdwn("*Monthly amount*\n€1,392.00"),
                    mrkdwn("*Next invoice*\n1 December 2026"),
                    mrkdwn("*Payment method*\nSEPA •••• 4711"),
                    mrkdwn("*Prepaid balance*\n€8,400.00"),
                    mrkdwn("*Account owner*\n<@U07JONASWBR>"),
                ],
            },
            {"type": "divider"},
            section(
                "*Team plan* :white_check_mark:\n24 seats · renews on 1 December",
                block_id="plan",
                accessory={
                    "type": "overflow",
                    "action_id": "plan_menu",
                    "options": [
                        option("Change seats", "seats"),
                        option("Downgrade…", "downgrade"),
                        option("Pause", "pause"),
                    ],
                },
            ),
            section(
                "*Due date of KON-2031*\nReminders pause until this day.",
                block_id="due",
                accessory={"type": "datepicker", "action_id": "due_date", "initial_date": "2026-12-04"},
            ),
            {
                "type": "actions",
                "block_id": "todo",
                "elements": [
                    button("New subscription", "new_subscription", style="primary"),
                    button("Timeline", "timeline"),
                    button("Open in Stripe", "stripe", url="https://dashboard.stripe.example/cus_RVx84Kd2"),
                    button(
                        "Cancel plan",
                        "cancel_plan",
                        style="danger",
                        confirm=confirm(
                            "Cancel the Team plan?",
                            "It ends on *1 December 2026*. Nothing is refunded.",
                            "Cancel the plan",
                        ),
                    ),
                ],
            },
            context("Last change by <@U07MIABRNDT> on <!date^1763370000^{date_short} at {time}|17 November>"),
        ],
    }


def subscription_form() -> Json:
    return {
        "type": "modal",
        "callback_id": "subscription",
        "title": plain("New subscription"),
        "submit": plain("Review"),
        "close": plain("Back"),
        "blocks": [
            context("For *Löwe Maschinenbau GmbH* · prices without VAT"),
            field(
                "product",
                "Product",
                {"type": "external_select", "min_query_length": 1, "placeholder": plain("Search the catalogue")},
            ),
            field("seats", "Seats", {"type": "number_input", "is_decimal_allowed": False, "initial_value": "24"}),
            field(
                "cycle",
                "Billing cycle",
                {
                    "type": "radio_buttons",
                    "options": [
                        {**option("Monthly", "month"), "description": plain("€58.00 per seat")},
                        {**option("Yearly", "year"), "description": plain("€49.30 per seat, 15 % less")},
                    ],
                    "initial_option": {**option("Monthly", "month"), "description": plain("€58.00 per seat")},
                },
            ),
            field(
                "start",
                "Starts on",
                {"type": "datepicker", "initial_date": "2026-12-01"},
                hint=plain("The first invoice is sent on this day."),
            ),
            field(
                "note",
                "Note for the timeline",
                {"type": "plain_text_input", "multiline": True, "max_length": 200},
                optional=True,
            ),
        ],
    }


def review() -> Json:
    rows = [
        ["Item", "Quantity", "Amount"],
        ["Team, monthly", "24", "€1,392.00"],
        ["Onboarding (once)", "1", "€450.00"],
        ["Coupon PARTNER10", "", "−€184.20"],
        ["VAT 19 %", "", "€314.98"],
    ]
    return {
        "type": "modal",
        "callback_id": "review",
        "title": plain("Review"),
        "submit": plain("Start subscription"),
        "close": plain("Back"),
        "private_metadata": "review",
        "blocks": [
            section("*Team* × 24 for *Löwe Maschinenbau GmbH*", block_id="what"),
            *[
                {
                    "type": "section",
                    "block_id": f"line_{number}",
                    "fields": [mrkdwn(f"{item}{f' × {count}' if count else ''}"), mrkdwn(amount)],
                }
                for number, (item, count, amount) in enumerate(rows[1:])
            ],
            {"type": "divider"},
            {"type": "section", "block_id": "total", "fields": [mrkdwn("*Due on 1 December*"), mrkdwn("*€1,972.78*")]},
            context(":lock: Charged to SEPA •••• 4711. The price is checked again before anything starts."),
            field(
                "agree",
                "Confirm",
                {"type": "checkboxes", "options": [option("The customer has agreed to this price", "yes")]},
            ),
        ],
    }


def everything() -> Json:
    """A modal with one input of each kind; the block ids are the kinds."""
    fruit = [option("Apples", "apples"), option("Pears", "pears"), option("Cherries", "cherries")]
    elements: dict[str, Json] = {
        "plain_text_input": {"type": "plain_text_input", "placeholder": plain("One line")},
        "multiline": {"type": "plain_text_input", "multiline": True},
        "number_input": {"type": "number_input", "is_decimal_allowed": True, "min_value": "1", "max_value": "10"},
        "email_text_input": {"type": "email_text_input"},
        "url_text_input": {"type": "url_text_input"},
        "static_select": {
            "type": "static_select",
            "option_groups": [
                {"label": plain("Fruit"), "options": fruit},
                {"label": plain("Nuts"), "options": [option("Hazelnuts", "hazel")]},
            ],
        },
        "external_select": {"type": "external_select", "min_query_length": 2},
        "multi_static_select": {"type": "multi_static_select", "options": fruit, "max_selected_items": 2},
        "multi_external_select": {"type": "multi_external_select", "min_query_length": 1},
        "users_select": {"type": "users_select"},
        "multi_users_select": {"type": "multi_users_select"},
        "conversations_select": {"type": "conversations_select"},
        "channels_select": {"type": "channels_select"},
        "multi_channels_select": {"type": "multi_channels_select"},
        "radio_buttons": {"type": "radio_buttons", "options": fruit},
        "checkboxes": {"type": "checkboxes", "options": fruit},
        "datepicker": {"type": "datepicker"},
        "timepicker": {"type": "timepicker"},
        "datetimepicker": {"type": "datetimepicker"},
        "rich_text_input": {"type": "rich_text_input"},
        "file_input": {"type": "file_input"},
    }
    blocks = [field(name, name, element) for name, element in elements.items()]
    return {
        "type": "modal",
        "callback_id": "everything",
        "title": plain("Everything"),
        "submit": plain("Send"),
        "blocks": blocks,
    }


def approval(state: str = "open") -> list[Json]:
    decided = state != "open"
    asked = section(
        "<@U07JONASWBR> asks for a *downgrade* of *Löwe Maschinenbau GmbH*\n"
        "Team, 24 seats → Starter, 10 seats, from 1 January",
        block_id=f"ask_{state}",
    )
    if decided:
        return [asked, context(f":{'white_check_mark' if state == 'approved' else 'x'}: {state} by <@U07PRIYANAR>")]
    buttons = [
        button("Approve", "approve", style="primary", value="req_1"),
        button(
            "Decline",
            "decline",
            style="danger",
            value="req_1",
            confirm=confirm("Decline?", "<@U07JONASWBR> is told at once.", "Decline"),
        ),
    ]
    return [
        asked,
        context("Saves the customer *€812.00* a month · no refund"),
        {"type": "actions", "block_id": "decide", "elements": buttons},
    ]


def home() -> Json:
    lines = [
        ("KON-2031", "Löwe Maschinenbau GmbH", "€1,190.00", "3 days"),
        ("KON-2028", "Bäckerei Sommer", "€238.00", "9 days"),
    ]
    blocks: list[Json] = [
        {"type": "header", "text": plain("Good morning, Mia")},
        context("Saturday, 21 November · 2 invoices need you"),
        {
            "type": "actions",
            "block_id": "start",
            "elements": [button("Find a contact", "find", style="primary"), button("New invoice", "invoice")],
        },
        {"type": "divider"},
    ]
    for number, name, amount, age in lines:
        blocks.append(
            section(
                f"*{name}*\n{number} · {amount} · overdue since {age}",
                block_id=number,
                accessory=button("Open", "open_invoice", value=number),
            )
        )
    return {"type": "home", "callback_id": "home", "blocks": blocks}


def showcase() -> list[Json]:
    """A message with the blocks that carry text."""
    cell = lambda text: {"type": "raw_text", "text": text}  # noqa: E731 - a short word for the rows below
    return [
        {"type": "header", "text": plain("November in numbers :bar_chart:")},
        section(
            "*bold* _italic_ ~strike~ `code` <https://stripe.example|a link> <#C07SUPPORT0> 5 &lt; 6 &amp; 7\n"
            "> quoted\n• first\n• second\n```SELECT 1```"
        ),
        {
            "type": "table",
            "block_id": "numbers",
            "column_settings": [{"align": "left"}, {"align": "right"}],
            "rows": [
                [cell("Plan"), cell("Revenue")],
                [cell("Team"), cell("€41,760.00")],
                [cell("Starter"), cell("€3,920.00")],
            ],
        },
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Rich ", "style": {"bold": True}},
                        {"type": "user", "user_id": "U07MIABRNDT"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
                },
            ],
        },
        {"type": "image", "image_url": "https://pictures.example/chart.png", "alt_text": "A chart of the month"},
    ]


def register(pair: Pair) -> None:
    """Give the pair's Bolt app its listeners. `/billing` takes card, form, review, all, ask, show, boom."""
    app = pair.app

    @app.command("/billing")
    def billing(ack: Any, body: Json, client: WebClient, respond: Any, command: Json) -> None:
        word = command["text"]
        views = {"card": contact_card, "form": subscription_form, "all": everything, "review": review}
        if word in views:
            client.views_open(trigger_id=body["trigger_id"], view=views[word]())
            ack()
        elif word == "ask":
            ack()
            client.chat_postMessage(channel=command["channel_id"], text="A downgrade waits for you", blocks=approval())
        elif word == "show":
            ack()
            client.chat_postMessage(channel=command["channel_id"], text="November in numbers", blocks=showcase())
        elif word == "boom":
            raise RuntimeError("on purpose")
        else:
            ack(f"No contact matches *{word}*. Try an e-mail address.")

    @app.options("it")
    def catalogue(ack: Any, payload: Json) -> None:
        wanted = payload["value"].lower()
        ack(options=[option(name, value) for name, value in PRODUCTS if wanted in name.lower()])

    @app.action("new_subscription")
    def new_subscription(ack: Any, body: Json, client: WebClient) -> None:
        client.views_push(trigger_id=body["trigger_id"], view=subscription_form())
        ack()

    @app.action("approve")
    def approve(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="approved", blocks=approval("approved")
        )

    @app.action("decline")
    def decline(ack: Any, body: Json, client: WebClient) -> None:
        ack()
        client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="declined", blocks=approval("declined")
        )

    @app.action("cancel_plan")
    def cancel_plan(ack: Any, body: Json, client: WebClient) -> None:
        ended = contact_card()
        ended["blocks"] = [section("*The Team plan ends on 1 December 2026.*", block_id="ended")]
        client.views_update(view_id=body["view"]["id"], view=ended)
        ack()

    @app.view("subscription")
    def submitted(ack: Any, view: Json) -> None:
        time.sleep(0.3)  # long enough for a person to see the button wait
        if int(view["state"]["values"]["seats"]["it"]["value"]) < 5:
            ack(response_action="errors", errors={"seats": "The Team plan starts at 5 seats."})
        else:
            ack(response_action="push", view=review())

    @app.view("review")
    def started(ack: Any, body: Json, client: WebClient) -> None:
        client.chat_postMessage(channel=body["user"]["id"], text="Subscription started: *Team* × 24")
        ack(response_action="clear")

    @app.event("app_home_opened")
    def opened(event: Json, client: WebClient) -> None:
        client.views_publish(user_id=event["user"], view=home())

    @app.shortcut("bill_customer")
    def bill_customer(ack: Any, body: Json, client: WebClient) -> None:
        client.views_open(trigger_id=body["trigger_id"], view=contact_card())
        ack()

    for name in ("plan_menu", "due_date", "timeline", "stripe", "find", "invoice", "open_invoice"):
        app.action(name)(lambda ack: ack())
    app.view("everything")(lambda ack: ack())
