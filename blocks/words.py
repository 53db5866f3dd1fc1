"""Words that many views share: cycles, payment methods, states, roles."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from billing.approvals import AskedInvoice
from billing.catalogue import Catalogue, Label, ReasonCode, RecurringPrice
from billing.change_requests.model import RequestState
from billing.contacts import (
    AccountStatus,
    CardState,
    InvoiceStatus,
    MemberRight,
    PaymentMethod,
    Portal,
    SubscriptionStatus,
)
from billing.errors import UnknownPlan
from billing.invoices.model import InvoiceState, Stage
from billing.ports import PaidBy
from billing.previews import SubscriptionPreview, TaxLine
from billing.roles import Permission, Role
from blocks.texts import Translator, later

_EVERY = {
    "day": (later("daily"), later("every {n} days")),
    "week": (later("weekly"), later("every {n} weeks")),
    "month": (later("monthly"), later("every {n} months")),
    "year": (later("yearly"), later("every {n} years")),
}

_PER = {
    "day": later("{amount} per day"),
    "week": later("{amount} per week"),
    "month": later("{amount} per month"),
    "year": later("{amount} per year"),
}

_PER_MANY = {
    "day": later("{amount} every {n} days"),
    "week": later("{amount} every {n} weeks"),
    "month": later("{amount} every {n} months"),
    "year": later("{amount} every {n} years"),
}

_BRANDS = {
    "visa": "Visa",
    "mastercard": "Mastercard",
    "amex": "American Express",
    "diners": "Diners Club",
    "discover": "Discover",
    "jcb": "JCB",
    "unionpay": "UnionPay",
    "eftpos_au": "eftpos",
    "cartes_bancaires": "Cartes Bancaires",
    "link": "Link",
    "paypal": "PayPal",
    "amazon_pay": "Amazon Pay",
    "ideal": "iDEAL",
    "bancontact": "Bancontact",
}

_DEBITS = {
    "sepa_debit": later("SEPA Direct Debit"),
    "us_bank_account": later("US bank account"),
    "bacs_debit": later("Bacs Direct Debit"),
    "au_becs_debit": later("BECS Direct Debit"),
    "acss_debit": later("Canadian pre-authorized debit"),
    "card": later("Card"),
    "unknown": later("Card"),
}

_CARD_STATES = {
    CardState.GOOD: later("not expired"),
    CardState.EXPIRES: later("expires soon"),
    CardState.EXPIRED: later("expired"),
}

_ACCOUNTS = {
    AccountStatus.ACTIVE: later("active"),
    AccountStatus.SUSPENDED: later("suspended"),
    AccountStatus.EXPIRED: later("expired"),
    AccountStatus.CLOSED: later("closed"),
}

_PORTALS = {
    Portal.ONLINE: later("online account"),
    Portal.CORPORATE: later("corporate account"),
}

_SUBSCRIPTIONS = {
    SubscriptionStatus.SCHEDULED: ("🗓️", later("starts later")),
    SubscriptionStatus.TRIALING: ("🟢", later("in trial")),
    SubscriptionStatus.ACTIVE: ("🟢", later("running")),
    SubscriptionStatus.PAST_DUE: ("🔴", later("payment overdue")),
    SubscriptionStatus.UNPAID: ("🔴", later("unpaid")),
    SubscriptionStatus.PAUSED: ("⏸️", later("paused")),
    SubscriptionStatus.INCOMPLETE: ("🟡", later("first payment still missing")),
    SubscriptionStatus.INCOMPLETE_EXPIRED: ("⚪️", later("never started")),
    SubscriptionStatus.CANCELED: ("⚪️", later("ended")),
}

_INVOICES = {
    InvoiceStatus.DRAFT: ("⚪️", later("draft")),
    InvoiceStatus.OPEN: ("🟡", later("not paid yet")),
    InvoiceStatus.PAID: ("🟢", later("paid")),
    InvoiceStatus.VOID: ("⚪️", later("cancelled")),
    InvoiceStatus.UNCOLLECTIBLE: ("🔴", later("written off")),
}

_SALES = {
    InvoiceState.DRAFT: ("⚪️", later("draft")),
    InvoiceState.SENDING: ("⏳", later("being sent")),
    InvoiceState.SENT: ("🟡", later("sent")),
    InvoiceState.PROCESSING: ("⏳", later("payment being processed")),
    InvoiceState.PARTLY_PAID: ("🟠", later("partly paid")),
    InvoiceState.PAID: ("🟢", later("paid")),
    InvoiceState.OVERDUE: ("🔴", later("overdue")),
    InvoiceState.VOID: ("⚪️", later("cancelled")),
    InvoiceState.UNCOLLECTIBLE: ("🔴", later("written off")),
    InvoiceState.REFUNDED: ("↩️", later("refunded")),
}

_PAID_BY = {
    PaidBy.CASH: later("Cash"),
    PaidBy.CHECK: later("Check"),
    PaidBy.TRANSFER: later("Bank transfer"),
}

_LANGUAGES = {"en": later("English"), "de": later("German")}

_REQUESTS = {
    RequestState.FILED: later("waiting for a decision"),
    RequestState.ASKED: later("waiting for an answer"),
    RequestState.APPROVED: later("approved"),
    RequestState.SCHEDULED: later("approved and planned"),
    RequestState.EFFECTIVE: later("in effect"),
    RequestState.REJECTED: later("rejected"),
    RequestState.WITHDRAWN: later("withdrawn"),
    RequestState.KEPT: later("called off, the plan is kept"),
    RequestState.SUPERSEDED: later("superseded by another change"),
    RequestState.FAILED: later("failed at Stripe"),
}

_REASONS = {
    ReasonCode.TOO_EXPENSIVE: later("too expensive"),
    ReasonCode.TOO_MANY_CONTACTS: later("more contacts than needed"),
    ReasonCode.FEATURES_NOT_USED: later("features are not used"),
    ReasonCode.SEASONAL: later("seasonal business"),
    ReasonCode.MOVES_TO_COMPETITOR: later("moves to a competitor"),
    ReasonCode.BOUGHT_BY_MISTAKE: later("bought by mistake"),
    ReasonCode.OTHER: later("another reason"),
}

_ROLES = {
    Role.AGENT: later("support agents"),
    Role.SALES: later("sales"),
    Role.MANAGER: later("managers"),
    Role.ADMIN: later("admins"),
}

_PERMISSIONS = {
    Permission.FIND_CONTACTS: later("search for customers"),
    Permission.SEE_CONTACT: later("see customers"),
    Permission.CREATE_SUBSCRIPTION: later("start subscriptions"),
    Permission.SEND_PAYMENT_LINK: later("send payment links"),
    Permission.CHANGE_PLAN: later("change plans"),
    Permission.FILE_CHANGE_REQUEST: later("file change requests"),
    Permission.GRANT_OFFER: later("grant discounts to who would otherwise want less"),
    Permission.DECIDE_CHANGE_REQUEST: later("decide change requests"),
    Permission.EXPORT_CHANGE_REQUESTS: later("export change requests"),
    Permission.SEE_BILLING_CONTACT: later("see billing contacts"),
    Permission.CHANGE_BILLING_CONTACT: later("change billing contacts"),
    Permission.UNLOCK_BILLING_CONTACT: later("unlock billing contacts"),
    Permission.DRAFT_INVOICE: later("write invoices"),
    Permission.SEND_INVOICE: later("send invoices"),
    Permission.TAKE_PAYMENT: later("charge cards and record payments"),
    Permission.REFUND: later("credit and refund invoices"),
    Permission.VOID_INVOICE: later("cancel and write off invoices"),
    Permission.GIVE_UP_NUMBER: later("give up the number of an invoice that cannot be sent"),
    Permission.APPROVE_INVOICE: later("grant discounts and totals above a limit"),
    Permission.CHARGE_INVOICE: later("charge open invoices"),
    Permission.EXPORT_TIMELINE: later("export histories"),
    Permission.SEE_BUSINESS: later("see how the business stands"),
    Permission.MANAGE_STAFF: later("give roles to colleagues"),
}

_RIGHTS = {
    MemberRight.PRIMARY_ADMIN: later("primary admin"),
    MemberRight.ADMIN: later("admin"),
    MemberRight.PURCHASE: later("may purchase"),
    MemberRight.CARD_HOLDER: later("card holder"),
    MemberRight.BILLING_CONTACT: later("billing contact"),
}


def product(price: RecurringPrice, t: Translator) -> str:
    """What a person calls it, in the reader's language."""
    return price.label.in_(t.language)


