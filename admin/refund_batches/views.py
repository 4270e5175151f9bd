"""Lists of refunds: give one, see it rehearsed, send it, follow it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.wrappers import Response

from admin.domain.batch import BatchState, RowState
from admin.domain.clock import utc_now
from admin.domain.errors import DomainError, InvalidInput
from admin.domain.money import Money
from admin.domain.operation import HAPPENED_STATES, UNCERTAIN_STATES, OperationState
from admin.domain.permissions import Permission
from admin.domain.refund_batch import ALONE_UP_TO, MOST_ROWS
from admin.models import RefundBatch
from admin.refund_batches import service
from admin.refund_batches.exports import Line, outcome, result_columns
from admin.refund_batches.forms import BatchForm
from admin.refund_batches.queries import Tally, outcomes, rows_of, select_batches, tally
from admin.refund_batches.selection import Taken, matching, ticked
from admin.refund_batches.service import LISTS
from admin.web.access import can, current_actor, requires
from admin.web.batch_lines import title_of, why
from admin.web.errors import sentence, show_at_field, status_of
from admin.web.filters import count, money
from admin.web.keyset import page_of
from admin.web.labels import LABELS
from admin.web.links import paging
from admin.web.services import gateway_pause
from admin.web.spreadsheet import rows_response

bp = Blueprint("refund_batches", __name__, url_prefix="/refunds/batches")

REFRESH_SECONDS = 3
DONE = HAPPENED_STATES | {OperationState.ACCEPTED}


@bp.get("/")
@requires(Permission.REFUNDS_BULK, audit="refund_batches.searched")
def index() -> ResponseReturnValue:
    """Lists, newest first."""
    page = page_of(select_batches(), [RefundBatch.id], cursor=request.args.get("cursor"))
    return render_template(
        "refund_batches/index.html",
        page=paging(page),
        rows=[_summary(batch) for batch in page.rows],
    )


@bp.get("/new")
@requires(Permission.REFUNDS_BULK)
def new() -> ResponseReturnValue:
    """The form; `payment` (repeated) fills it from a selection, `all` from what `query` asks."""
    form = BatchForm(formdata=None)
    form.prepare([])
    if "all" not in request.args:
        given = [number for number in request.args.getlist("payment") if number][:MOST_ROWS]
        return _form_page(form, ticked(given) if given else None)
    try:
        taken = matching(request.args.get("query", ""), now=utc_now())
    except InvalidInput as error:
        show_at_field(form, error, otherwise="lines")
        return _form_page(form), 422
    return _form_page(form, taken, has_moved=request.args.get("seen") != taken.seen)


@bp.post("/")
@requires(Permission.REFUNDS_BULK)
def create() -> ResponseReturnValue:
    """Rehearse a list."""
    form = BatchForm()
    if not form.validate_on_submit():
        return _form_page(form), 422
    try:
        batch = service.rehearse(form.to_command(), actor=current_actor(), now=utc_now())
    except InvalidInput as error:
        show_at_field(form, error, otherwise="lines")
        return _form_page(form), 422
    return redirect(url_for("refund_batches.show", batch_id=batch.id), 303)


@bp.get("/<int:batch_id>")
@requires(Permission.REFUNDS_BULK, audit="refund_batch.viewed")
def show(batch_id: int) -> ResponseReturnValue:
    """One list, line by line."""
    return _page(batch_id)


@bp.get("/<int:batch_id>/result.<any(csv, xlsx):kind>")
@requires(Permission.REFUNDS_BULK, audit="refund_batch.exported")
def export(batch_id: int, kind: str) -> Response:
    """The result in the order in which the list was given."""
    name = f"{gettext('refunds')}-{LISTS.get(batch_id).id}"
    return rows_response(kind, name, result_columns(), rows_of(batch_id))


@bp.post("/<int:batch_id>/start/")
@requires(Permission.REFUNDS_BULK)
def start(batch_id: int) -> ResponseReturnValue:
    """Send it, or ask a second person."""
    return _change(service.start, batch_id)


@bp.post("/<int:batch_id>/approval/")
@requires(Permission.REFUNDS_APPROVE)
def approve(batch_id: int) -> ResponseReturnValue:
    """Agree to exactly these lines."""
    return _change(service.approve, batch_id)


@bp.post("/<int:batch_id>/refusal/")
@requires(Permission.REFUNDS_BULK)
def decline(batch_id: int) -> ResponseReturnValue:
    """Say no, or take one's own list back."""
    return _change(service.decline, batch_id)


