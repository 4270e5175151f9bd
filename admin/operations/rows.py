"""Operations as ready texts for lists."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for

from admin.domain.operation import OperationKind
from admin.models import MoneyOperation
from admin.web.filters import kst, money
from admin.web.labels import LABELS, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """One operation, every text ready."""

    href: str
    day: str
    time: str
    full_time: str
    kind: str
    status: Label
    subject: str
    order_number: str
    who: str
    reason: str
    amount: str


def make_row(operation: MoneyOperation, subject: str = "") -> OperationRow:
    """One operation as texts; `subject` is what was bought."""
    refund = operation.kind is OperationKind.REFUND
    amount = operation.amount
    if amount is not None and refund:
        amount = -amount
    return OperationRow(
        href=url_for("operations.show", operation_id=operation.id),
        day=kst(operation.created_at, "day"),
        time=kst(operation.created_at, "time"),
        full_time=kst(operation.created_at, "full"),
        kind=str(LABELS[operation.kind].text),
        status=LABELS[operation.state],
        subject=subject
        or operation.reason
        or operation.merchant_uid
        or operation.customer_uid
        or operation.id,
        order_number=operation.merchant_uid or "",
        who=operation.created_by,
        reason=operation.reason,
        amount=money(amount),
    )
