"""Every kind of block and element on a message, with realistic texts: for the browser tests and for pictures."""

from __future__ import annotations

from typing import Any

from bot.sandbox.workspace.limits.blocks import BLOCKS
from bot.sandbox.workspace.limits.elements import ELEMENTS
from tests.browser.billing_app import button, confirm, context, mrkdwn, section
from tests.sandbox.workspace.counterpart import option, plain

Json = dict[str, Any]

MIA = "U07MIABRNDT"
SALES = "C07SALES000"

# What cannot stand on a message: it is shown in a modal (billing_app.everything), or only Slack itself sends it.
NOT_ON_MESSAGES = {"alert", "file", "email_text_input", "file_input", "number_input", "rich_text_input"}
NOT_ON_MESSAGES |= {"url_text_input"}


def text(words: str, **style: bool) -> Json:
    return {"type": "text", "text": words, **({"style": style} if style else {})}


def line(*leaves: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(leaves)}


def bullets(*lines: Json, style: str = "bullet", indent: int = 0) -> Json:
    return {"type": "rich_text_list", "style": style, "indent": indent, "elements": list(lines)}


def cell(words: str) -> Json:
    return {"type": "raw_text", "text": words}


def number(value: float, words: str) -> Json:
    return {"type": "raw_number", "value": value, "text": words}


def rich_text() -> Json:
    return {
        "type": "rich_text",
        "block_id": "rich",
        "elements": [
            line(
                text("Handover ", bold=True),
                {"type": "user", "user_id": MIA},
                text(" in "),
                {"type": "channel", "channel_id": SALES},
                text(", "),
                text("done", strike=True),
                text(" "),
                text("today", underline=True),
                text(" "),
                {"type": "emoji", "name": "tada"},
                text(" colour "),
                {"type": "color", "value": "#0D6B5C"},
                text(" until "),
                {"type": "date", "timestamp": 1764547200, "format": "{date_long}", "fallback": "1 December 2025"},
                text(". See "),
                {"type": "link", "url": "https://stripe.example/docs", "text": "the guide"},
            ),
            bullets(line(text("Check the mandate")), line(text("Send the quote"))),
            bullets(line(text("with the coupon")), indent=1),
            bullets(line(text("first")), line(text("second")), style="ordered"),
            {"type": "rich_text_quote", "elements": [text("Thank you for the quick answer!")]},
            {"type": "rich_text_preformatted", "elements": [text("kontor doctor\nall is well")]},
        ],
    }


def texts(picture: str) -> list[Json]:
    """The blocks that carry text and pictures; `picture` is an address on this machine."""
    image = {"type": "image", "image_url": picture, "alt_text": "Kontor's sign"}
    return [
        {"type": "header", "block_id": "header", "text": plain("November in numbers :bar_chart:")},
        section(
            "*bold* _italic_ ~strike~ `code` <https://stripe.example|a link> <@U07PRIYANAR> <#C07SUPPORT0>\n> quoted",
            block_id="section",
            accessory=image,
        ),
        {
            "type": "section",
            "block_id": "fields",
            "fields": [mrkdwn("*Plan*\nTeam, 24 seats"), mrkdwn("*Next invoice*\n1 December 2026")],
        },
        {"type": "divider", "block_id": "divider"},
        rich_text(),
        {
            "type": "context",
            "block_id": "context",
            "elements": [image, mrkdwn("Posted by *Kontor* · <!date^1763370000^{date_short} at {time}|17 Nov>")],
        },
        {"type": "image", "block_id": "image", "title": plain("The sign"), **without_type(image)},
        {
            "type": "video",
            "block_id": "video",
            "title": plain("How a mandate works"),
            "title_url": "https://videos.example/mandates",
            "video_url": "https://videos.example/mandates/embed",
            "thumbnail_url": picture,
            "alt_text": "A mandate is signed",
            "author_name": "Priya Nair",
            "provider_name": "Videos",
            "description": plain("Two minutes about SEPA."),
        },
        {
            "type": "markdown",
            "block_id": "markdown",
            "text": "## Markdown\n- one\n- **two** and `three`\n\n> said [here](https://stripe.example)",
        },
    ]


def without_type(block: Json) -> Json:
    return {name: value for name, value in block.items() if name != "type"}


def table() -> list[Json]:
    rows = [
        [cell("Plan"), cell("Seats"), cell("Revenue")],
        [cell("Team"), cell("720"), cell("€41,760.00")],
        [cell("Starter"), cell("196"), cell("€3,920.00")],
    ]
    settings = [{"align": "left"}, {"align": "right"}, {"align": "right"}]
    return [{"type": "table", "block_id": "table", "column_settings": settings, "rows": rows}]


def data_table() -> list[Json]:
    """Four customers on two pages."""
    rows = [
        [cell("Customer"), {"type": "raw_number", "value": 0, "text": "Owes"}],
        [cell("Löwe Maschinenbau"), number(1190, "€1,190.00")],
        [cell("Bäckerei Sommer"), number(238, "€238.00")],
        [cell("Weber & Töchter"), number(9100, "€9,100.00")],
        [cell("Anna Özil"), number(45, "€45.00")],
    ]
    return [
        {
            "type": "data_table",
            "block_id": "data_table",
            "caption": "Overdue invoices",
            "page_size": 3,
            "row_header_column_index": 0,
            "rows": rows,
        }
    ]


