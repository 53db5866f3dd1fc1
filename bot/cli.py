"""The `kontor` command."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from billing.roles import PERMISSIONS, Role

if TYPE_CHECKING:
    from bot.settings import Settings

cli = typer.Typer(
    name="kontor", help="Billing from inside Slack, on Stripe.", no_args_is_help=True, pretty_exceptions_enable=False
)
sandbox = typer.Typer(help="The local Slack, Stripe and mailbox, each alone.", no_args_is_help=True)
contacts = typer.Typer(help="Bring contacts in.", no_args_is_help=True)
catalogue = typer.Typer(help="What we sell.", no_args_is_help=True)
roles = typer.Typer(help="Who may do what.", no_args_is_help=True)
cli.add_typer(sandbox, name="sandbox")
cli.add_typer(contacts, name="contacts")
cli.add_typer(catalogue, name="catalogue")
cli.add_typer(roles, name="roles")

out = Console()
err = Console(stderr=True)

Port = Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=1, max=65535)]
WithParent = Annotated[bool, typer.Option("--with-parent", hidden=True)]


def main() -> None:
    """Run the command; whatever a person can mend ends in one line on standard error and exit code 1 (2 for usage)."""
    try:
        cli()
    except _mendable() as error:
        from bot.faults import line

        err.print(f"kontor: {line(error)}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


def _mendable() -> tuple[type[Exception], ...]:
    """Asked for only when something was raised: a command pays for no imports but its own."""
    import sqlite3

    from slack_sdk.errors import SlackClientError

    from billing.catalogue import CatalogueError
    from billing.errors import KontorError
    from bot.sandbox.server import PortTaken
    from bot.settings import CannotStart

    return CannotStart, PortTaken, CatalogueError, KontorError, SlackClientError, OSError, sqlite3.DatabaseError


@cli.callback()
def prepare(context: typer.Context) -> None:
    """Billing from inside Slack, on Stripe."""
    if context.invoked_subcommand == "sandbox":  # it knows nothing of Kontor, and should be there at once
        return
    from bot import logs

    logs.configure("text", "warning")  # at a terminal; `serve` and `worker` log as the settings say


@cli.command()
def demo(
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only print the address.")] = False,
    data: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var/demo"),
    port_base: Annotated[int, typer.Option(help="The first of five ports.", min=1, max=65531)] = 8700,
) -> None:
    """Run everything on this machine: a Slack workspace, Stripe and a mailbox in the browser, and the bot."""
    from bot.demo.supervisor import run

    run(data=data, port_base=port_base, browser=not no_browser)


@cli.command()
def serve(
    port: Port = 8702,
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="Slack over a WebSocket.")] = False,
    host: Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for every one.")] = "127.0.0.1",
    with_parent: WithParent = False,
) -> None:
    """Answer Slack and Stripe. On SQLite the worker runs in the same process."""
    found = _settings(with_parent)
    if found.kontor_web_processes > 1:  # read by prometheus_client when it is imported
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="kontor-metrics-"))
    from bot.serving import serve as run

    run(found, host=host, port=port, socket_mode=socket_mode)


@cli.command()
def worker(with_parent: WithParent = False) -> None:
    """Perform what was accepted. Any number of them on PostgreSQL; on SQLite `kontor serve` does it."""
    from bot.serving import work

    work(_settings(with_parent))


@cli.command()
def migrate() -> None:
    """Bring the database to what this version needs."""
    from billing.storage.schema import migrate as migrate_rows
    from bot.app import database_told
    from bot.engine import migrate_engine
    from bot.settings import load_local

    url = load_local().database_url
    with database_told():
        migrate_rows(url)
        migrate_engine(url)
    out.print("The database is up to date.")


@cli.command()
def sync(
    contact: Annotated[str, typer.Argument(help="E-mail address, Stripe id or contact id; none: everybody.")] = "",
) -> None:
    """Fill and repair what Kontor knows of Stripe; an interrupted run over everybody goes on."""
    from bot.chores import sync as run
    from bot.settings import load

    run(load(), out, contact)


@cli.command()
def doctor() -> None:
    """Check every setting against the running services."""
    from bot import logs
    from bot.doctor import examine

    logs.configure("text", "critical")  # what the libraries have to say is in the table
    table = Table("", "Checked", "Found", box=None)
    healthy = True
    for finding in examine():
        healthy = healthy and finding.good is not False
        mark = {True: "[green]✓[/]", False: "[red]✗[/]", None: "[yellow]![/]"}[finding.good]
        table.add_row(mark, Text(finding.subject), Text(finding.text))
    out.print(table)
    if not healthy:
        raise typer.Exit(1)


@cli.command()
def manifest(
    socket_mode: Annotated[bool, typer.Option("--socket-mode", help="For `kontor serve --socket-mode`.")] = False,
) -> None:
    """Print the Slack app manifest for this configuration; paste it at api.slack.com/apps > Create New App."""
    from bot.manifest import app_manifest
    from bot.settings import load_local

    found = load_local()
    is_known = "kontor_public_url" in found.model_fields_set
    address = found.kontor_public_url if is_known else "https://kontor.example.com"
    if not (is_known or socket_mode):  # beside the manifest, which may go into a file
        err.print(f"KONTOR_PUBLIC_URL is not set: put your address in the place of {address}", soft_wrap=True)
    typer.echo(json.dumps(app_manifest(address, socket_mode=socket_mode), indent=2))


@sandbox.command("workspace")
def sandbox_workspace(
    port: Port = 8700,
    app_url: Annotated[str, typer.Option(help="Where the app gets its requests.")] = "",
    data: Annotated[Path | None, typer.Option(help="A file that keeps messages over a restart.")] = None,
    with_parent: WithParent = False,
) -> None:
    """A local Slack workspace, with a page for people and the Web API for the app."""
    from bot.manifest import app_manifest
    from bot.sandbox import workspace

    _end_with_parent(with_parent)
    address = app_url or f"http://127.0.0.1:{port + 2}/slack/events"
    out.print(f"Workspace: http://127.0.0.1:{port}")
    workspace.serve(port, app_url=address, manifest=app_manifest(address.removesuffix("/slack/events")), path=data)


@sandbox.command("stripe")
def sandbox_stripe(
    port: Port = 8701,
    data: Annotated[Path | None, typer.Option(help="The file that keeps everything; else in memory.")] = None,
    start_at: Annotated[int | None, typer.Option(help="What the clock shows at first, seconds since 1970.")] = None,
    with_parent: WithParent = False,
) -> None:
    """A local Stripe, with the API for programs and a page for people."""
    from bot.sandbox import stripe

    _end_with_parent(with_parent)
    out.print(f"Stripe: http://127.0.0.1:{port}")
    stripe.serve(port, path=data, start_at=start_at)


@sandbox.command("mailbox")
def sandbox_mailbox(
    port: Port = 8703,
    smtp_port: Annotated[int, typer.Option(help="Where mails are handed in.", min=1, max=65535)] = 8704,
    data: Annotated[Path | None, typer.Option(help="A file that keeps mails over a restart.")] = None,
    with_parent: WithParent = False,
) -> None:
    """A mail server whose mails are shown on a page."""
    from bot.sandbox import mailbox

    _end_with_parent(with_parent)
    out.print(f"Mailbox: http://127.0.0.1:{port}")
    mailbox.serve(port, smtp_port, path=data)


@catalogue.command("check")
def catalogue_check(file: Annotated[Path | None, typer.Argument(help="Default: KONTOR_CATALOGUE.")] = None) -> None:
    """Say every mistake in the catalogue, with its line."""
    from billing.catalogue import load
    from bot.settings import load_local

    found = load(file or load_local().kontor_catalogue)
    out.print(f"{len(found.products)} products, {len(found.coupons)} coupons: the catalogue is sound.")


@catalogue.command("push")
def catalogue_push(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Make Stripe's products, prices, coupons and taxes match the catalogue. Running subscriptions stay."""
    from bot.chores import push
    from bot.settings import load

    push(load(), out, dry_run=dry_run, yes=yes)


