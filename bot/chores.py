"""What an operator does at the terminal, with progress shown: push the catalogue, grant roles, bring contacts in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError

from billing import imports, syncs
from billing.access import Actor
from billing.catalogue import load
from billing.contact_files import Mistake, Problem
from billing.errors import UnknownContact
from billing.guard import mask_card_numbers
from billing.ids import TeamId, UserId
from billing.reconciliations import Reconciliation
from billing.roles import Role
from billing.steps import NOBODY
from billing.storage.database import Database
from billing.stripe.push import Push
from bot.app import App, OldSchema, opened, reconcile, schema_is_current, stripe_connection
from bot.engine import enqueue
from bot.settings import CannotStart, Settings, WrongSettings
from bot.slack import slack_client


class NoSuchCustomer(CannotStart):
    """One customer was to be read again, and nobody is called that."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"no customer, or more than one, is known as {mask_card_numbers(wanted, '…')}: "
            "give an e-mail address, a Stripe id (cus_...) or a contact id (con_...)"
        )


_MISTAKES = {
    Mistake.UNKNOWN_COLUMN: "there is no column {column}",
    Mistake.MISSING_COLUMN: "the column {column} is missing",
    Mistake.REPEATED_COLUMN: "the column {column} stands there twice",
    Mistake.NUMBER_OF_CELLS: "the row has not as many cells as the header: {value}",
    Mistake.UNREADABLE: "the row cannot be read as CSV (a quote that does not end?)",
    Mistake.BAD_ENCODING: "the row is not UTF-8",
    Mistake.MISSING: "{column} is empty",
    Mistake.DUPLICATE: "{column} {value} stands in an earlier row, too",
    Mistake.CARD_NUMBER: "{column} holds a card number; these are never stored",
    Mistake.WRONG_CUSTOMER: "{column} is no Stripe customer (cus_...): {value}",
    Mistake.WRONG_EMAIL: "{column} is no e-mail address: {value}",
    Mistake.UNKNOWN_COUNTRY: "{column} is no country code of two letters (DE, US): {value}",
    Mistake.UNKNOWN_CURRENCY: "{column} is no currency code (EUR, USD): {value}",
    Mistake.UNKNOWN_LANGUAGE: "{column} is no language code (de, en): {value}",
    Mistake.WRONG_CHOICE: "{column} is none of what is possible there: {value}",
    Mistake.WRONG_NUMBER: "{column} is no whole number: {value}",
    Mistake.WRONG_DATE: "{column} is no date like 2026-01-31: {value}",
    Mistake.WRONG_MEMBER: "{column} is not like `Name <mail>:primary_admin+purchase; ...`: {value}",
}


def explain(problem: Problem) -> str:
    """A mistake in a file, as a sentence."""
    sentence = _MISTAKES[problem.mistake].format(column=problem.column or "", value=problem.value)
    return mask_card_numbers(sentence, "…")


def grant(settings: Settings, user: str, role: Role) -> str:
    """Give a Slack user a role. The user is an id or, with the scope users:read.email, an e-mail address."""
    client = slack_client(settings)
    try:
        team = TeamId(client.auth_test()["team_id"])
        found = client.users_lookupByEmail(email=user)["user"] if "@" in user else client.users_info(user=user)["user"]
    except SlackApiError as error:
        if error.response.get("error") not in ("user_not_found", "users_not_found"):
            raise
        raise WrongSettings(f"Slack does not know {mask_card_numbers(user, '…')}") from None
    assert found is not None, "Slack answers ok only with a user"
    with opened(settings) as app:
        actor = app.directory.actor(team, UserId(found["id"]))
        with app.desk.writing(actor) as uow:
            uow.staff.grant(team, actor.user, role, "cli")
    return f"{actor.name} ({actor.user}) is {role} now."


def holders(settings: Settings) -> tuple[Actor, ...]:
    """Everybody with a role, the user groups read anew."""
    with opened(settings) as app:
        app.directory.refresh()
        with app.desk.reading(NOBODY) as uow:
            return uow.staff.list()


