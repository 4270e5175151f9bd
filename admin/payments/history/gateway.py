"""What the gateway says happened, and what each look at it found."""

from __future__ import annotations

from collections.abc import Mapping

from flask import url_for
from flask_babel import gettext

from admin.domain.money import Money
from admin.models import Observation, Payment
from admin.payments.around import Around
from admin.payments.facts import field_names
from admin.payments.history.entry import Entry, Origin
from admin.web.filters import money_with_unit

MOST_FIELDS = 4  # names of changed fields beside one look


def milestones(payment: Payment) -> list[Entry]:
    """Asked for, approved, failed, and taken back by others than us, as the payment itself says."""
    entries = [
        Entry(
            origin=Origin.GATEWAY,
            at=payment.started_at,
            text=gettext("Payment requested, %(amount)s", amount=money_with_unit(payment.amount)),
            source="NHN KCP" if (payment.pg_provider or "").startswith("kcp") else "",
        )
    ]
    if payment.vbank_issued_at:
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.vbank_issued_at,
                text=gettext("Virtual account issued"),
                source=payment.vbank_name or "",
                tone="waiting",
            )
        )
    if payment.paid_at:
        number = payment.apply_num
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.paid_at,
                text=gettext("%(amount)s approved", amount=money_with_unit(payment.amount)),
                source=gettext("Approval no. %(number)s", number=number) if number else "",
                tone="confirmed",
            )
        )
    if payment.failed_at:
        entries.append(
            Entry(
                origin=Origin.GATEWAY,
                at=payment.failed_at,
                text=gettext("Payment failed"),
                source=payment.fail_reason or "",
            )
        )
    ours = {operation.claimed_key for operation in payment.operations}
    entries.extend(
        Entry(
            origin=Origin.GATEWAY,
            at=one.cancelled_at,
            text=gettext("cancelled at the gateway"),
            source=one.reason,
            tone="money",
            amount=Money(one.amount_minor, payment.currency),
        )
        for one in payment.cancellations
        if one.key not in ours
    )
    return entries


def looks(payment: Payment, around: Around) -> list[Entry]:
    """The looks after the first; each that changed something leads to what it changed."""
    names, seen = field_names(), around.observations
    lookers = {one.at: one.actor for one in around.acts if one.action == "payment.checked"}
    return [
        _look(payment, before, one, looker=lookers.get(one.seen_at, ""), names=names)
        for before, one in zip([None, *seen], seen, strict=False)
        if one.changed != ["*"]
    ]


def source_word(source: str) -> str:
    """Who looked, for a word of the observations."""
    return {
        "sync": gettext("Regular look-up"),
        "webhook": gettext("Webhook, looked up"),
        "check": gettext("Looked up by staff"),
        "operation": gettext("Looked up around an operation"),
        "reconciliation": gettext("Looked up by a reconciliation"),
    }.get(source, source)


def _look(
    payment: Payment,
    before: Observation | None,
    seen: Observation,
    *,
    looker: str,
    names: Mapping[str, str],
) -> Entry:
    href, fields = "", ""
    if seen.conflicts:
        text = gettext(
            "The gateway contradicted itself: %(fields)s",
            fields=", ".join(names.get(one, one) for one in seen.conflicts),
        )
        tone = "waiting"
    elif seen.stale:
        text, tone = gettext("An older state was answered and not taken over"), "waiting"
    elif seen.changed:
        text, tone = gettext("Looked up, something had changed"), "confirmed"
        a = before.id if before else "first"
        href = url_for("payments.looks", payment_id=payment.id, a=a, b=seen.id)
        fields = ", ".join(names.get(one, one) for one in seen.changed[:MOST_FIELDS])
        fields += " …" if len(seen.changed) > MOST_FIELDS else ""
    else:
        text, tone = gettext("Looked up, nothing had changed"), "looked"
    source = " · ".join(filter(None, (source_word(seen.source), looker, fields)))
    return Entry(
        origin=Origin.GATEWAY, at=seen.seen_at, text=text, source=source, tone=tone, href=href
    )