def frames(picture: str) -> list[Json]:
    """Containers, cards, tasks and plans."""
    image = {"type": "image", "image_url": picture, "alt_text": "Kontor's sign"}

    def card(name: str, price: str, **more: Json) -> Json:
        return {
            "type": "card",
            "block_id": f"card_{name}",
            "icon": image,
            "title": plain(name),
            "subtitle": plain(price),
            "body": mrkdwn(f"The plan *{name}* with everything that it needs."),
            "subtext": mrkdwn("without VAT"),
            "actions": [button("Choose", f"choose_{name.lower()}", value=name)],
            **more,
        }

    return [
        {
            "type": "container",
            "block_id": "container",
            "title": plain("Renewal of Löwe Maschinenbau"),
            "subtitle": mrkdwn("3 things to check"),
            "icon": image,
            "is_collapsible": True,
            "child_blocks": [section("The mandate is *valid*.", block_id="inside"), context("checked a minute ago")],
        },
        {**card("Enterprise", "€99.00 per seat"), "hero_image": image},
        {
            "type": "carousel",
            "block_id": "carousel",
            "elements": [card("Starter", "€20.00 per seat"), card("Team", "€58.00 per seat")],
        },
        {
            "type": "plan",
            "block_id": "plan",
            "title": plain("Moving to the yearly plan"),
            "tasks": [
                {"task_id": "1", "title": "Preview the proration", "status": "complete"},
                {"task_id": "2", "title": "Ask the customer", "status": "in_progress"},
                {"task_id": "3", "title": "Change the subscription", "status": "pending"},
            ],
        },
        {
            "type": "task_card",
            "block_id": "task_card",
            "task_id": "4",
            "title": "Charge the card",
            "status": "error",
            "output": {"type": "rich_text", "elements": [line(text("The card was declined."))]},
            "sources": [{"type": "url", "url": "https://stripe.example/declines", "text": "Declines"}],
        },
    ]


def controls() -> list[Json]:
    """The elements that a message can have."""
    fruit = [option("Apples", "apples"), option("Pears", "pears")]
    menus: dict[str, Json] = {
        "static_select": {"options": fruit},
        "multi_static_select": {"options": fruit},
        "external_select": {"min_query_length": 1},
        "multi_external_select": {"min_query_length": 1},
        "users_select": {"initial_user": MIA},
        "multi_users_select": {"initial_users": [MIA]},
        "conversations_select": {},
        "multi_conversations_select": {},
        "channels_select": {},
        "multi_channels_select": {},
    }
    selects = [
        {"type": kind, "action_id": kind, "placeholder": plain(kind.replace("_", " ")), **more}
        for kind, more in menus.items()
    ]
    pickers = [
        {"type": "datepicker", "action_id": "datepicker", "initial_date": "2026-12-04"},
        {"type": "timepicker", "action_id": "timepicker", "initial_time": "13:45", "timezone": "Europe/Berlin"},
        {"type": "datetimepicker", "action_id": "datetimepicker", "initial_date_time": 1796414400},
    ]
    return [
        {
            "type": "actions",
            "block_id": "actions",
            "elements": [
                button("Approve", "approve_all", style="primary"),
                button("Later", "later"),
                button("Delete", "delete_all", style="danger", confirm=confirm("Delete?", "It is *gone* then.", "Yes")),
                {"type": "overflow", "action_id": "more", "options": fruit},
                {
                    "type": "workflow_button",
                    "action_id": "workflow",
                    "text": plain("Run a workflow"),
                    "workflow": {"trigger": {"url": "https://slack.com/shortcuts/Ft1/abc"}},
                },
            ],
        },
        {"type": "actions", "block_id": "selects", "elements": selects},
        {"type": "actions", "block_id": "pickers", "elements": pickers},
        {
            "type": "actions",
            "block_id": "choices",
            "elements": [
                {"type": "checkboxes", "action_id": "checkboxes", "options": fruit, "initial_options": fruit[:1]},
                {"type": "radio_buttons", "action_id": "radio_buttons", "options": fruit},
            ],
        },
        {
            "type": "input",
            "block_id": "input",
            "label": plain("Note"),
            "hint": plain("Enter sends it."),
            "dispatch_action": True,
            "element": {"type": "plain_text_input", "action_id": "plain_text_input"},
        },
        {
            "type": "context_actions",
            "block_id": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "feedback",
                    "positive_button": {"text": plain("Good answer"), "value": "up"},
                    "negative_button": {"text": plain("Bad answer"), "value": "down"},
                },
                {"type": "icon_button", "action_id": "bin", "icon": "trash", "text": plain("Delete answer")},
            ],
        },
    ]


def messages(picture: str) -> dict[str, list[Json]]:
    """Blocks of one message each, by its text."""
    return {
        "Texts": texts(picture),
        "Table": table(),
        "Data table": data_table(),
        "Frames": frames(picture),
        "Controls": controls(),
    }


def kinds(blocks: Any) -> set[str]:
    """Every type of block and element that occurs."""
    if isinstance(blocks, list):
        return set().union(*map(kinds, blocks))
    if not isinstance(blocks, dict):
        return set()
    own = {blocks["type"]} if isinstance(blocks.get("type"), str) else set()
    return own.union(*map(kinds, blocks.values()))


def every_kind() -> set[str]:
    return {*BLOCKS, *ELEMENTS}