@bp.post("/<int:batch_id>/stop/")
@requires(Permission.REFUNDS_BULK)
def stop(batch_id: int) -> ResponseReturnValue:
    """Send no further line."""
    return _change(service.stop, batch_id)


@bp.post("/<int:batch_id>/continuation/")
@requires(Permission.REFUNDS_BULK)
def go_on(batch_id: int) -> ResponseReturnValue:
    """Go on from where it stands."""
    return _change(service.go_on, batch_id)


def _change(verb: Callable[..., RefundBatch], batch_id: int) -> ResponseReturnValue:
    try:
        verb(batch_id, actor=current_actor(), now=utc_now())
    except DomainError as error:
        return _page(batch_id, error=sentence(error)), status_of(error)
    return redirect(url_for("refund_batches.show", batch_id=batch_id), 303)


def _form_page(form: BatchForm, taken: Taken | None = None, *, has_moved: bool = False) -> str:
    if taken is not None:
        form.lines.data = "\n".join(taken.numbers)
    return render_template(
        "refund_batches/new.html",
        form=form,
        taken=taken,
        has_moved=has_moved,
        most=MOST_ROWS,
        alone=ALONE_UP_TO,
        pause=gateway_pause(),
    )


def _page(batch_id: int, *, error: str = "") -> str:
    batch = LISTS.get(batch_id)
    lines, counts = rows_of(batch_id), tally(batch_id)
    waiting = counts.get(RowState.WAITING)
    own = batch.created_by_id == current_actor().operator_id
    return render_template(
        "refund_batches/show.html",
        batch=batch,
        title=title_of(batch),
        rows=[_line(line) for line in lines],
        waiting=waiting,
        blocked=counts.get(RowState.BLOCKED),
        ended=_ended(outcomes(batch_id)),
        asks_second=waiting is not None and waiting.count > ALONE_UP_TO,
        is_own=own,
        may_decide=not own and can(Permission.REFUNDS_APPROVE.value),
        wait=REFRESH_SECONDS if batch.state is BatchState.RUNNING else "",
        pause=gateway_pause(),
        error=error,
    )


def _line(line: Line) -> dict[str, Any]:
    row, operation, payment = line
    return {
        "position": row.position,
        "given": row.given,
        "payment": payment,
        "amount": row.amount,
        "state": LABELS[operation.state if operation else row.state],
        "outcome": outcome(line),
        "why": why(row, operation),
        "href": url_for("operations.show", operation_id=operation.id) if operation else "",
    }


def _ended(states: dict[OperationState, Tally]) -> dict[str, int]:
    """What became of the lines that were sent, in three words."""
    done = sum(one.count for state, one in states.items() if state in DONE)
    unknown = sum(one.count for state, one in states.items() if state in UNCERTAIN_STATES)
    every = sum(one.count for one in states.values())
    return {"done": done, "unknown": unknown, "other": every - done - unknown}


def _summary(batch: RefundBatch) -> dict[str, Any]:
    counts = tally(batch.id)
    return {
        "batch": batch,
        "title": title_of(batch),
        "href": url_for("refund_batches.show", batch_id=batch.id),
        "lines": count(sum(one.count for one in counts.values())),
        "end": money(sum((one.amount for one in counts.values()), Money(0))),
    }