def push(settings: Settings, out: Console, *, dry_run: bool, yes: bool) -> None:
    """Say what has to change at Stripe, ask, and do it. A push that was cut off is simply repeated."""
    catalogue = load(settings.kontor_catalogue)
    today = datetime.now(ZoneInfo(catalogue.business.timezone)).date()
    with stripe_connection(settings) as connection:
        run = Push(connection.client, catalogue, today)
        planned = run.plan()
        for change in planned:
            out.print(f"  {change}", highlight=False)
        if not planned:
            out.print("Stripe is as the catalogue wants it.")
            return
        out.print(f"{len(planned)} changes. Running subscriptions keep their prices.")
        if dry_run or not (yes or typer.confirm("Make them?")):
            return
        with Progress(console=out, transient=True) as progress:
            bar = progress.add_task("Pushing", total=len(planned))
            run.apply(planned, lambda _: progress.advance(bar))
    out.print("Done.")


def import_file(url: str, catalogue: Path, file: Path, out: Console) -> bool:
    """Import contacts from a CSV file; False, with every mistake and its line shown, when nothing was imported."""
    if not schema_is_current(url):
        raise OldSchema
    if not file.is_file():
        raise WrongSettings(f"there is no file {file}")
    with Database(url, catalogue=load(catalogue), enqueue=enqueue) as database, _progress(out) as tell:
        try:
            report = imports.import_file(database, NOBODY, file, tell)
        except imports.FileChanged as error:
            raise WrongSettings(f"{error} was changed while it was read: begin again") from None
    for problem in report.problems:
        out.print(f"  line {problem.line}: {explain(problem)}", highlight=False, markup=False)
    if report.problems:
        more = f" and {report.further_problems} more" if report.further_problems else ""
        out.print(f"{_counted(len(report.problems), 'mistake')}{more}: nothing was imported.")
        return False
    resumed = f", {report.resumed_at} of them before" if report.resumed_at else ""
    out.print(f"{_counted(report.contacts, 'contact')} imported{resumed}.")
    return True


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def sync(settings: Settings, out: Console, wanted: str = "") -> None:
    """Fill and repair the mirror from Stripe: of everybody, or of the one contact that is wanted."""
    with opened(settings) as app:
        run = _sync_one(app, wanted) if wanted else _sync_all(app, out)
    resumed = f" ({run.resumed_at} of them before)" if run.resumed_at else ""
    seen = f"{run.customers} customers seen{resumed}"
    out.print(f"{seen}: {run.created} new contacts, {run.differing} differed and were mended.")
    for one in run.differences[:20]:
        parts = [*one.parts, *(["details"] if one.details else [])]
        out.print(f"  {one.contact}: {', '.join(parts)}", highlight=False, markup=False)
    if run.missed_events:
        out.print(f"{run.missed_events} events had not arrived and are being handled.")
    if run.without_country:
        out.print(
            "Without a country at Stripe, so nothing can be billed to them (their tax is not known): "
            + ", ".join(run.without_country[:20])
        )


def _sync_all(app: App, out: Console) -> Reconciliation:
    with _progress(out) as tell:
        return reconcile(app, tell, tell=False)


def _sync_one(app: App, wanted: str) -> Reconciliation:
    try:
        with app.database.reading(NOBODY) as uow:
            customer = syncs.customer_of(uow, wanted)
    except UnknownContact as error:
        raise NoSuchCustomer(wanted) from error
    snapshot = app.payments.snapshot(customer)
    if snapshot is None:
        raise NoSuchCustomer(wanted)
    return syncs.sync_one(app.database, NOBODY, customer, snapshot)


@contextmanager
def _progress(out: Console) -> Iterator[imports.Report]:
    """A bar that follows the import's own report."""
    with Progress(console=out, transient=True) as progress:
        bar = progress.add_task("Reading", total=None)

        def tell(phase: imports.Phase, done: int, total: int | None) -> None:
            progress.update(bar, description=phase.value.capitalize(), completed=done, total=total)

        yield tell