def tax(line: TaxLine, t: Translator) -> str:
    """`VAT, 19 %`, and whether the price contains it."""
    return tax_line(line.label, line.percent, t, inclusive=line.inclusive)


def tax_line(label: Label, percent: Decimal, t: Translator, *, inclusive: bool) -> str:
    text = later("{tax}, {percent} (included)") if inclusive else later("{tax}, {percent}")
    return t(text, tax=label.in_(t.language), percent=t.percent(percent))


def cycle(interval: str, count: int, t: Translator) -> str:
    """`monthly`, or `every 3 months`."""
    word, many = _EVERY[interval]
    return t(word) if count == 1 else t(many, n=count)


def billing_cycle(price: RecurringPrice, t: Translator) -> str:
    """`monthly`, or `monthly, on day 1 of the month` where the price has a fixed billing day."""
    plain = cycle(price.interval, price.interval_count, t)
    if price.billing_day is None:
        return plain
    return t("{cycle}, on day {day} of the month", cycle=plain, day=price.billing_day)


def part_hint(preview: SubscriptionPreview, t: Translator) -> str:
    """What becomes of a prorated first payment when the customer takes time; empty where it is a whole one."""
    if preview.first.part is None or not preview.following:
        return ""
    full = preview.following[0]
    return t(
        "The first payment depends on the day on which the method is added: "
        "less with every day, and at most {amount} from {day} on.",
        amount=full.total,
        day=full.on,
    )


