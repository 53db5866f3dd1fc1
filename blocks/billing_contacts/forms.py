"""What support fills in: what the requester says about the card, the new contact, and the invoice recipients."""

from __future__ import annotations

from collections.abc import Sequence

from billing.billing_contacts.changing import BillToForm
from billing.billing_contacts.showing import RecipientsForm
from billing.billing_contacts.verifying import VerificationForm
from blocks import kit
from blocks.billing_contacts.ids import NOT_LISTED, Id
from blocks.billing_contacts.overview import people_menu
from blocks.graphemes import fit
from blocks.texts import Translator, bold


def verification(shown: VerificationForm, t: Translator) -> kit.Modal:
    """Shows nothing of the card: right or wrong is all that is ever said (G11)."""
    people = [*people_menu(shown.contact, t), kit.option(t("Somebody who is not listed"), NOT_LISTED)]
    return kit.Modal(
        title=t("Verify the card"),
        blocks=[
            kit.section(t.rich("For {name}", name=bold(fit(shown.contact.name, 300)))),
            kit.context(
                t("Enter what the customer tells you. Never ask for the whole card number, and never read digits out.")
            ),
            kit.field_input(
                t("Who is asking?"),
                kit.select("billing_contact.requester", people),
                block_id="requester",
                hint=t("It has to be the card’s holder or a listed account admin."),
            ),
            kit.field_input(
                t("Last four digits of the card"),
                kit.text_input("billing_contact.last4", at_most=4),
                block_id="last4",
            ),
            kit.field_input(
                t("Expiry"),
                kit.text_input("billing_contact.expiry", placeholder=t("MM/YY"), at_most=7),
                block_id="expiry",
                hint=t("Month and year, as they stand on the card."),
            ),
        ],
        callback_id=Id.VERIFICATION,
        submit=t("Verify"),
        close=t("Cancel"),
        metadata={"contact": shown.contact.id},
    )


def bill_to_form(shown: BillToForm, t: Translator) -> kit.Modal:
    """The new billing contact, with the address as it is on file (G19)."""
    draft, before = shown.draft, shown.before
    at = before.address
    if_any = t("If addresses in the country have one.")
    return kit.Modal(
        title=t("New billing contact"),
        blocks=[
            kit.section(
                t.rich(
                    "✅ *The card is verified.* {requester} may have the billing contact changed.",
                    requester=fit(shown.requester, 300),
                )
            ),
            kit.context(t("Until now: {name}, {email}", name=fit(before.name, 200), email=fit(before.email, 300))),
            _text("name", t("Name"), draft.name if draft else "", hint=t("A person, no team and no mailbox.")),
            _text("email", t("E-mail address of their own"), draft.email if draft else ""),
            _text("line1", t("Street and number"), draft.line1 if draft else at.line1),
            _text("line2", t("Addition to the address"), draft.line2 if draft else at.line2, optional=True),
            _text(
                "postal_code",
                t("Postal code"),
                draft.postal_code if draft else at.postal_code,
                optional=True,
                hint=if_any,
            ),
            _text("city", t("Town"), draft.city if draft else at.city),
            _text("state", t("State or province"), draft.state if draft else at.state, optional=True, hint=if_any),
            kit.field_input(
                t("Country"),
                kit.search(
                    Id.COUNTRY,
                    placeholder=t("Type a country’s name"),
                    initial=_country(draft.country if draft else at.country, t),
                ),
                block_id="country",
            ),
            _text("tax_id", t("Tax id"), draft.tax_id if draft else before.tax_id or "", optional=True),
            kit.context(
                t("Saving changes the customer at Stripe. The former and the new billing contact both get an e-mail.")
            ),
        ],
        callback_id=Id.FORM,
        submit=t("Save"),
        close=t("Cancel"),
        metadata={"contact": shown.contact.id, "proof": shown.proof},
    )


def country_choices(codes: Sequence[str], typed: str, t: Translator) -> kit.Choices:
    """The countries whose name or code fits, by name."""
    wanted = typed.strip().casefold()
    names = sorted((t.country(code), code) for code in codes)
    fits = [(name, code) for name, code in names if wanted in name.casefold() or wanted == code.casefold()]
    if not fits:
        remark = kit.option(t("Check the spelling"), NOT_LISTED)
        return kit.Choices([kit.group(t("No country matches “{typed}”", typed=fit(typed, 40)), [remark])])
    label = t("More than 100 countries: keep typing") if len(fits) > kit.SELECT_OPTIONS else t("Countries")
    options = [kit.option(name, code) for name, code in fits[: kit.SELECT_OPTIONS]]
    return kit.Choices([kit.group(label, options)])


def recipients_form(shown: RecipientsForm, t: Translator) -> kit.Modal:
    """GX11: up to five addresses beside the billing contact."""
    return kit.Modal(
        title=t("Invoice recipients"),
        blocks=[
            kit.section(
                t.rich(
                    "Invoices for {name} go to the billing contact, and to these addresses:",
                    name=bold(fit(shown.contact.name, 300)),
                )
            ),
            kit.field_input(
                t("Further recipients"),
                kit.text_input(
                    "billing_contact.recipient_list",
                    initial="\n".join(shown.recipients),
                    at_most=1500,
                    multiline=True,
                ),
                block_id="recipients",
                hint=t("One e-mail address a line, five at most. Shared mailboxes are fine here."),
                optional=True,
            ),
        ],
        callback_id=Id.RECIPIENTS_FORM,
        submit=t("Save"),
        close=t("Cancel"),
        metadata={"contact": shown.contact.id},
    )


def _text(field: str, label: str, initial: str, *, hint: str = "", optional: bool = False) -> kit.Block:
    element = kit.text_input(f"billing_contact.{field}", initial=fit(initial, 254) or None, at_most=254)
    return kit.field_input(label, element, block_id=field, hint=hint, optional=optional)


def _country(code: str, t: Translator) -> kit.Option | None:
    name = t.country(code)
    return kit.option(name, code) if name != code else None
