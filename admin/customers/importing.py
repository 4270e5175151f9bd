"""Take the shop's customers in, with the addresses of their billing keys."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.models import BillingKey, Customer, db, transaction
from admin.models.payment import digits_of
from admin.orders.csv_file import BadRow, ImportReport, moment, no_cards, read_rows, required

COLUMNS = ("customer_number", "name", "email", "tel", "customer_uid", "label", "since")


def import_customers(path: Path, *, actor: Actor, now: datetime) -> ImportReport:
    """Read customers.csv: one line a billing key; a customer with several is repeated.

    The same file twice adds nothing. Bad lines are reported and leave the rest alone.
    Raises BadRow when the heading is not the expected one.
    """
    report = ImportReport()
    with transaction():
        people = {row.customer_number: row for row in db.session.scalars(sa.select(Customer))}
        keys = {row.customer_uid: row for row in db.session.scalars(sa.select(BillingKey))}
        for line, row in read_rows(path, COLUMNS):
            try:
                _take(row, people, keys, report)
            except BadRow as error:
                report.refused.append((line, str(error)))
        record(
            actor,
            "customers.imported",
            "customers:file",
            now=now,
            added=report.added,
            changed=report.changed,
            refused=len(report.refused),
        )
    return report


def _take(
    row: dict[str, str],
    people: dict[str, Customer],
    keys: dict[str, BillingKey],
    report: ImportReport,
) -> None:
    no_cards(row)
    number = required(row, "customer_number")
    facts = {
        "name": required(row, "name"),
        "email": row["email"] or None,
        "tel": row["tel"] or None,
        "tel_digits": digits_of(row["tel"]),
        "since": moment(row, "since"),
    }
    uid = row["customer_uid"]
    known = keys.get(uid)
    if known is not None and known.customer.customer_number != number:
        raise BadRow(f"customer_uid {uid} belongs to {known.customer.customer_number} already")
    person = people.get(number)
    changed = person is not None and any(getattr(person, k) != v for k, v in facts.items())
    added = person is None
    if person is None:
        person = Customer(customer_number=number, billing_keys=[])
        db.session.add(person)
        people[number] = person
    for name, value in facts.items():
        setattr(person, name, value)
    if uid and known is None:
        key = BillingKey(customer_uid=uid, label=row["label"] or None, customer=person)
        db.session.add(key)
        keys[uid] = key
        added = True
    report.added += added
    report.changed += changed and not added
    report.unchanged += not added and not changed
