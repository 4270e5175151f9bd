"""Cash receipts: ReceiptAnnotation and ExternalReceiptAnnotation."""

from __future__ import annotations

from admin.domain.cash_receipt import CashReceipt
from admin.domain.money import Currency
from admin.gateway.wire.fields import Fields


def read_receipt(raw: object, *, subject: str) -> CashReceipt:
    """Read one; `subject` names the field with what it is for: imp_uid or merchant_uid.

    Cash receipts are a Korean slip: amounts are won. Raises GatewayMalformed without its number,
    its kind, its amounts or its time.
    """
    row = Fields(raw, "cash receipt")
    return CashReceipt(
        subject=row.identity(subject),
        apply_num=row.identity("apply_num"),
        kind=row.identity("type"),
        amount=row.money("amount", Currency.KRW),
        vat=row.money("vat", Currency.KRW),
        applied_at=row.moment_at("applied_at"),
        cancelled_at=row.moment("cancelled_at"),
        receipt_tid=row.text("receipt_tid"),
        receipt_url=row.text("receipt_url"),
    )
