"""The columns of an export of payments. What is filtered is what is got."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_babel import gettext

from admin.domain.clock import KST
from admin.models import Payment
from admin.payments.rows import shown_method
from admin.web.filters import mask_email, mask_name, mask_phone
from admin.web.labels import LABELS
from admin.web.spreadsheet import Cell, Column


def payment_columns(*, now: datetime) -> list[Column[Payment]]:
    """Headings in the reader's language, times in Korean time, personal data masked."""
    return [
        Column(gettext("Order no."), lambda one: one.merchant_uid),
        Column(gettext("Payment id"), lambda one: one.imp_uid),
        Column(gettext("Status"), lambda one: str(LABELS[one.state(now)].text)),
        Column(gettext("Order"), lambda one: one.order_name or ""),
        Column(gettext("Buyer"), lambda one: mask_name(one.buyer_name)),
        Column(gettext("Phone"), lambda one: mask_phone(one.buyer_tel)),
        Column(gettext("Email"), lambda one: mask_email(one.buyer_email)),
        Column(gettext("Method"), shown_method),
        Column(gettext("Approval no."), lambda one: one.apply_num or ""),
        Column(gettext("Amount"), lambda one: one.amount_minor),
        Column(gettext("Cancelled"), lambda one: one.cancelled_minor),
        Column(gettext("Left"), lambda one: one.cancellable.minor),
        Column(gettext("Currency"), lambda one: one.currency.value),
        Column(gettext("Escrow"), lambda one: "Y" if one.escrow else ""),
        Column(gettext("Test"), lambda one: "Y" if one.sandbox else ""),
        Column(_kst(gettext("Requested")), _moment(lambda one: one.started_at)),
        Column(_kst(gettext("Approved")), _moment(lambda one: one.paid_at)),
        Column(_kst(gettext("Cancelled at")), _moment(lambda one: one.cancelled_at)),
        Column(gettext("Cancel reason"), lambda one: one.cancel_reason or ""),
        Column(gettext("Failure"), lambda one: one.fail_reason or ""),
    ]


def _kst(heading: str) -> str:
    return f"{heading} (KST +09:00)"


def _moment(read: Callable[[Payment], datetime | None]) -> Callable[[Payment], Cell]:
    def value(payment: Payment) -> Cell:
        moment = read(payment)
        return moment.astimezone(KST).strftime("%Y-%m-%d %H:%M:%S") if moment else ""

    return value
