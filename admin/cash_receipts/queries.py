"""Which payments the gateway is to be asked about."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.models import CashReceipt, Payment, db
from admin.models.cash_receipt import OUTDATED
from admin.models.payment import CASH_RECEIPT

ASK_AGAIN = timedelta(days=1)
GIVE_UP = timedelta(days=7)  # after the first look


def find_unlearned(*, most: int, now: datetime) -> list[sa.Row[int, str]]:
    """Keys and gateway numbers of payments whose cash receipt is to be asked for.

    Those whose receipt was issued or revoked since it was told come first, then those never asked
    about, the newest before the others; behind them those for which the gateway told of no number,
    a day after it was asked and for a week.
    """
    outdated = (
        sa.select(Payment.id, Payment.imp_uid)
        .join(CashReceipt, CashReceipt.payment_id == Payment.id)
        .where(OUTDATED)
        .order_by(Payment.id.desc())
        .limit(most)
    )
    found = list(db.session.execute(outdated))
    asked = sa.select(CashReceipt.payment_id).where(CashReceipt.payment_id == Payment.id)
    wanted = sa.select(Payment.id, Payment.imp_uid).where(CASH_RECEIPT)
    new = wanted.where(~asked.exists()).order_by(Payment.id.desc())
    found += db.session.execute(new.limit(most - len(found)))
    again = (
        wanted.join(CashReceipt, CashReceipt.payment_id == Payment.id)
        .where(
            CashReceipt.apply_num.is_(None),
            CashReceipt.outdated.is_(False),
            CashReceipt.looked_at <= now - ASK_AGAIN,
            CashReceipt.first_looked_at > now - GIVE_UP,
        )
        .order_by(CashReceipt.looked_at)
        .limit(most - len(found))
    )
    return [*found, *db.session.execute(again)]
