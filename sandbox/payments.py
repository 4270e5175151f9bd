"""Reading payments: one, many, by order number, by status."""

from flask import Blueprint, Response, request

from sandbox.envelope import NO_PAYMENT, http_refusal, success
from sandbox.incoming import boolean, query_values
from sandbox.listing import (
    STATUSES,
    Selection,
    order_by,
    page_of,
    read_paging,
    read_sorting,
    window,
)
from sandbox.payment_rows import find_payment, read_payments
from sandbox.state import sandbox
from sandbox.store import Row

bp = Blueprint("payments", __name__, url_prefix="/payments")

MOST_AT_ONCE = 100
BAD_STATUS = "지원되지 않는 상태값입니다."
# A client library writes this when its caller leaves the status out.
_LEFT_OUT = "undefined"


@bp.get("/<segment:imp_uid>")
def one(imp_uid: str) -> Response:
    """Payments through a test channel stay hidden unless include_sandbox is true."""
    with sandbox().store.reading() as db:
        row = find_payment(db, imp_uid)
        if row is None or (row["sandbox"] and not _wants_sandbox(default=False)):
            raise http_refusal(404, NO_PAYMENT)
        return success(read_payments(db, [row])[0])


@bp.get("/")
def many() -> Response:
    """Up to 100 by id: 207 when some are missing, 404 when all are."""
    imp_uids, merchant_uids = query_values("imp_uid"), query_values("merchant_uid")
    asked = len(imp_uids) + len(merchant_uids)
    if not asked:
        raise http_refusal(400, "imp_uid[] 또는 merchant_uid[] 파라메터가 누락되었습니다.")
    if asked > MOST_AT_ONCE:
        raise http_refusal(400, f"한 번에 최대 {MOST_AT_ONCE}건까지 조회할 수 있습니다.")
    with sandbox().store.reading() as db:
        rows = [find_payment(db, imp_uid) for imp_uid in imp_uids]
        rows += [_newest(merchant_uid) for merchant_uid in merchant_uids]
        found = {row["id"]: row for row in rows if row is not None and _is_listed(row)}
        if not found:
            raise http_refusal(404, NO_PAYMENT)
        whole = all(row is not None and _is_listed(row) for row in rows)
        return success(read_payments(db, list(found.values())), 200 if whole else 207)


@bp.get("/find/<segment:merchant_uid>")
@bp.get("/find/<segment:merchant_uid>/<segment:status>")
def find(merchant_uid: str, status: str | None = None) -> Response:
    """The first of an order number's payments under the sorting, newest by default."""
    selection = _by_order_number(merchant_uid, status)
    with sandbox().store.reading() as db:
        row = db.execute(
            f"SELECT * FROM payments WHERE {selection.where}"
            f" ORDER BY {order_by(read_sorting())} LIMIT 1",
            selection.values,
        ).fetchone()
        if row is None:
            raise http_refusal(404, NO_PAYMENT)
        return success(read_payments(db, [row])[0])


@bp.get("/findAll/<segment:merchant_uid>")
@bp.get("/findAll/<segment:merchant_uid>/<segment:status>")
def find_all(merchant_uid: str, status: str | None = None) -> Response:
    selection, paging = _by_order_number(merchant_uid, status), read_paging()
    return success(page_of(sandbox().store, selection, paging, none_is_404=True))


@bp.get("/status/<segment:status>")
def by_status(status: str) -> Response:
    if status not in (*STATUSES, "all"):
        raise http_refusal(400, BAD_STATUS)
    parts = sandbox()
    paging = read_paging()
    selection = _without_sandbox(window(status, now=parts.clock.now()))
    return success(page_of(parts.store, selection, paging))


def _by_order_number(merchant_uid: str, status: str | None) -> Selection:
    where, values = "merchant_uid = ?", (merchant_uid,)
    if status and status != _LEFT_OUT:
        if status not in STATUSES:
            raise http_refusal(400, BAD_STATUS)
        where += f" AND status = '{status}'"
    return _without_sandbox(Selection(where=where, values=values, count_by="payments_merchant_uid"))


def _newest(merchant_uid: str) -> Row | None:
    with sandbox().store.reading() as db:
        row: Row | None = db.execute(
            "SELECT * FROM payments WHERE merchant_uid = ? ORDER BY started_at DESC, id DESC",
            (merchant_uid,),
        ).fetchone()
    return row


def _wants_sandbox(*, default: bool) -> bool:
    return boolean(request.args.get("include_sandbox"), default=default)


def _is_listed(row: Row) -> bool:
    return not row["sandbox"] or _wants_sandbox(default=True)


def _without_sandbox(selection: Selection) -> Selection:
    """Lists know no include_sandbox by document: test rows are in, unless told false."""
    if _wants_sandbox(default=True):
        return selection
    return Selection(
        where=f"{selection.where} AND sandbox = 0",
        values=selection.values,
        count_by=selection.count_by,
        walks=selection.walks,
    )
