"""Ids in payloads of these views. Inputs have the command's field names as block ids, and `invoice.` before them as
action ids.
"""

from __future__ import annotations

from blocks import ways


class Id:
    NEW = ways.TO_NEW_INVOICE  # button; value: the contact
    LIST = ways.TO_INVOICES  # button; value: the contact
    SHEET = ways.TO_INVOICE  # button; value: ours, or Stripe's invoice

    FORM = "invoice.form"  # callback; metadata: contact, invoice, version, page
    PAGE = "invoice.page"  # button; value: the page of lines
    ADD_LINE = "invoice.add_line"  # button
    LINE_MENU = "invoice.line_menu"  # overflow; value: what to do, a colon, the line
    TEMPLATE = "invoice.template"  # menu; value: the template
    SAVE = "invoice.save"  # button
    LINE = "invoice.line"  # callback; metadata: contact, invoice, line, version, form, page
    ITEM = "invoice.item"  # option load, when there are too many things for a plain menu
    DRAFT_CHANGED = "invoice.draft_changed"  # button; value: the invoice

    REVIEW = "invoice.review"  # callback; metadata: contact, invoice, fingerprint
    ASK = "invoice.ask"  # callback; metadata: contact, invoice
    KEEP = "invoice.keep"  # button; value: the invoice
    OPEN_PAGE = "invoice.open_page"  # button with an address; needs only an acknowledgement

    EDIT = "invoice.edit"  # button; value: the invoice; so are the following
    TO_REVIEW = "invoice.to_review"
    DELETE = "invoice.delete"
    SEND_AGAIN = "invoice.send_again"
    CHARGE = "invoice.charge"
    RECORD = "invoice.record"
    CREDIT = "invoice.credit"
    VOID = "invoice.void"
    WRITE_OFF = "invoice.write_off"
    CLONE = "invoice.clone"
    TO_TEMPLATE = "invoice.to_template"
    CORRECT = "invoice.correct"
    DOCUMENT = "invoice.document"
    REVOKE = "invoice.revoke"
    GIVE_UP = "invoice.give_up"

    CHARGE_FORM = "invoice.charge_form"  # callback; metadata: contact, invoice, due; so are the following
    RECORD_FORM = "invoice.record_form"
    CREDIT_FORM = "invoice.credit_form"
    TEMPLATE_FORM = "invoice.template_form"
    END_FORM = "invoice.end_form"
    CORRECT_FORM = "invoice.correct_form"
    GIVE_UP_FORM = "invoice.give_up_form"

    OPEN_PART = "invoices.part.open"  # button; value: the contact; so are the following two
    CLOSED_PART = "invoices.part.closed"
    DRAFTS_PART = "invoices.part.drafts"
    MORE = "invoices.more"  # button; value: where the next page begins
    DELETE_TEMPLATE = "invoices.delete_template"  # button; value: the template
    MORE_DRAFTS = "invoices.more_drafts"  # button; the same, of everybody's drafts

    APPROVE = "invoice.approve"  # button; value: the invoice
    REJECT = "invoice.reject"  # button; value: the invoice
    REJECT_FORM = "invoice.reject_form"  # callback; metadata: contact, invoice
