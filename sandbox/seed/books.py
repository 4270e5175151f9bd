"""The shop's own books as files: orders with their lines, customers with their keys.

CSV in UTF-8 with a byte order mark, so that a spreadsheet opens it as it is. `planted.json`
lists every place where the books and the gateway were made to disagree.
"""

import csv
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from sandbox.clock import in_kst
from sandbox.seed.orders import Order
from sandbox.seed.planted import Planted
from sandbox.seed.subscriptions import Subscriber

ORDER_COLUMNS = (
    "order_number", "ordered_at", "order_name", "buyer_name", "buyer_email", "buyer_tel",
    "currency", "pay_method", "believed_status", "believed_amount", "believed_cancelled",
    "paid_at", "imp_uid", "escrow", "item_order_number", "item_name", "item_quantity",
    "item_amount",
)  # fmt: skip
CUSTOMER_COLUMNS = (
    "customer_number", "name", "email", "tel", "customer_uid", "label", "since",
)  # fmt: skip


class BookWriter:
    """Writes the three files day by day; a context manager that closes them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._planted: list[dict[str, Any]] = []
        self._orders = _open(folder / "orders.csv")
        csv.writer(self._orders).writerow(ORDER_COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._orders.close()
        if error is None:
            text = json.dumps(self._planted, ensure_ascii=False, indent=1)
            (self._folder / "planted.json").write_text(f"{text}\n", encoding="utf-8")

    def add_customers(self, subscribers: Iterable[Subscriber]) -> None:
        with _open(self._folder / "customers.csv") as file:
            writer = csv.writer(file)
            writer.writerow(CUSTOMER_COLUMNS)
            for subscriber in subscribers:
                person = subscriber.person
                writer.writerows(
                    (
                        f"C{subscriber.number:04d}", person.name, person.email, person.tel,
                        key.customer_uid, f"{key.label} ({key.card['card_name']})",
                        _written(key.since),
                    )
                    for key in subscriber.keys
                )  # fmt: skip

    def add_day(self, orders: Iterable[Order], planted: Iterable[Planted]) -> None:
        self._orders.write("".join([_order_lines(order) for order in orders if order.in_books]))
        self._planted += [item.entry() for item in planted]


def _order_lines(order: Order) -> str:
    """CSV of one order. What a shop sells and who buys it needs no quotes, so there are none;
    a writer that looks for such cells takes longer than making the order does."""
    believed, buyer = order.believed(), order.buyer
    row = order.last.row if order.attempts else None
    common = (
        f"{order.number},{_written(order.ordered_at)},{order.name},{buyer.name},{buyer.email},"
        f"{buyer.tel},KRW,{row['pay_method'] if row else 'card'},{believed.status},"
        f"{believed.amount},{believed.cancelled},{_written(believed.paid_at)},"
        f"{believed.imp_uid},{'true' if row and row['escrow'] else 'false'},{order.number}"
    )
    lines = ""
    for number, line in enumerate(order.lines, start=1):
        lines += f"{common}-{number},{line.name},{line.quantity},{line.amount}\r\n"
    return lines


def _written(moment: int) -> str:
    """ISO 8601 with +09:00; empty when it never happened."""
    if not moment:
        return ""
    day, second = divmod(moment + 9 * 3_600, 86_400)
    return f"{_date(day)}T{_clock(second // 60)}:{second % 60:02d}+09:00"


@lru_cache(maxsize=400)
def _date(day: int) -> str:
    return in_kst(day * 86_400).date().isoformat()


@lru_cache(maxsize=1_440)
def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _open(path: Path) -> IO[str]:
    # The mark is written by hand: the codec that does it runs in Python at every write.
    file = path.open("w", encoding="utf-8", newline="")
    file.write("\ufeff")
    return file
