"""Lists of payments: filters, windows, sorting and pages, at any size of the table.

Every query goes through an index that covers it; the rows themselves are read for one page
only. A wide window is walked in the order of the sort, a narrow one is sorted.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import request

from sandbox.envelope import NO_PAYMENT, http_refusal
from sandbox.incoming import query_integer
from sandbox.payment_rows import Payment, read_payments
from sandbox.store import Store

STATUSES = ("ready", "paid", "cancelled", "failed")
LONGEST_WINDOW = 90 * 86_400
DEFAULT_LIMIT = 20
LARGEST_LIMIT = 1_000

_SORTINGS = {
    f"{sign}{word}": f"{column} {order}, id {order}"
    for word, column in (("started", "started_at"), ("paid", "paid_at"), ("updated", "updated_at"))
    for sign, order in (("", "ASC"), ("-", "DESC"))
}
# The column a window is held against depends on what the row became.
_TIME_COLUMN = {
    "all": "started_at",
    "ready": "started_at",
    "paid": "paid_at",
    "cancelled": "cancelled_at",
    "failed": "failed_at",
}
_TIME_INDEX = {
    "all": "payments_started",
    "ready": "payments_walk",
    "paid": "payments_paid",
    "cancelled": "payments_cancelled",
    "failed": "payments_failed",
}
# Sorting a row costs about six times as much as passing one by, so a window that holds more
# than a sixth of the table is walked.
_WIDE = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page of how many rows in what order."""

    page: int
    limit: int
    sorting: str

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Rows to list: conditions, their values, and the indexes that serve them."""

    where: str
    values: tuple[Any, ...]
    count_by: str
    walks: Mapping[str, str] = field(default_factory=dict)  # the index in the order of each sorting


def read_paging(
    *, default_sorting: str = "-started", sortings: Mapping[str, str] = _SORTINGS
) -> Paging:
    """page, limit and sorting from the query string; 400 when one makes no sense."""
    page = query_integer("page")
    limit = query_integer("limit")
    page = 1 if page is None else page
    limit = DEFAULT_LIMIT if limit is None else limit
    if page < 1:
        raise http_refusal(400, "page 파라메터는 1 이상이어야 합니다.")
    if not 1 <= limit <= LARGEST_LIMIT:
        raise http_refusal(400, f"limit 파라메터는 1 ~ {LARGEST_LIMIT} 사이여야 합니다.")
    return Paging(page=page, limit=limit, sorting=read_sorting(default_sorting, sortings))


def read_sorting(default: str = "-started", sortings: Mapping[str, str] = _SORTINGS) -> str:
    sorting = request.args.get("sorting") or default
    if sorting not in sortings:
        raise http_refusal(400, "지원되지 않는 정렬값입니다.")
    return sorting


def order_by(sorting: str) -> str:
    """The ORDER BY terms of a sorting word; rows of one second keep a fixed order."""
    return _SORTINGS[sorting]


def window(status: str, *, now: int) -> Selection:
    """The rows of a status list between `from` and `to`, both inclusive."""
    since, until = query_integer("from"), query_integer("to")
    until = now if until is None else until
    since = until - LONGEST_WINDOW if since is None else since
    if since > until:
        raise http_refusal(400, "조회 시작시각이 종료시각보다 늦습니다.")
    if until - since > LONGEST_WINDOW:
        raise http_refusal(400, "조회기간은 최대 90일까지 가능합니다.")
    column = _TIME_COLUMN[status]
    terms = [f"{column} BETWEEN ? AND ?"]
    if status != "all":
        # Written out, not bound: a partial index is only used when the term is a literal.
        terms.insert(0, f"status = '{status}'")
    if column != "started_at":
        terms.append(f"{column} > 0")
    return Selection(
        where=" AND ".join(terms),
        values=(since, until),
        count_by=_TIME_INDEX[status],
        walks={"started": "payments_started"}
        if status == "all"
        else {"started": "payments_walk", "updated": "payments_updated"},
    )


def page_of(
    store: Store, selection: Selection, paging: Paging, *, none_is_404: bool = False
) -> dict[str, Any]:
    """One page as the gateway writes it; 400 past the data, `next` 0 on the last page."""
    with store.reading() as db:
        return _page(db, store, selection, paging, none_is_404=none_is_404)


def check_page(paging: Paging, total: int) -> None:
    """400 past the data; the first page may be empty."""
    if paging.offset >= total and paging.page > 1:
        raise http_refusal(400, "조회할 수 있는 페이지를 초과하였습니다.")


def paged(paging: Paging, total: int, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """One page as the gateway writes it; `next` is 0 on the last."""
    return {
        "total": total,
        "previous": paging.page - 1,
        "next": paging.page + 1 if paging.offset + paging.limit < total else 0,
        "list": rows,
    }


def _page(
    db: sqlite3.Connection,
    store: Store,
    selection: Selection,
    paging: Paging,
    *,
    none_is_404: bool,
) -> dict[str, Any]:
    # Whoever walks the pages of one window asks for the same count again and again.
    total = store.counted(
        f"SELECT count(*) FROM payments INDEXED BY {selection.count_by} WHERE {selection.where}",
        selection.values,
    )
    if total == 0 and none_is_404:
        raise http_refusal(404, NO_PAYMENT)
    check_page(paging, total)
    return paged(paging, total, _rows(db, selection, paging, total))


def _rows(
    db: sqlite3.Connection, selection: Selection, paging: Paging, total: int
) -> list[Payment]:
    index = selection.count_by
    if _is_wide(db, total):
        index = selection.walks.get(paging.sorting.removeprefix("-"), index)
    order = order_by(paging.sorting)
    ids = [
        row[0]
        for row in db.execute(
            f"SELECT id FROM payments INDEXED BY {index} WHERE {selection.where}"
            f" ORDER BY {order} LIMIT ? OFFSET ?",
            (*selection.values, paging.limit, paging.offset),
        )
    ]
    marks = ", ".join("?" * len(ids))
    rows = db.execute(
        f"SELECT * FROM payments WHERE id IN ({marks}) ORDER BY {order}", ids
    ).fetchall()
    return read_payments(db, rows)


def _is_wide(db: sqlite3.Connection, total: int) -> bool:
    highest: tuple[int | None] = db.execute("SELECT max(id) FROM payments").fetchone()
    return total * _WIDE > (highest[0] or 0)