def balance_hint(preview: SubscriptionPreview, t: Translator) -> str:
    """What the balance makes of a first payment that is not made now; empty where there is none."""
    if preview.balance is None:
        return ""
    amounts = {"balance": preview.balance, "amount": preview.charge}
    if preview.balance.amount < 0:
        amounts["balance"] = -preview.balance
        return t(
            "Owed from before: {balance}. "
            "As it stands today, {amount} is charged at first; this may change until then.",
            **amounts,
        )
    return t(
        "Credit balance: {balance}. As it stands today, {amount} is charged at first; this may change until then.",
        **amounts,
    )


def per_cycle(amount: str, interval: str, count: int, t: Translator) -> str:
    """`€19.00 per month`, or `€49.00 every 3 months`."""
    return t(_PER[interval], amount=amount) if count == 1 else t(_PER_MANY[interval], amount=amount, n=count)


def method(one: PaymentMethod, t: Translator) -> str:
    """`Visa •••• 4242 (12/2027)`: brand, last four digits and expiry, never more (HX5).

    `Visa (not expired)` for who may not see digits and date (G11).
    """
    name = with_digits(one.brand, one.last4, t)
    if one.exp_month and one.exp_year:
        return t("{method} ({expiry})", method=name, expiry=t.month(one.exp_month, one.exp_year))
    return t("{method} ({state})", method=name, state=t(_CARD_STATES[one.state])) if one.state else name


def with_digits(code: str, last4: str | None, t: Translator) -> str:
    """`Visa •••• 4242`; the brand alone where the digits are not to be seen."""
    return f"{brand(code, t)} •••• {last4}" if last4 else brand(code, t)


def brand(code: str, t: Translator) -> str:
    """The brand as people know it; an unknown one as Stripe calls it, with spaces."""
    if code in _DEBITS:
        return t(_DEBITS[code])
    return _BRANDS.get(code) or code.replace("_", " ").capitalize()


def plan_name(catalogue: Catalogue, name: str, t: Translator) -> str:
    """What the reader calls a "product/plan"; the name itself when it is no longer in the catalogue."""
    try:
        _, plan = catalogue.plan(name)
    except UnknownPlan:
        return name
    return plan.name.in_(t.language)


def add_on_name(catalogue: Catalogue, name: str, t: Translator) -> str:
    """What the reader calls an add-on; its id when it is no longer in the catalogue."""
    return next((one.name.in_(t.language) for one in catalogue.add_ons if one.id == name), name)


def change_reason(reason: ReasonCode, t: Translator) -> str:
    """Why a customer wants less (HX17)."""
    return t(_REASONS[reason])


def age(passed: timedelta, t: Translator) -> str:
    """For how long something waits, in the largest whole unit: `3 days`, `2 hours`, `5 minutes`."""
    minutes = int(passed.total_seconds()) // 60
    if minutes < 1:
        return t("less than a minute")
    if minutes < 60:
        return t.count("{n} minute", "{n} minutes", minutes)
    if minutes < 48 * 60:
        return t.count("{n} hour", "{n} hours", minutes // 60)
    return t.count("{n} day", "{n} days", minutes // (24 * 60))


def request_state(state: RequestState, t: Translator) -> str:
    return t(_REQUESTS[state])


def asked_invoice(one: AskedInvoice, t: Translator) -> str:
    """What somebody asks to send: `Invoice of €535.50`."""
    return t("Invoice of {amount}", amount=one.total) if one.total else t("Invoice")


def asked_invoice_state(one: AskedInvoice, t: Translator) -> str:
    """How the approval of an invoice stands, and whether it still counts."""
    if one.invoice.stage is not Stage.DRAFT:
        return t("approved and sent") if one.invoice.is_granted else t("sent without an approval")
    if one.is_outdated:
        return t("changed since, has to be asked for anew")
    return request_state(one.approval.state, t)


def account_status(status: AccountStatus, t: Translator) -> str:
    return t(_ACCOUNTS[status])


def portal(one: Portal, t: Translator) -> str:
    return t(_PORTALS[one])


def subscription_status(status: SubscriptionStatus, t: Translator) -> str:
    icon, word = _SUBSCRIPTIONS[status]
    return f"{icon} {t(word)}"


def invoice_status(status: InvoiceStatus, t: Translator) -> str:
    icon, word = _INVOICES[status]
    return f"{icon} {t(word)}"


def sales_state(state: InvoiceState, t: Translator) -> str:
    icon, word = _SALES[state]
    return f"{icon} {t(word)}"


def paid_by(one: PaidBy, t: Translator) -> str:
    return t(_PAID_BY[one])


def language(code: str, t: Translator) -> str:
    return t(_LANGUAGES[code]) if code in _LANGUAGES else code


def roles(some: Iterable[Role], t: Translator) -> str:
    """Who can help: `support agents, sales or managers`, in the order of the table."""
    wanted = set(some)
    return t.either(t(word) for role, word in _ROLES.items() if role in wanted)


def permission(one: Permission, t: Translator) -> str:
    return t(_PERMISSIONS[one])


def rights(some: Iterable[MemberRight], t: Translator) -> str:
    wanted = set(some)
    return ", ".join(t(word) for right, word in _RIGHTS.items() if right in wanted)
