"""The documents of an invoice: links to look at them and to pass on, and how all links are taken back."""

from __future__ import annotations

from collections.abc import Callable

from billing.invoices.linking import InvoiceLinks, LinksRevoked
from billing.invoices.sheets import Act
from blocks import kit, ways
from blocks.invoices.ids import Id
from blocks.texts import Mrkdwn, Translator, bold, joined, link


def document_links(links: InvoiceLinks, address: Callable[[str], str], t: Translator) -> kit.Modal:
    """The documents: to look at, to download, and links to pass on. `address`: of a token's page."""
    page, stripe_page = address(links.token), links.sheet.stripe.url if links.sheet.stripe else None
    lines: list[Mrkdwn] = [t.rich("*The document, as the customer sees it:*"), link(page, page)]
    if stripe_page:
        lines += [t.rich("*Stripe’s page, on which the customer can pay by card:*"), link(stripe_page, stripe_page)]
    buttons: list[kit.Element] = [
        kit.button(t("Open the document"), Id.OPEN_PAGE, url=page),
        kit.button(t("PDF"), f"{Id.OPEN_PAGE}.pdf", url=f"{page}/invoice.pdf"),
    ]
    if Act.REVOKE in links.sheet.acts:
        buttons.append(_revoke(links.sheet.ref, t))
    return kit.Modal(
        title=t("Document and links"),
        blocks=[
            kit.section(joined(lines)),
            *_notes(links, address, t),
            kit.context(t("Whoever has a link sees the invoice. Pass it on to the customer only.")),
            kit.actions(*buttons),
        ],
        close=t("Back"),
    )


def links_revoked(revoked: LinksRevoked, t: Translator) -> kit.Modal:
    """No link opens any more; how many these were, and how a new one comes to be."""
    done = t.count("{n} link was revoked.", "{n} links were revoked.", revoked.count)
    return kit.Modal(
        title=t("Document and links"),
        blocks=[
            kit.section(
                joined(
                    [
                        joined(["🔒", bold(done if revoked.count else t("All links were revoked before."))], by=" "),
                        t("No link to this invoice or to its credit notes opens any more."),
                    ]
                )
            ),
            kit.context(
                t("A new link comes with “Send again”, or when “Document and links” is opened again."),
                t("Stripe’s own page stays open.") if revoked.sheet.stripe and revoked.sheet.stripe.url else "",
            ),
            kit.actions(ways.invoice(revoked.sheet.ref, t)),
        ],
        close=t("Back"),
    )


def _notes(links: InvoiceLinks, address: Callable[[str], str], t: Translator) -> list[kit.Block]:
    """The credit notes, each by its number."""
    if not links.notes:
        return []
    lines = [
        link(
            address(one.token),
            t("{number}: {amount}", number=one.receipt.note, amount=one.receipt.total),
        )
        for one in links.notes
    ]
    more = [kit.context(t("… and {n} more", n=links.more))] if links.more else []
    return [kit.section(joined([t.rich("*Credit notes:*"), *lines])), *more]


def _revoke(ref: str, t: Translator) -> kit.Element:
    sure = kit.confirm(
        t("Revoke all links?"),
        t("Links that the customer has, in mails too, lead nowhere from then on. So do those to credit notes."),
        yes=t("Revoke"),
        no=t("No"),
        danger=True,
    )
    return kit.button(t("Revoke all links"), Id.REVOKE, value=ref, style="danger", confirm=sure)
