"""Operations as ready texts for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext

from admin.domain.money import Money
from admin.domain.operation import OperationKind
from admin.models import MoneyOperation
from admin.operations.queries import GivenBack
from admin.web.filters import kst, money, money_with_unit
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


def tell_given_back(entries: Sequence[GivenBack], *, left: Money) -> str:
    """Who gave what back meanwhile, and what is left; "" when nobody did."""
    if not entries:
        return ""
    told = [_told(entry) for entry in entries]
    return " ".join([*told, gettext("%(left)s is left.", left=money_with_unit(left))])


def _told(entry: GivenBack) -> str:
    amount, time = money_with_unit(entry.amount), kst(entry.at)
    if entry.who:
        return gettext(
            "%(who)s gave back %(amount)s at %(time)s.", who=entry.who, amount=amount, time=time
        )
    return gettext(
        "%(amount)s was given back outside Jangbu at %(time)s (%(reason)s).",
        amount=amount,
        time=time,
        reason=entry.reason,
    )
