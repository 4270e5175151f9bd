"""Lists of scheduled charges: by range, and of one customer.

The published description promises a bare array, published clients read a paged object; the
setting `schedule_lists` chooses, paged at first.
"""

from typing import Any

from flask import Blueprint, Response, request

from sandbox.envelope import http_refusal, success
from sandbox.incoming import query_integer
from sandbox.listing import check_page, paged, read_paging
from sandbox.schedule_rows import SELECT, shown
from sandbox.state import sandbox
from sandbox.store import Store

bp = Blueprint("schedule_lists", __name__, url_prefix="/subscribe")

LIST_FORMS = ("paged", "array")
# The longest three months in a row.
LONGEST_WINDOW = 92 * 86_400

_STATUSES = ("scheduled", "executed", "revoked")
_SORTINGS = {
    "scheduled": "schedule_at ASC, schedules.id ASC",
    "-scheduled": "schedule_at DESC, schedules.id DESC",
}


@bp.get("/payments/schedule")
def by_range() -> Response:
    return _listed("schedule_from", "schedule_to")


@bp.get("/payments/schedule/customers/<segment:customer_uid>")
@bp.get("/customers/<segment:customer_uid>/schedules")
def of_customer(customer_uid: str) -> Response:
    return _listed("from", "to", customer_uid)


def list_form(store: Store) -> str:
    """Which of the two shapes lists have at the moment."""
    form: str = store.setting("schedule_lists", LIST_FORMS[0])
    return form


def _listed(since_name: str, until_name: str, customer_uid: str | None = None) -> Response:
    """Newest first; the end of the window does not belong to it."""
    terms, values = _window(since_name, until_name)
    if status := _status():
        terms.append("schedule_status = ?")
        values.append(status)
    if customer_uid is not None:
        terms.append("schedules.customer_uid = ?")
        values.append(customer_uid)
    where = " AND ".join(terms)
    paging = read_paging(default_sorting="-scheduled", sortings=_SORTINGS)
    store = sandbox().store
    with store.reading() as db:
        total = store.counted(f"SELECT count(*) FROM schedules WHERE {where}", tuple(values))
        check_page(paging, total)
        rows = db.execute(
            f"{SELECT} WHERE {where} ORDER BY {_SORTINGS[paging.sorting]} LIMIT ? OFFSET ?",
            (*values, paging.limit, paging.offset),
        ).fetchall()
        schedules = [shown(row) for row in rows]
        form = list_form(store)
    return success(schedules if form == "array" else paged(paging, total, schedules))


def _window(since_name: str, until_name: str) -> tuple[list[str], list[Any]]:
    since, until = query_integer(since_name), query_integer(until_name)
    if since is None or until is None:
        raise http_refusal(400, f"{since_name}, {until_name} 파라메터가 누락되었습니다.")
    if since > until:
        raise http_refusal(400, "조회 시작시각이 종료시각보다 늦습니다.")
    if until - since > LONGEST_WINDOW:
        raise http_refusal(400, "조회기간은 최대 3개월까지 가능합니다.")
    return ["schedule_at >= ?", "schedule_at < ?"], [since, until]


def _status() -> str | None:
    """One list names the filter with a hyphen, the other does not; both take both."""
    status = request.args.get("schedule_status") or request.args.get("schedule-status")
    if status and status not in _STATUSES:
        raise http_refusal(400, "지원되지 않는 상태값입니다.")
    return status or None
