"""The small business writing invoices: everything that a test of their rules needs to say in a line."""

from __future__ import annotations

from itertools import count
from typing import Any

from billing.access import Actor
from billing.catalogue import InvoicePolicy
from billing.ids import ContactId, OperationId, SalesInvoiceId
from billing.invoices import drafting, lines, reviewing, sheets
from billing.invoices.drafting import SaveDetails
from billing.invoices.items import SaveLine
from billing.invoices.model import SalesInvoice
from billing.invoices.sending import SendInvoice
from billing.invoices.sheets import Sheet
from billing.operations import Command, Operation
from billing.roles import Role
from tests.support.shop import ADA, SAM, Shop, actor

REF = SalesInvoiceId("inv_1")
MIA = actor(Role.AGENT, user="U_MIA", name="Mia Agent")
PETRA = actor(Role.MANAGER, user="U_PETRA", name="Petra Manager")
ALEX = actor(Role.ADMIN, user="U_ALEX", name="Alex Admin")
PAUL = actor(Role.MANAGER, user="U_PAUL", name="Paul Manager")
_keys = count(1)


class InvoiceShop(Shop):
    """Sam sells, Mia supports, Petra and Paul manage, Alex looks after the program."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for person in (MIA, PETRA, PAUL, ALEX):
            self.hires(person)

    def rules(self, **policy: Any) -> None:
        """`[invoices]` of the catalogue's file."""
        self.sells(invoices=InvoicePolicy(**policy))

    def adds(self, invoice: str = REF, *, person: Actor = SAM, contact: ContactId = ADA, **fields: Any) -> SalesInvoice:
        """A line: 3 x Onboarding at 150.00, unless something else is said."""
        given = {"description": "Onboarding", "quantity": "3", "price": "150.00"} | fields
        with self.store.writing(person) as uow:
            return lines.save_line(uow, SaveLine(contact=contact, invoice=SalesInvoiceId(invoice), **given))

    def details(self, invoice: str = REF, *, person: Actor = SAM, **fields: Any) -> SalesInvoice:
        """The rest of the form, as somebody who sees the newest version fills it in."""
        known = self.rows.sales_invoices.get(invoice)
        given = {"version": known.version if known else 0, "due_days": 14, "recipients": "ada@engines.example"} | fields
        with self.store.writing(person) as uow:
            return drafting.save_details(uow, SaveDetails(contact=ADA, invoice=SalesInvoiceId(invoice), **given))

    def confirms(self, invoice: str = REF, *, person: Actor = SAM) -> SendInvoice:
        """What a person confirms after the review."""
        with self.store.reading(person) as uow:
            shown = reviewing.review(uow, ADA, SalesInvoiceId(invoice))
        return SendInvoice(contact=ADA, invoice=SalesInvoiceId(invoice), fingerprint=shown.fingerprint)

    def does(self, command: Command, *, person: Actor = SAM) -> Operation:
        """The whole way of an operation, and of those that follow from it; what the first one's row says."""
        operation = self.accepts(command, person=person, key=f"key-{next(_keys)}")
        self.walks(operation)
        self.follows()
        found: Operation = self.rows.operations[operation]
        return found

    def follows(self) -> None:
        """The operations that others have accepted."""
        while jobs := [job for job in self.rows.jobs if job.name == "operation"]:
            self.rows.jobs = [job for job in self.rows.jobs if job.name != "operation"]
            for job in jobs:
                self.walks(OperationId(job.argument))

    def sends(self, invoice: str = REF, *, person: Actor = SAM, **fields: Any) -> SalesInvoice:
        """A whole invoice, out of the house: 450.00 and 19 % are 535.50."""
        self.adds(invoice, **fields)
        self.does(self.confirms(invoice, person=person), person=person)
        return self.invoice(invoice)

    def invoice(self, invoice: str = REF) -> SalesInvoice:
        found: SalesInvoice = self.rows.sales_invoices[invoice]
        return found

    def sheet(self, invoice: str = REF, *, person: Actor = SAM) -> Sheet:
        with self.store.reading(person) as uow:
            return sheets.sheet(uow, invoice)
