"""The ten questions of the help page, answered for one account (G22 to G31)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from billing.billing_contacts.explaining import Explanation, Topic
from billing.contacts import AccountStatus, Portal
from blocks import kit, refusals, topics, ways, words
from blocks.answers import Answer
from blocks.billing_contacts.ids import Id
from blocks.billing_contacts.overview import is_stopped
from blocks.graphemes import fit
from blocks.texts import Translator, bold, joined


def explained(shown: Explanation, t: Translator) -> Answer:
    """What holds, and who can do something about it. In a modal the other questions can be chosen."""
    title = t(topics.called(shown.topic.value).title)
    name = fit(shown.contact.company or shown.contact.name, 200)
    lines = [f"• {line}" for line in _SAID[shown.topic](shown, t)]
    contact = shown.contact.id
    return Answer(
        title=t("Help on this account"),
        text=t("{topic}: {name}", topic=title, name=name),
        blocks=[
            kit.section(joined([bold(title), t.rich("For {name}", name=name)])),
            kit.section(joined(lines)),
        ],
        in_modal=[kit.actions(_menu(shown, t), ways.card(contact, t))],
        in_message=[kit.actions(kit.button(t("Billing contact"), Id.OPEN, value=contact), ways.card(contact, t))],
        final=False,
    )


def _menu(shown: Explanation, t: Translator) -> kit.Element:
    options = [kit.option(t(topics.called(one.value).title), f"{one.value} {shown.contact.id}") for one in Topic]
    return kit.select(Id.TOPIC, options, initial=f"{shown.topic.value} {shown.contact.id}")


def _faq(shown: Explanation, t: Translator) -> Iterator[str]:
    yield _kind(shown, t)
    yield _status(shown, t)
    yield t("Billing contact: {name}", name=_name(shown))
    yield _open(shown, t)
    yield t("Choose another question for more.")


def _open(shown: Explanation, t: Translator) -> str:
    if not shown.open_invoices:
        return t("No invoice is open.")
    return t.count("{n} invoice is open.", "{n} invoices are open.", shown.open_invoices)


def _plan(shown: Explanation, t: Translator) -> Iterator[str]:
    if shown.contact.account.status is not AccountStatus.ACTIVE:
        yield _status(shown, t)
    if shown.may_purchase:
        yield t("These people may ask for another plan: {names}.", names=_list(shown.may_purchase, t))
    else:
        yield t("Nobody at this account is listed who may ask for another plan.")
    yield t("Upwards is done at once and charged for the rest of the period; downwards is decided by a manager.")
    if shown.contact.account.portal is Portal.CORPORATE:
        yield t("Products are added through the representative: this is a corporate account.")


def _payment_method(shown: Explanation, t: Translator) -> Iterator[str]:
    if shown.contact.account.status is AccountStatus.EXPIRED:
        yield t("The account has expired: another card alone does not bring it back, a plan has to be bought.")
    yield t.count("{n} payment method is on file.", "{n} payment methods are on file.", shown.cards)
    yield t("The billing contact, {name}, may change it, in the middle of a period, too.", name=_name(shown))
    yield t("Cards are entered on Stripe’s page only: send the customer a link.")


def _invoices(shown: Explanation, t: Translator) -> Iterator[str]:
    if not shown.invoices:
        yield t("There are no invoices yet.")
        return
    yield t.count("{n} invoice is there.", "{n} invoices are there.", shown.invoices)
    yield _open(shown, t)
    yield t("The customer’s card shows the last ones, each with a link to Stripe’s page and its PDF.")


def _reactivate(shown: Explanation, t: Translator) -> Iterator[str]:
    yield _status(shown, t)
    if shown.contact.account.status is AccountStatus.EXPIRED:
        yield t("New billing details are not enough: a plan has to be bought, then the account is active again.")
        if shown.may_purchase:
            yield t("These people may buy one: {names}.", names=_list(shown.may_purchase, t))
    elif shown.ends_on:
        yield t("The plan is cancelled and runs until {day}. Until then it can go on without a gap.", day=shown.ends_on)
    elif shown.contact.account.status is AccountStatus.ACTIVE:
        yield t("There is nothing to reactivate: no plan is cancelled.")
    else:
        yield t("Managers can say what has to be settled first.")


def _sign_in(shown: Explanation, t: Translator) -> Iterator[str]:
    yield _kind(shown, t)
    if shown.contact.account.portal is Portal.CORPORATE:
        yield t("The billing contact signs in to the Corporate Billing Portal.")
        yield t("The user id is a user name or an e-mail address. It stands on every invoice that was e-mailed.")
    else:
        yield t("Account admins and the billing contact sign in to the Billing Center with their own e-mail address.")


def _who(shown: Explanation, t: Translator) -> Iterator[str]:
    yield t("Billing contact: {name}", name=_name(shown))
    yield t("Only the billing contact and account admins may be told.")
    if shown.admins:
        yield t("Account admins: {names}.", names=_list(shown.admins, t))


def _kinds(shown: Explanation, t: Translator) -> Iterator[str]:
    yield _kind(shown, t)
    if shown.contact.account.portal is Portal.CORPORATE:
        yield t("In their portal: change the billing contact, edit purchase orders, pay invoices, also in parts.")
        yield t("Quotes and further products go through the representative.")
    else:
        yield t("In the Billing Center: plans, billing cycle, invoices and payment information.")
        yield t("The billing contact is changed by support only.")


def _why_not(shown: Explanation, t: Translator) -> Iterator[str]:
    has_link = shown.self_service and not is_stopped(shown.stops)
    if has_link:
        yield _who_does_it(shown, t)
    for reason in shown.stops:
        yield refusals.sentence(reason, t)
    if shown.stops:
        yield t("When that is settled:")
    if not has_link:
        yield _who_does_it(shown, t)
    if shown.may_ask:
        yield t(
            "Support does it for these people, once they have verified the card: {names}.",
            names=_list(shown.may_ask, t),
        )
    else:
        yield t("No card holder and no admin is listed, so nobody can ask support for it. An admin of ours can help.")
    yield t("Being an account admin is not enough to change billing: that takes the right “billing contact”.")


def _who_does_it(shown: Explanation, t: Translator) -> str:
    if shown.contact.account.portal is not Portal.CORPORATE:
        return t("Online account: the billing contact is not changed online, support does it.")
    if not shown.self_service:
        return t("Corporate account: only support changes the billing contact.")
    return t(
        "Corporate account: {name} can change name and address with a link; support can send it.", name=_name(shown)
    )


def _pay(shown: Explanation, t: Translator) -> Iterator[str]:
    if shown.contact.account.portal is not Portal.CORPORATE:
        yield t(
            "This is an online account: the card on file is charged by itself, there is nothing to pay in a portal."
        )
    else:
        yield t("By card (in full or in part), bank transfer, check or direct debit.")
        yield t("Discover cards are taken in US dollars only.")
    yield _open(shown, t)


_SAID: Mapping[Topic, Callable[[Explanation, Translator], Iterator[str]]] = {
    Topic.FAQ: _faq,
    Topic.PLAN: _plan,
    Topic.PAYMENT_METHOD: _payment_method,
    Topic.INVOICES: _invoices,
    Topic.REACTIVATE: _reactivate,
    Topic.SIGN_IN: _sign_in,
    Topic.WHO: _who,
    Topic.KINDS: _kinds,
    Topic.WHY_NOT: _why_not,
    Topic.PAY: _pay,
}


def _kind(shown: Explanation, t: Translator) -> str:
    return t("Kind of account: {kind}", kind=words.portal(shown.contact.account.portal, t))


def _status(shown: Explanation, t: Translator) -> str:
    return t("The account is {status}.", status=words.account_status(shown.contact.account.status, t))


def _name(shown: Explanation) -> str:
    return fit(shown.current.name, 200)


def _list(names: tuple[str, ...], t: Translator) -> str:
    """At most five, the rest is counted."""
    shown = [fit(one, 80) for one in names[:5]]
    return t.list([*shown, t("{n} more", n=len(names) - 5)] if len(names) > 5 else shown)
