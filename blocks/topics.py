"""What `/billing help` knows: questions that colleagues ask, each with a short answer in Slack's markup."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from blocks.texts import later


@dataclass(frozen=True)
class Topic:
    """A question and its answer. `words` are what people type for it, in either language."""

    name: str  # the first word of `words`; ids and metrics use it
    title: str
    paragraphs: tuple[str, ...]
    words: tuple[str, ...]
    about_account: bool = False  # with a customer's name the answer is what holds for that one


TOPICS: Sequence[Topic] = (
    Topic(
        "find",
        later("Find a customer"),
        (
            later(
                "`/billing` opens a search field; a few letters of the name, company, e-mail, phone or Stripe "
                "id are enough."
            ),
            later("`/billing NAME` goes straight to the customer’s card, or shows who may be meant."),
            later("From a message: *More actions → Bill this customer* takes the e-mail address out of it."),
        ),
        ("find", "search", "finder", "customer", "contact", "suche", "suchen", "finden", "kunde", "kontakt"),
    ),
    Topic(
        "card",
        later("Read the customer’s card"),
        (
            later("The card shows plan, usage, balance, payment methods, subscriptions, invoices and the history."),
            later("What needs attention stands at the top: overdue invoices, expiring cards, limits."),
            later("The figures are those that Stripe reported last, usually a few seconds ago."),
        ),
        ("card", "karte", "kundenkarte", "balance", "guthaben", "usage", "nutzung"),
    ),
    Topic(
        "subscribe",
        later("Start a subscription"),
        (
            later("`/billing subscribe NAME`, or the button *New subscription* on the customer’s card."),
            later(
                "Choose product, quantity, start, coupon and payment method. The review then shows every "
                "amount and date; nothing is charged before it is confirmed."
            ),
            later("A customer can have several subscriptions, each with its own dates and payment method."),
        ),
        ("subscribe", "subscription", "start", "abo", "abonnement", "buchen"),
    ),
    Topic(
        "plan",
        later("Change a plan"),
        (
            later("`/billing plan NAME`, or the button *Change plan* on the customer’s card."),
            later(
                "Plan, contact limit, seats and add-ons can change in one go. Somebody at the customer has to ask for "
                "it: the primary admin, or an admin with purchase permission."
            ),
            later(
                "More is done at once. *Continue* shows what is charged today and from when on what; *Confirm "
                "purchase* charges exactly that."
            ),
            later(
                "Fewer seats are credited at once, down to those in use. A lower plan, a lower contact limit or an "
                "add-on less is a request that managers decide."
            ),
            later("*Compare plans* shows features, limits and prices side by side."),
        ),
        (
            "plan",
            "plans",
            "upgrade",
            "seats",
            "limit",
            "add-ons",
            "tarif",
            "tarife",
            "tarifwechsel",
            "plätze",
            "zusatz",
        ),
    ),
    Topic(
        "downgrade",
        later("A lower plan"),
        (
            later("Choose it in the form of `/billing plan NAME`: the next page becomes a request."),
            later("It shows what is lost, asks for the reason, and names the managers who decide."),
            later(
                "If the house offers a discount for that reason, it can be given instead. Whoever declines it goes on "
                "with the request, which notes that."
            ),
            later(
                "What is approved takes effect at the end of the period, if the house has no other rule. Until then "
                "the plan can be kept with one click, and an upgrade takes the request’s place."
            ),
        ),
        ("downgrade", "lower", "less", "request", "kleiner", "weniger", "herabstufen", "antrag"),
    ),
    Topic(
        "link",
        later("Send a payment link"),
        (
            later("Is no card on file? Choose *Send the customer a link* as the payment method."),
            later(
                "The customer enters the card on Stripe’s page. The subscription waits, visibly on the card, "
                "and then starts by itself."
            ),
            later("The link is valid for a limited time. If it expires, nothing was started and you hear about it."),
        ),
        ("link", "payment-link", "zahlungslink", "paylink"),
    ),
    Topic(
        "declined",
        later("When a card is declined"),
        (
            later("Nothing was started and nothing was charged. The window says why, as far as the bank tells."),
            later("Choose another method there, or send the customer a link to add one."),
            later("A subscription starts only with a payment method that works."),
        ),
        ("declined", "decline", "refused", "abgelehnt", "ablehnung", "fehlgeschlagen"),
    ),
    Topic(
        "failed",
        later("When a payment for a subscription fails"),
        (
            later(
                "Stripe tries again by itself, as often and as far apart as is set there. The customer’s card and the "
                "message say why it failed and when the next try is."
            ),
            later(
                "Whoever started the subscription and the managers are told once when it begins to fail, and once "
                "when Stripe gives up. Many failures at once are one message with a list."
            ),
            later(
                "*Collect the payment* charges a card on file at once, or sends the customer a link to Stripe’s page, "
                "where an old or a new card pays the invoice."
            ),
            later(
                "When nothing is open any more, the subscription is running again by itself. Other subscriptions of "
                "the customer go on meanwhile. What happens after the last try stands in the message."
            ),
        ),
        ("failed", "failing", "failure", "overdue", "dunning", "mahnung", "zahlungsausfall", "überfällig", "mahnwesen"),
    ),
    Topic(
        "history",
        later("The history of a customer"),
        (
            later(
                "`/billing history NAME`, or *Whole history* on the customer’s card: everything that was done in "
                "Kontor or happened at Stripe, by kind and time."
            ),
            later("What somebody changed in the Stripe Dashboard stands there, too, and is marked as such."),
            later("Nothing in it can be changed or deleted. Managers and admins can export it as a CSV file."),
        ),
        ("history", "timeline", "export", "verlauf", "historie", "csv"),
    ),
    Topic(
        "home",
        later("The Home tab"),
        (
            later("Click on Kontor in Slack’s sidebar: *Home* shows what you did and what waits for you."),
            later("Managers also see what was received, what is overdue, which payments fail and which cards expire."),
        ),
        ("home", "startseite", "übersicht"),
    ),
    Topic(
        "dates",
        later("Dates and billing cycles"),
        (
            later(
                "The billing cycle belongs to the product, for example monthly or yearly. It cannot be "
                "changed for one subscription."
            ),
            later("The start can be today or up to a year ahead. A later start charges nothing today."),
            later("A start on the 31st is billed on the last day of shorter months."),
        ),
        ("dates", "cycle", "cycles", "date", "termine", "datum", "zyklus", "abrechnungszyklus", "rhythmus"),
    ),
    Topic(
        "coupons",
        later("Coupons and taxes"),
        (
            later(
                "Type the code of a coupon or promotion into the form. The review shows what it takes off, "
                "and for which payments."
            ),
            later("Tax follows the customer’s country. The discount comes off first, then tax is calculated."),
            later("Businesses with a VAT id in another EU country pay by reverse charge: the invoice has no VAT."),
        ),
        ("coupons", "coupon", "discount", "tax", "taxes", "vat", "gutschein", "rabatt", "steuer", "steuern", "mwst"),
    ),
    Topic(
        "approvals",
        later("Change requests and decisions"),
        (
            later(
                "A lower plan, a lower contact limit or an add-on less is decided by a manager. Everybody who may "
                "decide gets a card with what the customer loses, and so does the managers’ channel."
            ),
            later(
                "Managers approve, reject or ask back there; nobody decides what they filed themselves. While the "
                "customer uses more than would be allowed, an approval needs a reason."
            ),
            later(
                "An approved change takes effect at the end of the period. Until then *Keep current plan* calls it "
                "off; an upgrade does so, too."
            ),
            later("`/billing approvals` shows what waits for you, what you filed, and everything else."),
        ),
        (
            "approvals",
            "approval",
            "requests",
            "approve",
            "reject",
            "genehmigungen",
            "genehmigung",
            "freigaben",
            "freigabe",
            "anträge",
            "entscheidung",
        ),
    ),
    Topic(
        "away",
        later("Out of office"),
        (
            later(
                "`/billing away` notes first and last day and a deputy. If no approver is there, or a request was left "
                "lying, the deputies are asked, too."
            ),
            later("Requests are never decided by waiting: Kontor reminds, asks the deputies, and keeps them open."),
        ),
        ("away", "absence", "deputy", "vacation", "abwesend", "abwesenheit", "urlaub", "vertretung"),
    ),
    Topic(
        "invoice",
        later("Write and send an invoice"),
        (
            later(
                "`/billing invoice NAME`, the button *New invoice* on the card, or *Invoice this customer* in the menu "
                "of a message."
            ),
            later(
                "In one line: `/billing invoice ada@example.com 3 x Onboarding 150, due 14d`. The form opens filled "
                "in, and says what it did not understand."
            ),
            later(
                "Lines are saved at once. The review shows every amount; only *Send now* gives the invoice a number "
                "and mails it. Several people can edit a draft; nobody overwrites what another has just changed."
            ),
            later("A discount or total above your limit goes to a manager first; the invoice waits as a draft."),
        ),
        ("invoice", "bill", "draft", "rechnung", "entwurf", "rechnungsentwurf"),
    ),
    Topic(
        "payments",
        later("Payments, credits and refunds of invoices"),
        (
            later("`/billing invoices NAME` shows what is open, paid or a draft. *Show* opens one with all it allows."),
            later(
                "Cash, checks and transfers are recorded by hand, also a part; a card on file can be charged. "
                "Invoices of subscriptions cannot be paid by hand."
            ),
            later("Managers credit, refund, cancel and write off. A cancelled invoice keeps its number."),
            later("A credit note is mailed to the invoice’s recipients, as a PDF and with a link."),
            later("*Document and links* has the links to the documents; *Revoke all links* closes those given out."),
            later("Customers are reminded by schedule until the invoice is paid or cancelled."),
        ),
        ("payments", "payment", "refund", "credit", "zahlung", "zahlungen", "erstattung", "gutschrift", "storno"),
    ),
    Topic(
        "billing-faq",
        later("Payment and billing: frequent questions"),
        (
            later("Most answers depend on the account: `/billing help billing-faq NAME` says what holds for one."),
            later(
                "More: `plan-change`, `payment-method`, `invoice-history`, `reactivate`, `sign-in`, "
                "`billing-contact`, `account-types`, `why-not`, `pay-online`, each with a name if you like."
            ),
        ),
        ("billing-faq", "faq", "fragen"),
        about_account=True,
    ),
    Topic(
        "plan-change",
        later("Change the subscription plan"),
        (
            later("The customer’s primary admin, or an admin with purchase permission, asks for it."),
            later(
                "Upwards is done at once and charged for the rest of the period. Downwards is decided by a manager "
                "and takes effect at the end of the period."
            ),
        ),
        ("plan-change", "change-plan", "tarif-ändern"),
        about_account=True,
    ),
    Topic(
        "payment-method",
        later("Change the payment method"),
        (
            later("The billing contact may change it at any time. Cards are entered on Stripe’s page only."),
            later("On an expired account another card is not enough: a plan has to be bought."),
        ),
        ("payment-method", "zahlungsmethode", "zahlungsart"),
        about_account=True,
    ),
    Topic(
        "invoice-history",
        later("See earlier invoices"),
        (
            later("The customer’s card shows the last invoices, each with a link to Stripe’s page and its PDF."),
            later("Invoices go to the billing contact and to up to five further addresses."),
        ),
        ("invoice-history", "rechnungsverlauf", "rechnungshistorie"),
        about_account=True,
    ),
    Topic(
        "reactivate",
        later("Reactivate a plan"),
        (
            later("A cancelled plan runs until the end of its period. Until then it can go on without a gap."),
            later(
                "An expired account needs a new plan: new billing details alone do not bring it back. With the "
                "subscription it is active again."
            ),
        ),
        ("reactivate", "renew", "reaktivieren"),
        about_account=True,
    ),
    Topic(
        "sign-in",
        later("Where customers sign in"),
        (
            later(
                "Online accounts use the Billing Center, with the e-mail address of an admin or the billing contact."
            ),
            later(
                "Corporate accounts use the Corporate Billing Portal. The user id is a user name or an e-mail "
                "address and stands on every e-mailed invoice."
            ),
        ),
        ("sign-in", "login", "anmelden"),
        about_account=True,
    ),
    Topic(
        "billing-contact",
        later("Who the billing contact is"),
        (
            later("`/billing billing-contact NAME` shows the billing contact, their rights and the ways to change it."),
            later(
                "Only the billing contact and account admins may be told who it is. Choose there who asks: the "
                "answer is a clear yes or no."
            ),
        ),
        ("billing-contact", "abrechnungskontakt"),
        about_account=True,
    ),
    Topic(
        "account-types",
        later("Online and corporate accounts"),
        (
            later(
                "*Online:* plans, billing cycle, invoices and payment information in the Billing Center. The billing "
                "contact is changed by support only, after the card was verified."
            ),
            later(
                "*Corporate:* the billing contact changes name and address with a link of their own, edits purchase "
                "orders and pays invoices; further products go through the representative."
            ),
        ),
        ("account-types", "corporate", "kontoarten"),
        about_account=True,
    ),
    Topic(
        "why-not",
        later("Why can’t I change plan or billing information?"),
        (
            later(
                "There are three causes: the person is not the billing contact (an account admin need not have "
                "billing rights), the account is a corporate one, or it has expired and a plan has to be bought "
                "first."
            ),
            later("`/billing help why-not NAME` says which one it is, and who can do it."),
        ),
        ("why-not", "why", "warum", "warum-nicht"),
        about_account=True,
    ),
    Topic(
        "pay-online",
        later("Pay online in the Corporate Billing Portal"),
        (
            later(
                "Corporate accounts pay open invoices by card (in full or in part), bank transfer, check or direct "
                "debit."
            ),
            later(
                "Discover cards are taken in US dollars only. Online accounts pay by the card on file, without a "
                "portal."
            ),
        ),
        ("pay-online", "online-zahlung"),
        about_account=True,
    ),
    Topic(
        "permissions",
        later("Who may do what"),
        (later("Roles are given by admins. What each may do:"),),
        ("permissions", "roles", "role", "rights", "rechte", "rollen", "rolle", "berechtigung", "berechtigungen"),
    ),
    Topic(
        "privacy",
        later("Privacy and card numbers"),
        (
            later(
                "*Never type a card number.* Kontor refuses it and stores it nowhere. Customers enter cards "
                "on Stripe’s page only."
            ),
            later(
                "Only brand, last four digits and expiry of a card are shown. If the house wants it so, digits and "
                "expiry are shown only to those who may charge cards and record payments."
            ),
            later(
                "Customer data appears only in windows and messages that you alone see, and in channels that "
                "an admin has allowed."
            ),
        ),
        ("privacy", "security", "pci", "datenschutz", "sicherheit", "kartennummer"),
    ),
    Topic(
        "languages",
        later("Languages"),
        (
            later("Kontor speaks English and German: the language set in your Slack profile."),
            later("Customers get e-mails in their own language."),
            later("`/abrechnung` and `/billing` are the same command."),
        ),
        ("languages", "language", "sprache", "sprachen", "deutsch", "english"),
    ),
)


def called(name: str) -> Topic:
    """The topic of that name, which must be there."""
    return _BY_WORD[name]


def about_account(word: str) -> str | None:
    """The name of the topic that has exactly this word, if its answer depends on the account."""
    topic = _BY_WORD.get(word.casefold())
    return topic.name if topic and topic.about_account else None


def find_topic(typed: str) -> Topic | None:
    """The topic that has this word, or one of the words typed, or one that is written nearly like it."""
    typed = typed.casefold()
    for word in (typed, *typed.split()):
        if word in _BY_WORD:
            return _BY_WORD[word]
    near = get_close_matches(typed, _BY_WORD, n=1, cutoff=0.7)
    return _BY_WORD[near[0]] if near else None


_BY_WORD = {word: topic for topic in TOPICS for word in topic.words}
