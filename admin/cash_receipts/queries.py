"""Which payments the gateway is to be asked about."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.models import CashReceipt, Payment, db
from admin.models.payment import CASH_RECEIPT

ASK_AGAIN = timedelta(days=1)
GIVE_UP = timedelta(days=7)  # after the first look


def find_unlearned(*, most: int, now: datetime) -> list[sa.Row[int, str]]:
    """Keys and gateway numbers of payments with a receipt whose number is not known yet.

    Those never asked about come first, the newest of them before the others; behind them those
    for which the gateway told of no number, a day after it was asked and for a week.
    """
    asked = sa.select(CashReceipt.payment_id).where(CashReceipt.payment_id == Payment.id)
    wanted = sa.select(Payment.id, Payment.imp_uid).where(CASH_RECEIPT)
    new = wanted.where(~asked.exists()).order_by(Payment.id.desc()).limit(most)
    found = list(db.session.execute(new))
    again = (
        wanted.join(CashReceipt, CashReceipt.payment_id == Payment.id)
        .where(
            CashReceipt.apply_num.is_(None),
            CashReceipt.looked_at <= now - ASK_AGAIN,
            CashReceipt.first_looked_at > now - GIVE_UP,
        )
        .order_by(CashReceipt.looked_at)
        .limit(most - len(found))
    )
    return [*found, *db.session.execute(again)]
