"""Everything that happened to one payment, in one line: gateway, operations, staff, notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext

from admin.domain.money import Money
from admin.domain.operation import OperationKind, OperationState
from admin.models import MoneyOperation, Observation, Payment
from admin.web.filters import money_with_unit
from admin.web.labels import LABELS

TONES = {
    OperationState.SUCCEEDED: "money",
    OperationState.SUCCEEDED_LATE: "money",
    OperationState.UNKNOWN: "waiting",
    OperationState.SENDING: "waiting",
    OperationState.HUMAN: "waiting",
    OperationState.MISMATCH: "waiting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `amount` is money that left us."""

    at: datetime
    text: str
    source: str = ""
    tone: str = "looked"
    amount: Money | None = None
    note: str = ""
    href: str = ""


def make_history(payment: Payment, observations: list[Observation]) -> list[Entry]:
    """Every entry of one payment, newest first."""
    entries = [
        *_milestones(payment),
        *[_operation(one) for one in payment.operations],
        *[_observation(one) for one in observations if one.changed != ["*"]],
        *_words(payment),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _milestones(payment: Payment) -> list[Entry]:
    entries = [
        Entry(
            at=payment.started_at,
            text=gettext("Payment requested, %(amount)s", amount=money_with_unit(payment.amount)),
            source="NHN KCP" if (payment.pg_provider or "").startswith("kcp") else "",
        )
    ]
    if payment.vbank_issued_at:
        entries.append(
            Entry(
                at=payment.vbank_issued_at,
                text=gettext("Virtual account issued"),
                source=payment.vbank_name or "",
                tone="waiting",
            )
        )
    if payment.paid_at:
        approval = payment.apply_num or ""
        source = gettext("Approval no. %(number)s", number=approval) if approval else ""
        amount = money_with_unit(payment.amount)
        text = gettext("%(amount)s approved", amount=amount)
        entries.append(Entry(at=payment.paid_at, text=text, source=source, tone="confirmed"))
    if payment.failed_at:
        entries.append(
            Entry(
                at=payment.failed_at,
                text=gettext("Payment failed"),
                source=payment.fail_reason or "",
            )
        )
    ours = {operation.claimed_key for operation in payment.operations}
    entries.extend(
        Entry(
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


def _operation(operation: MoneyOperation) -> Entry:
    words = {
        OperationKind.REFUND: gettext("refund"),
        OperationKind.CHARGE: gettext("Charge of a billing key"),
        OperationKind.DELIVERY: gettext("Delivery registration"),
    }
    state = str(LABELS[operation.state].text)
    refund = operation.kind is OperationKind.REFUND
    return Entry(
        at=operation.settled_at or operation.sent_at or operation.created_at,
        text=f"{words[operation.kind]} · {state}",
        source=f"{operation.created_by} · {operation.reason}".rstrip(" ·"),
        tone=TONES.get(operation.state, "done") if refund else "done",
        amount=operation.amount if refund else None,
        note=operation.note,
        href=url_for("operations.show", operation_id=operation.id),
    )


def _observation(seen: Observation) -> Entry:
    if seen.conflicts:
        text = gettext(
            "The gateway contradicted itself: %(fields)s", fields=", ".join(seen.conflicts)
        )
        tone = "waiting"
    elif seen.stale:
        text, tone = gettext("An older state was answered and not taken over"), "waiting"
    elif seen.changed:
        text, tone = gettext("Looked up, something had changed"), "confirmed"
    else:
        text, tone = gettext("Looked up, nothing had changed"), "looked"
    return Entry(at=seen.seen_at, text=text, source=_source(seen.source), tone=tone)


def _words(payment: Payment) -> list[Entry]:
    notes = [
        Entry(
            at=one.written_at,
            text=gettext("Note"),
            source=one.author,
            tone="done",
            note=one.body,
        )
        for one in payment.notes
    ]
    questions = [
        Entry(
            at=one.created_at,
            text=gettext("Inquiry “%(subject)s”", subject=one.subject),
            source=one.created_by,
            tone="waiting",
            href=url_for("inquiries.show", inquiry_id=one.id),
        )
        for one in payment.inquiries
    ]
    return [*notes, *questions]


def _source(source: str) -> str:
    return {
        "sync": gettext("Regular look-up"),
        "webhook": gettext("Webhook, looked up"),
        "check": gettext("Looked up by staff"),
        "operation": gettext("Looked up around an operation"),
        "reconciliation": gettext("Looked up by a reconciliation"),
    }.get(source, source)
