"""Lists of deliveries: give one, see it rehearsed, register it, follow it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.delivery_batches import service
from admin.delivery_batches.exports import result, result_columns, sent_text, why_so
from admin.delivery_batches.forms import ParcelsForm
from admin.delivery_batches.queries import (
    Line,
    Number,
    Tally,
    given_before,
    rows_of,
    select_batches,
    tallies,
    titles_of,
)
from admin.delivery_batches.service import LISTS
from admin.domain.batch import BatchState, RowState
from admin.domain.clock import utc_now
from admin.domain.delivery_batch import MOST_ROWS, ParcelResult
from admin.domain.errors import DomainError, InvalidInput
from admin.domain.escrow import COURIERS
from admin.domain.permissions import Permission
from admin.escrow_orders.rows import courier_name
from admin.models import DeliveryBatch
from admin.web.access import current_actor, requires
from admin.web.batch_lines import title_of
from admin.web.errors import sentence, show_at_field, status_of
from admin.web.filters import count
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import paging
from admin.web.services import gateway_pause
from admin.web.spreadsheet import rows_response

bp = Blueprint("delivery_batches", __name__, url_prefix="/escrow-orders/deliveries")

REFRESH_SECONDS = 3
HELD = (ParcelResult.REGISTERED, ParcelResult.SAME_HELD)
FAILED = (ParcelResult.OTHER_HELD, ParcelResult.NOT_REGISTERED, RowState.REFUSED)


@bp.get("/")
@requires(Permission.DELIVERIES_CREATE, audit="delivery_batches.searched")
def index() -> ResponseReturnValue:
    """Lists, newest first."""
    page = page_of(select_batches(), [DeliveryBatch.id], cursor=request.args.get("cursor"))
    tally = tallies(page.rows)
    return render_template(
        "delivery_batches/index.html",
        page=paging(page),
        rows=[_summary(batch, tally[batch.id]) for batch in page.rows],
    )


@bp.get("/new")
@requires(Permission.DELIVERIES_CREATE)
def new() -> ResponseReturnValue:
    """The form."""
    form = ParcelsForm(formdata=None)
    form.prepare()
    return _form_page(form)


@bp.post("/")
@requires(Permission.DELIVERIES_CREATE)
def create() -> ResponseReturnValue:
    """Rehearse a list."""
    form = ParcelsForm()
    if not form.validate_on_submit():
        return _form_page(form), 422
    try:
        batch = service.rehearse(form.to_command(), actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        show_at_field(form, error, otherwise="lines")
        return _form_page(form), 422
    return redirect(url_for("delivery_batches.show", batch_id=batch.id), 303)


@bp.get("/<int:batch_id>")
@requires(Permission.DELIVERIES_CREATE, audit="delivery_batch.viewed")
def show(batch_id: int) -> ResponseReturnValue:
    """One list, line by line."""
    return _page(batch_id)


@bp.get("/<int:batch_id>/result.<any(csv, xlsx):kind>")
@requires(Permission.DELIVERIES_CREATE, audit="delivery_batch.exported")
def export(batch_id: int, kind: str) -> Response:
    """The result in the order in which the list was given."""
    name = f"{gettext('deliveries')}-{LISTS.get(batch_id).id}"
    return rows_response(kind, name, result_columns(), rows_of(batch_id))


@bp.post("/<int:batch_id>/start/")
@requires(Permission.DELIVERIES_CREATE)
def start(batch_id: int) -> ResponseReturnValue:
    """Register it; `ticked` (repeated) names lines whose invoice number others have."""
    ticked = {int(one) for one in request.form.getlist("ticked") if one.isdecimal()}
    return _change(service.start, batch_id, ticked)


@bp.post("/<int:batch_id>/refusal/")
@requires(Permission.DELIVERIES_CREATE)
def discard(batch_id: int) -> ResponseReturnValue:
    """Throw one's own list away."""
    return _change(service.discard, batch_id)


@bp.post("/<int:batch_id>/stop/")
@requires(Permission.DELIVERIES_CREATE)
def stop(batch_id: int) -> ResponseReturnValue:
    """Register no further parcel."""
    return _change(service.stop, batch_id)


