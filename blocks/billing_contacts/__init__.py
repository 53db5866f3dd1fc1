"""What people see of a billing contact: the page, the verification, the form, what came of it, and what holds."""

from blocks.billing_contacts.explained import explained
from blocks.billing_contacts.forms import bill_to_form, country_choices, recipients_form, verification
from blocks.billing_contacts.ids import Id
from blocks.billing_contacts.news import frozen_report, letter_not_sent, locked
from blocks.billing_contacts.overview import overview
from blocks.billing_contacts.results import changed, delayed, failed, link_sent, refused, working

__all__ = [
    "Id",
    "bill_to_form",
    "changed",
    "country_choices",
    "delayed",
    "explained",
    "failed",
    "frozen_report",
    "letter_not_sent",
    "link_sent",
    "locked",
    "overview",
    "recipients_form",
    "refused",
    "verification",
    "working",
]
