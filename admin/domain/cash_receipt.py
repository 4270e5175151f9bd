"""A cash receipt (현금영수증): the tax office's slip for money that came by transfer or in cash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from admin.domain.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CashReceipt:
    """One cash receipt as the gateway states it. Source: ReceiptAnnotation.

    `subject` is the payment's imp_uid, or the order number of a receipt for money that came
    outside the gateway. `kind` is person (소득공제용) or company (지출증빙용).
    """

    subject: str
    apply_num: str
    kind: str
    amount: Money
    vat: Money
    applied_at: datetime
    cancelled_at: datetime | None = None
    receipt_tid: str | None = None
    receipt_url: str | None = None
