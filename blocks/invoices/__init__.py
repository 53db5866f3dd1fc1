"""What people see of invoices: the form and its lines, the review, one invoice and many, and what came of it."""

from blocks.invoices.approvals import approval_card, approval_reminder, reject_form
from blocks.invoices.form import changed, form, item_choices, line_form
from blocks.invoices.ids import Id
from blocks.invoices.linking import document_links, links_revoked
from blocks.invoices.lists import draft_list, invoice_list
from blocks.invoices.news import news
from blocks.invoices.results import (
    credited,
    declined,
    deleted,
    ended,
    numbered,
    paid,
    refused,
    sent,
    template_saved,
    working,
)
from blocks.invoices.review import asked, review
from blocks.invoices.settling import (
    cancel_form,
    charge_form,
    correct_form,
    credit_form,
    give_up_form,
    record_form,
    template_form,
    write_off_form,
)
from blocks.invoices.sheet import sheet

__all__ = [
    "Id",
    "approval_card",
    "approval_reminder",
    "asked",
    "cancel_form",
    "changed",
    "charge_form",
    "correct_form",
    "credit_form",
    "credited",
    "declined",
    "deleted",
    "document_links",
    "draft_list",
    "ended",
    "form",
    "give_up_form",
    "invoice_list",
    "item_choices",
    "line_form",
    "links_revoked",
    "news",
    "numbered",
    "paid",
    "record_form",
    "refused",
    "reject_form",
    "review",
    "sent",
    "sheet",
    "template_form",
    "template_saved",
    "working",
    "write_off_form",
]
