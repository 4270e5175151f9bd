"""The shop's own books as files, a row naming only what matters."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any

from admin.customers.importing import COLUMNS as CUSTOMER_COLUMNS
from admin.domain.clock import KST
from admin.orders.service import COLUMNS as ORDER_COLUMNS

AT = datetime(2026, 3, 10, 12, tzinfo=KST)


def an_order(number: str, at: datetime = AT, **fields: Any) -> dict[str, Any]:
    """One line of orders.csv: paid, 10,000 won, one item."""
    amount = fields.get("believed_amount", 10_000)
    return {
        "order_number": number,
        "ordered_at": at.isoformat(),
        "order_name": "원목 책장",
        "buyer_name": "이도윤",
        "currency": "KRW",
        "pay_method": "card",
        "believed_status": "paid",
        "believed_amount": amount,
        "believed_cancelled": 0,
        "paid_at": at.isoformat(),
        "escrow": "false",
        "item_order_number": f"{number}-1",
        "item_name": "원목 책장",
        "item_quantity": 1,
        "item_amount": amount,
        **fields,
    }


def a_customer(number: str, **fields: Any) -> dict[str, Any]:
    """One line of customers.csv."""
    return {
        "customer_number": number,
        "name": "이도윤",
        "email": "doyun@mail.example",
        "tel": "010-1234-4821",
        "customer_uid": f"cus_{number}",
        "label": "신한카드",
        "since": AT.isoformat(),
        **fields,
    }


def write_orders(path: Path, *rows: dict[str, Any]) -> Path:
    """orders.csv in `path`."""
    return _write(path / "orders.csv", ORDER_COLUMNS, rows)


def write_customers(path: Path, *rows: dict[str, Any]) -> Path:
    """customers.csv in `path`."""
    return _write(path / "customers.csv", CUSTOMER_COLUMNS, rows)


def _write(path: Path, columns: tuple[str, ...], rows: tuple[dict[str, Any], ...]) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path
