"""The result of a list, line by line as it was given."""

from __future__ import annotations

from enum import Enum

from flask_babel import gettext

from admin.delivery_batches.queries import Line
from admin.domain.batch import BatchState, RowState
from admin.domain.clock import KST
from admin.domain.delivery_batch import ParcelResult, parcel_result
from admin.escrow_orders.rows import courier_name
from admin.models import DeliveryBatchRow
from admin.web.batch_lines import settled, why
from admin.web.labels import LABELS
from admin.web.spreadsheet import Column


def result_columns() -> list[Column[Line]]:
    """The line as given, what became of its parcel, and why."""
    return [
        Column(gettext("Line"), lambda one: one[0].position),
        Column(gettext("As given"), lambda one: one[0].given),
        Column(gettext("Order no."), lambda one: one[2].merchant_uid if one[2] else ""),
        Column(gettext("Payment id"), lambda one: one[2].imp_uid if one[2] else ""),
        Column(gettext("Courier"), lambda one: courier_name(one[0].company)),
        Column(gettext("Invoice no."), lambda one: one[0].invoice),
        Column(f"{gettext('Sent')} (KST +09:00)", lambda one: sent_text(one[0])),
        Column(gettext("Outcome"), lambda one: str(LABELS[result(one)].text)),
        Column(gettext("Why"), why_so),
        Column(gettext("Operation"), lambda one: one[0].operation_id or ""),
        Column(f"{gettext('Settled')} (KST +09:00)", lambda one: settled(one[1])),
    ]


def result(line: Line) -> Enum:
    """What would become of a line, or became of it."""
    row, operation, _, delivery = line
    if operation is not None:
        held = delivery.notice() if delivery is not None else None
        return parcel_result(operation.state, ours=row.notice(), held=held)
    if row.state is RowState.WAITING and row.batch.state is BatchState.REHEARSED:
        return ParcelResult.ASKS if row.is_shared else ParcelResult.GOES
    return row.state


def why_so(line: Line) -> str:
    """Why a parcel was not registered, or which one is; "" when ours was."""
    row, operation, _, delivery = line
    became = result(line)
    if delivery is not None and became is ParcelResult.OTHER_HELD:
        parcel = f"{courier_name(delivery.company)} {delivery.invoice}"
        return gettext("KCP holds %(parcel)s for this order.", parcel=parcel)
    if operation is not None and became is ParcelResult.NOT_REGISTERED:
        return operation.outcome or str(LABELS[operation.state].text)
    return why(row, operation)


def sent_text(row: DeliveryBatchRow) -> str:
    """When the parcel left, in Korean time; "" where the line could not be read."""
    return row.sent_at.astimezone(KST).strftime("%Y-%m-%d %H:%M") if row.sent_at else ""
