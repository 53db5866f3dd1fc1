"""Ids in payloads of these views."""

from __future__ import annotations

from blocks import ways


class Id:
    OPEN = ways.TO_COLLECT  # button; value: the contact and, behind a colon, the invoice
    FORM = "collect.form"  # callback; metadata: contact, invoice, due
    KEEP = "collect.keep"  # checkboxes
    METHOD = "collect.method"  # radio buttons
    SEND_LINK = "collect.send_link"  # button; value: the contact and the invoice
    LIST = "failures.list"  # button; value: the batch
    OLDER = "failures.more"  # button; value: the batch, a colon, and behind which notice
    VIEW = "failures"  # callback