@bp.post("/<int:batch_id>/continuation/")
@requires(Permission.DELIVERIES_CREATE)
def go_on(batch_id: int) -> ResponseReturnValue:
    """Go on from where it stands."""
    return _change(service.go_on, batch_id)


def _change(verb: Callable[..., DeliveryBatch], batch_id: int, *more: Any) -> ResponseReturnValue:
    try:
        verb(batch_id, *more, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(batch_id, error=sentence(error)), status_of(error)
    return redirect(url_for("delivery_batches.show", batch_id=batch_id), 303)


def _form_page(form: ParcelsForm) -> str:
    form.hide_cards()
    return render_template(
        "delivery_batches/new.html",
        form=form,
        most=MOST_ROWS,
        couriers=list(COURIERS.items()),
        pause=gateway_pause(),
    )


def _summary(batch: DeliveryBatch, tally: Tally) -> dict[str, Any]:
    return {
        "batch": batch,
        "title": title_of(batch),
        "href": url_for("delivery_batches.show", batch_id=batch.id),
        "lines": count(tally.lines),
        "end": count(tally.registered),
    }


def _page(batch_id: int, *, error: str = "") -> str:
    batch = LISTS.get(batch_id)
    lines = rows_of(batch_id)
    counts = Counter(result(line) for line in lines)
    waiting = sum(line[0].state is RowState.WAITING for line in lines)
    before = given_before(batch)
    return render_template(
        "delivery_batches/show.html",
        batch=batch,
        title=title_of(batch),
        rows=_rows(lines),
        waiting=waiting,
        asks=counts[ParcelResult.ASKS],
        goes=counts[ParcelResult.GOES],
        blocked=counts[RowState.BLOCKED],
        registered=sum(counts[one] for one in HELD),
        checking=counts[ParcelResult.UNKNOWN],
        failed=sum(counts[one] for one in FAILED),
        began=len(lines) - counts[RowState.BLOCKED] - waiting,
        total=len(lines) - counts[RowState.BLOCKED],
        before=before,
        before_href=url_for("delivery_batches.show", batch_id=before.id) if before else "",
        is_own=batch.created_by_id == current_actor().operator_id,
        wait=REFRESH_SECONDS if batch.state is BatchState.RUNNING else "",
        pause=gateway_pause(),
        error=error,
    )


def _rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    places: dict[Number, list[int]] = defaultdict(list)
    for row, *_ in lines:
        if row.invoice:
            places[row.company, row.invoice].append(row.position)
    listed = {row.payment_id for row, *_ in lines}
    elsewhere = {one for row, *_ in lines for one in row.shared_with} - listed
    titles = titles_of(elsewhere)
    return [_line(line, places, titles) for line in lines]


def _line(line: Line, places: dict[Number, list[int]], titles: dict[int, str]) -> dict[str, Any]:
    row, operation, payment, _ = line
    what = result(line)
    address = url_for("escrow_orders.show", payment_id=payment.id) if payment else ""
    beside = [place for place in places[row.company, row.invoice] if place != row.position]
    return {
        "position": row.position,
        "given": row.given,
        "title": (payment.order_name or payment.merchant_uid) if payment else "",
        "buyer": payment.buyer_name if payment else "",
        "courier": courier_name(row.company),
        "invoice": row.invoice,
        "sent": sent_text(row),
        "state": LABELS[what],
        "why": why_so(line),
        "asks": what is ParcelResult.ASKS,
        "shared": _shared(beside, [titles[one] for one in row.shared_with if one in titles])
        if row.is_shared
        else "",
        "href": url_for("operations.show", operation_id=operation.id) if operation else address,
    }


def _shared(lines: Sequence[int], orders: Sequence[str]) -> str:
    """Who else has the number of a line."""
    said = []
    if lines:
        numbers = ", ".join(map(str, lines))
        said.append(gettext("The same number stands in line %(lines)s.", lines=numbers))
    if orders:
        numbers = ", ".join(orders)
        said.append(gettext("The same number is registered for %(orders)s.", orders=numbers))
    return " ".join(said)
