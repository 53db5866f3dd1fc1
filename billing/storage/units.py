"""A unit of work: one transaction, for one actor, as the domain sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from billing.access import Actor
from billing.catalogue import Catalogue
from billing.operations import Operation
from billing.ports import Job
from billing.storage.absences import AbsenceRows
from billing.storage.billing_contacts import BillingContactRows
from billing.storage.change_requests import RequestRows
from billing.storage.contacts import ContactRows
from billing.storage.document_links import DocumentLinkRows
from billing.storage.failures import FailureRows
from billing.storage.finders import Finder
from billing.storage.imports import ImportRows
from billing.storage.invoices import SalesInvoiceRows
from billing.storage.jobs import Enqueue
from billing.storage.mirror import MirrorRows
from billing.storage.operations import EventRows, OperationRows
from billing.storage.overviews import OverviewRows
from billing.storage.reconciliations import ReconciliationRows
from billing.storage.staff import StaffRows
from billing.storage.timeline import TimelineRows
from billing.storage.usage import UsageRows


@dataclass(frozen=True)
class Unit:
    """`billing.ports.UnitOfWork` and `billing.imports.ImportUnit` on one connection."""

    connection: Connection
    actor: Actor
    catalogue: Catalogue
    now: datetime  # UTC; the same throughout
    finder: Finder
    engine: Enqueue
    writes: bool

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.catalogue.business.timezone)).date()

    @cached_property
    def contacts(self) -> ContactRows:
        return ContactRows(self.connection, self.finder, writes=self.writes)

    @cached_property
    def mirror(self) -> MirrorRows:
        return MirrorRows(self.connection, self.now)

    @cached_property
    def timeline(self) -> TimelineRows:
        return TimelineRows(self.connection)

    @cached_property
    def operations(self) -> OperationRows:
        return OperationRows(self.connection, self.now)

    @cached_property
    def events(self) -> EventRows:
        return EventRows(self.connection)

    @cached_property
    def staff(self) -> StaffRows:
        return StaffRows(self.connection)

    @cached_property
    def imports(self) -> ImportRows:
        return ImportRows(self.connection, self.now)

    @cached_property
    def requests(self) -> RequestRows:
        return RequestRows(self.connection)

    @cached_property
    def invoices(self) -> SalesInvoiceRows:
        return SalesInvoiceRows(self.connection)

    @cached_property
    def absences(self) -> AbsenceRows:
        return AbsenceRows(self.connection)

    @cached_property
    def usage(self) -> UsageRows:
        return UsageRows(self.connection)

    @cached_property
    def billing_contacts(self) -> BillingContactRows:
        return BillingContactRows(self.connection)

    @cached_property
    def failures(self) -> FailureRows:
        return FailureRows(self.connection)

    @cached_property
    def reconciliations(self) -> ReconciliationRows:
        return ReconciliationRows(self.connection)

    @cached_property
    def overview(self) -> OverviewRows:
        return OverviewRows(self.connection)

    @cached_property
    def document_links(self) -> DocumentLinkRows:
        return DocumentLinkRows(self.connection)

    def enqueue(self, *jobs: Job) -> None:
        """Raises RuntimeError in a unit that only reads."""
        if jobs:
            self.engine(self.connection, *jobs)

    def accept(self, operation: Operation) -> bool:
        is_new = self.operations.add(operation)
        if is_new:
            self.enqueue(Job.of(operation))
        return is_new
