"""What the buyer of an escrow order decided."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from admin.domain.escrow import RULES, Decision
from admin.models import Payment
from admin.payments.history.entry import Entry, Origin
from admin.web.filters import kst_day
from admin.web.labels import LABELS


def decisions(payment: Payment) -> list[Entry]:
    """What the buyer of an escrow order decided, as it was recorded."""
    order = payment.escrow_order if payment.escrow else None
    if order is None:
        return []
    href = url_for("escrow_orders.show", payment_id=payment.id, _anchor="decision")
    entries = []
    for one in order.decisions:
        text = f"{LABELS[one.decision]} · {kst_day(one.decided_on)}"
        if one.corrects_id is not None:
            text = gettext("Corrected: %(what)s", what=text)
        by_rule = one.evidence in RULES
        entries.append(
            Entry(
                origin=Origin.HOUSE if by_rule else Origin.STAFF,
                at=one.created_at,
                text=text,
                source=" · ".join(
                    filter(None, ("" if by_rule else one.recorded_by, str(LABELS[one.evidence])))
                ),
                tone="waiting" if one.decision is Decision.DENIED else "confirmed",
                note="" if by_rule else one.note,
                href=href,
            )
        )
    return entries
