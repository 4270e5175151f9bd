"""The flask command: three lines each, over the same use cases as the pages."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_security.utils import hash_password

from admin.accounts.demo import seed_demo_operators
from admin.accounts.service import make_operator
from admin.accounts.tasks import FORGET
from admin.cash_receipts.tasks import COLLECT
from admin.checkout import tasks as _checkout_tasks  # noqa: F401 - registers its handler
from admin.customers.importing import import_customers
from admin.delivery_batches import tasks as _delivery_batch_tasks  # noqa: F401 - registers its handler
from admin.domain.actor import Actor
from admin.domain.clock import KST, utc_now
from admin.domain.errors import DomainError
from admin.domain.export import ExportKind
from admin.domain.permissions import Role
from admin.escrow_orders.tasks import CONFIRM, LOOK
from admin.exports import asking, checking, making
from admin.exports.lists import offered_list
from admin.exports.passport import as_text, cover_lines, cover_name, file_name, page_lines
from admin.exports.tasks import SWEEP as EXPORT_SWEEP
from admin.exports.tasks import export_folder
from admin.jobs.queue import JobQueue
from admin.jobs.service import ask_now
from admin.jobs.worker import Tick, serve
from admin.models.engine import sqlite_sentence
from admin.operations.tasks import SWEEP
from admin.order_imports.tasks import SWEEP as ORDER_IMPORT_SWEEP
from admin.orders.csv_file import BadRow, ImportReport
from admin.orders.service import import_orders
from admin.payments.finding import plan
from admin.payments.listing import make_twin, read_page, read_search, read_summary
from admin.payments.sync import walk
from admin.payments.tasks import SYNC
from admin.reconciliation.service import run_day
from admin.refund_batches.tasks import EXPIRE
from admin.watches.tasks import EVALUATE
from admin.web.form_keys import mint_form_key
from admin.web.i18n import speaking
from admin.web.services import gateway, settings
from admin.webhooks import tasks as _webhook_tasks  # noqa: F401 - registers its handler

seed = AppGroup("seed", help="First data.")
operators = AppGroup("operators", help="People who sign in here.")
orders = AppGroup("orders", help="The shop's own orders.")
customers = AppGroup("customers", help="The shop's customers.")
payments = AppGroup("payments", help="The mirror of the gateway's payments.")
export = AppGroup("export", help="Files of lists, with their passports.")
database = AppGroup("database", help="The database itself.")
reconciliation = AppGroup("reconciliation", help="The shop's books against the gateway.")

ACTOR = Actor.system("command line")
# Whoever has this shell has the database; what is written still leaves its passport.
EXPORTER = Actor(name="command line", role=Role.ADMIN)


def register_commands(app: Flask) -> None:
    """Add every group to the flask command."""
    for group in (
        seed,
        operators,
        orders,
        customers,
        payments,
        reconciliation,
        export,
        database,
    ):
        app.cli.add_command(group)
    app.cli.add_command(worker)


@seed.command("demo")
@click.option("--books", type=click.Path(path_type=Path, exists=True, file_okay=False))
def seed_demo(books: Path | None) -> None:
    """Demo people, and the demo shop's books from a folder. Payments come by the walk alone."""
    if not settings().is_sandbox:
        raise click.ClickException("Demo people exist only while the gateway is the sandbox.")
    for person, password in seed_demo_operators(hash_password, now=utc_now()):
        click.echo(f"{person.role.value}\t{person.email}\t{password}")
    if books is not None:
        _tell(import_orders(books / "orders.csv", actor=ACTOR, now=utc_now()))
        _tell(import_customers(books / "customers.csv", actor=ACTOR, now=utc_now()))


@operators.command("create")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.password_option(help="Asked for when it is not given; at least 12 characters.")
def create_operator(email: str, name: str, role: str, password: str) -> None:
    """Add a person."""
    if len(password) < 12:
        raise click.ClickException("A password has at least 12 characters.")
    try:
        make_operator(
            email=email.strip().lower(),
            name=name,
            role=Role(role),
            password_hash=hash_password(password),
            demo=False,
            actor=ACTOR,
            now=utc_now(),
        )
    except DomainError as error:
        raise click.ClickException(str(error)) from None


@orders.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def orders_import(path: Path) -> None:
    """Take orders.csv in; bad rows are listed and leave the others alone."""
    try:
        _tell(import_orders(path, actor=ACTOR, now=utc_now()))
    except BadRow as error:
        raise click.ClickException(str(error)) from None


@customers.command("import")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def customers_import(path: Path) -> None:
    """Take customers.csv in; bad rows are listed and leave the others alone."""
    try:
        _tell(import_customers(path, actor=ACTOR, now=utc_now()))
    except BadRow as error:
        raise click.ClickException(str(error)) from None


@payments.command("find")
@click.argument("query", default="")
@click.option("--state", default="", help="A tab of the list: paid, failed, unknown, …")
@click.option("--basis", default="", help="requested, approved or cancelled")
@click.option("--period", default="", help="today, yesterday, week, month, last_month or all")
@click.option("--sums", is_flag=True, help="Sum everything, however long that takes.")
@click.option("--cursor", help="Where the page before ended.")
def payments_find(cursor: str | None, sums: bool, **asked: str) -> None:
    """Find payments by the text of the list's own box; the newest page as JSON."""
    search = read_search({"q": asked.pop("query"), **asked}, now=utc_now())
    drawn = plan(search.filter, now=utc_now())
    for problem in search.form.parsed.problems:
        click.echo(f"{problem.kind.value} at {problem.start}-{problem.end}", err=True)
    summary = read_summary(drawn, at_any_cost=sums)
    page = read_page(search, cursor, drawn)
    click.echo(json.dumps(make_twin(page, drawn, search, summary), ensure_ascii=False, indent=2))


