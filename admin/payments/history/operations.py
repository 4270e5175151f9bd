"""What was asked of the gateway, what became of it, and what people said about it."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from admin.domain.approval import SecondWord
from admin.domain.operation import OperationKind, OperationState
from admin.models import Approval, Closure, MoneyOperation
from admin.payments.history.entry import Entry, Origin
from admin.web.labels import LABELS

TONES = {
    OperationState.SUCCEEDED: "money",
    OperationState.SUCCEEDED_LATE: "money",
    OperationState.UNKNOWN: "waiting",
    OperationState.SENDING: "waiting",
    OperationState.HUMAN: "waiting",
    OperationState.MISMATCH: "waiting",
}


def tell_operation(operation: MoneyOperation) -> list[Entry]:
    """What became of it, and each word that a second person said about it."""
    words = {
        OperationKind.REFUND: gettext("refund"),
        OperationKind.CHARGE: gettext("Charge of a billing key"),
        OperationKind.KEY_IN: gettext("Payment of a card typed here"),
        OperationKind.DELIVERY: gettext("Delivery registration"),
    }
    kind = words.get(operation.kind) or str(LABELS[operation.kind])
    state = str(LABELS[operation.state].text)
    refund = operation.kind is OperationKind.REFUND
    outcome = Entry(
        origin=Origin.OPERATION,
        at=operation.settled_at or operation.sent_at or operation.created_at,
        text=f"{kind} · {state}",
        source=f"{operation.created_by} · {operation.reason}".rstrip(" ·"),
        tone=TONES.get(operation.state, "done") if refund else "done",
        amount=operation.amount if refund else None,
        note=operation.note,
        href=url_for("operations.show", operation_id=operation.id),
    )
    entries = [outcome]
    if operation.approval is not None:
        entries += _second_word(operation, operation.approval, kind)
    for closure in operation.closures:
        entries += _closure(closure, kind, outcome.href)
    return entries


def _second_word(operation: MoneyOperation, approval: Approval, kind: str) -> list[Entry]:
    entries = [
        Entry(
            origin=Origin.STAFF,
            at=operation.created_at,
            text=gettext("%(what)s · a second person was asked", what=kind),
            source=f"{operation.created_by} · {LABELS[approval.cause]}",
            tone="waiting",
        )
    ]
    if approval.decided_at is not None and approval.word is not SecondWord.AWAITED:
        entries.append(
            Entry(
                origin=Origin.STAFF,
                at=approval.decided_at,
                text=f"{kind} · {LABELS[approval.word]}",
                source=approval.decided_by,
                tone="done",
                note=approval.note,
            )
        )
    return entries


def _closure(closure: Closure, kind: str, href: str) -> list[Entry]:
    claim = str(LABELS[closure.claim])
    entries = [
        Entry(
            origin=Origin.STAFF,
            at=closure.proposed_at,
            text=gettext("%(what)s · somebody says: %(claim)s", what=kind, claim=claim),
            source=closure.proposed_by,
            tone="waiting",
            note=closure.note,
            href=href,
        )
    ]
    if closure.decided_at is not None:
        entries.append(
            Entry(
                origin=Origin.STAFF,
                at=closure.decided_at,
                text=f"{kind} · {claim} · {LABELS[closure.word]}",
                source=closure.decided_by,
                tone="done",
                href=href,
            )
        )
    return entries
