"""Bulk writes of what the seed makes besides payments."""

import sqlite3
from collections.abc import Iterable

from sandbox.payment_rows import Payment


def insert_keys(db: sqlite3.Connection, rows: Iterable[Payment]) -> None:
    db.executemany(
        "INSERT INTO customers (customer_uid, pg_provider, pg_id, card_name, card_code,"
        " card_number, card_type, customer_name, customer_tel, customer_email, customer_addr,"
        " customer_postcode, inserted, updated, decline)"
        " VALUES (:customer_uid, :pg_provider, :pg_id, :card_name, :card_code, :card_number,"
        " :card_type, :customer_name, :customer_tel, :customer_email, :customer_addr,"
        " :customer_postcode, :inserted, :updated, :decline)",
        rows,
    )


def insert_deliveries(db: sqlite3.Connection, rows: Iterable[Payment]) -> None:
    db.executemany(
        "INSERT INTO deliveries VALUES (:imp_uid, :company, :invoice, :sent_at, :applied_at)",
        rows,
    )