@payments.command("sync")
def payments_sync() -> None:
    """Walk the gateway's payments now, with progress."""
    history = timedelta(days=settings().sync_history_days)
    result = walk(
        gateway=gateway(),
        history=history,
        now=utc_now(),
        report=lambda done, total, note: click.echo(f"{done}/{total} {note}"),
        in_flight=settings().sync_in_flight,
    )
    click.echo(f"{result.seen} seen, {result.new} new, {result.changed} changed")


@reconciliation.command("run")
@click.argument("day", required=False)
def reconciliation_run(day: str | None) -> None:
    """Compare one Korean day (2026-11-22; yesterday when left out)."""
    wanted = date.fromisoformat(day) if day else datetime.now(KST).date() - timedelta(days=1)
    run = run_day(wanted, actor=ACTOR, gateway=gateway(), now=utc_now())
    click.echo(f"{run.day}: {run.matched_count} matched, {run.differing_count} differ")


@export.command("payments")
@click.option("--query", default="period=all", help="The list's query string.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--columns", default="", help="Names, comma-separated; the usual ones when left out.")
@click.option("--reason", default="", help="What the personal data in it are for.")
@click.option("--unmasked", is_flag=True, help="Write personal data in full.")
@click.option("--language", type=click.Choice(["ko", "en"]), default="ko")
def export_payments(
    *, query: str, out: Path, columns: str, reason: str, unmasked: bool, language: str
) -> None:
    """Write the list of payments to FILE.csv or FILE.xlsx, as the page does."""
    now = utc_now()
    with speaking(language):
        offered = offered_list("payments").columns(not unmasked, now)
        usual = [column.name for column in offered if column.is_usual]
        try:
            made = asking.ask(
                asking.ExportCommand(
                    list_name="payments",
                    query=query,
                    columns=tuple(columns.split(",")) if columns else tuple(usual),
                    kind=ExportKind(out.suffix.removeprefix(".").lower()),
                    masked=not unmasked,
                    reason=reason,
                    language=language,
                    form_key=mint_form_key(),
                ),
                actor=EXPORTER,
                now=now,
                at_once=sys.maxsize,
            )
        except ValueError:
            raise click.ClickException("The file ends in .csv or .xlsx.") from None
        except DomainError as error:
            raise click.ClickException(str(error)) from None
        cover = partial(cover_lines, now=now)
        written = making.make(
            made.id, folder=export_folder(), cover=cover, cover_name=cover_name(), now=now
        )
        if written is None or not written.sha256:
            raise click.ClickException("It was not written.")
        source = export_folder().file(written.token, written.kind)
        with source.open("rb") as file, open(out, "wb", opener=_for_us_alone) as copy:
            shutil.copyfileobj(file, copy)
        click.echo(as_text(page_lines(written), file_name(written)), nl=False)


@export.command("check")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def export_check(path: Path) -> None:
    """Say whether a file of any size is ours, and what was changed in it."""
    try:
        with path.open("rb") as file:
            checked = checking.check(file, folder=export_folder(), actor=EXPORTER, now=utc_now())
    except DomainError as error:
        raise click.ClickException(str(error)) from None
    click.echo(checked.verdict.value)
    if checked.comparison is not None:
        for row in checked.comparison.changed:
            click.echo(f"line {row.line}: {', '.join(row.columns) or 'not ours as it stands'}")
        for line in checked.comparison.missing:
            click.echo(f"line {line} of ours is missing")
    if checked.export is not None:
        with speaking("en"):
            click.echo(as_text(page_lines(checked.export), file_name(checked.export)), nl=False)


def _for_us_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@database.command("show")
def database_show() -> None:
    """Which database is used, and whether several processes may write it."""
    click.echo(sqlite_sentence() if settings().is_sqlite else "PostgreSQL.")


@click.command("worker")
def worker() -> None:
    """Run background jobs until SIGINT or SIGTERM."""
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    ticks: list[Tick] = [
        (SWEEP, timedelta(seconds=15)),
        (SYNC, timedelta(minutes=settings().sync_minutes)),
        (LOOK, timedelta(minutes=10)),
        (CONFIRM, timedelta(minutes=10)),
        (COLLECT, timedelta(minutes=1)),
        (EXPIRE, timedelta(minutes=1)),
        (FORGET, timedelta(hours=1)),
        (EXPORT_SWEEP, timedelta(minutes=5)),
        (ORDER_IMPORT_SWEEP, timedelta(hours=1)),
        (EVALUATE, timedelta(minutes=5)),
    ]

    def in_context(work: object) -> None:
        with app.app_context():
            work()  # type: ignore[operator]

    for name in (SYNC, LOOK):  # what came in while nobody worked is wanted now
        ask_now(name, actor=Actor.system("start"), now=utc_now())
    serve(cast(JobQueue, app.extensions["queue"]), ticks, in_context)


def _tell(report: ImportReport) -> None:
    for line in report.lines():
        click.echo(line)