@roles.command("grant")
def roles_grant(user: str, role: Role) -> None:
    """Give a Slack user (id U..., or e-mail address) a role."""
    from bot.chores import grant
    from bot.settings import load

    out.print(grant(load(), user, role), markup=False)


@roles.command("list")
def roles_list() -> None:
    """Everybody who has a role, and what each role may do."""
    from bot.chores import holders
    from bot.settings import load

    table = Table("Person", "Slack id", "Roles")
    for actor in holders(load()):
        table.add_row(Text(actor.name), actor.user, ", ".join(sorted(actor.roles)))
    out.print(table)
    rights = Table("May", *Role)
    for permission, holding in PERMISSIONS.items():
        rights.add_row(permission.replace("_", " "), *("✓" if role in holding else "" for role in Role))
    out.print(rights)


@contacts.command("import")
def contacts_import(file: Path) -> None:
    """Import contacts from a CSV file; the whole file is checked first, and an interrupted import goes on."""
    from bot.chores import import_file
    from bot.settings import load_local

    found = load_local()
    if not import_file(found.database_url, found.kontor_catalogue, file, out):
        raise typer.Exit(1)


@contacts.command("sync")
def contacts_sync() -> None:
    """Fill contacts and the mirror from Stripe's customers; an interrupted sync goes on."""
    from bot.chores import sync
    from bot.settings import load

    sync(load(), out)


def _settings(with_parent: bool) -> Settings:
    from bot import logs
    from bot.settings import load

    found = load()
    logs.configure(found.kontor_log_format, found.kontor_log_level)
    _end_with_parent(with_parent)
    return found


def _end_with_parent(wanted: bool) -> None:
    """End when whoever started us is gone: then our standard input, a pipe of theirs, ends."""
    if not wanted:
        return

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 1024):  # not sys.stdin: at the end Python could not close what is being read
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="with-parent", daemon=True).start()
