"""Ids of views, inputs and buttons about the billing contact."""

from __future__ import annotations

from blocks import ways


class Id:
    OPEN = ways.TO_BILLING_CONTACT  # button; value: the contact
    VIEW = "billing_contact"  # callback; metadata: contact
    ASKED = "billing_contact.asked"  # menu; value: the key of who asks, or `NOT_LISTED`
    VERIFY = "billing_contact.verify"  # button; value: the contact
    VERIFICATION = "billing_contact.verification"  # callback; metadata: contact
    FORM = "billing_contact.form"  # callback; metadata: contact, proof
    COUNTRY = "billing_contact.country"  # menu that asks while the person types
    AGAIN = "billing_contact.again"  # button; value: the operation that was refused
    SEND_LINK = "billing_contact.send_link"  # button; value: the contact
    RECIPIENTS = "billing_contact.recipients"  # button; value: the contact
    RECIPIENTS_FORM = "billing_contact.recipients_form"  # callback; metadata: contact
    LIFT = "billing_contact.lift"  # button; value: the contact, and by what it is held (`Guard.held_by`)
    WHY = "billing_contact.why"  # button; value: the contact
    TOPIC = "billing_contact.topic"  # menu; value: topic and contact, with a space between


NOT_LISTED = "-"  # who asks is none of the people at the customer
