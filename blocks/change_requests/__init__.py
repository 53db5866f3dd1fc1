"""What people see of change requests: cards, the page of one, the forms in which somebody says why, lists."""

from blocks.change_requests.card import card, news, reminder
from blocks.change_requests.forms import override, question, rejection, reply
from blocks.change_requests.ids import Id
from blocks.change_requests.lists import exported, exporting, listing
from blocks.change_requests.page import page, under_way

__all__ = [
    "Id",
    "card",
    "exported",
    "exporting",
    "listing",
    "news",
    "override",
    "page",
    "question",
    "rejection",
    "reminder",
    "reply",
    "under_way",
]
