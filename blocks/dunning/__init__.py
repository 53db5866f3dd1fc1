"""What people see of failed payments: the message, the list, and how an open invoice is collected (H35)."""

from blocks.dunning.collecting import collected, declined, delayed, form, link_sent, refused
from blocks.dunning.ids import Id
from blocks.dunning.notices import listing, message

__all__ = [
    "Id",
    "collected",
    "declined",
    "delayed",
    "form",
    "link_sent",
    "listing",
    "message",
    "refused",
]
