"""Write the audit trail, in the same transaction as the change it tells of."""

from __future__ import annotations

from datetime import datetime

from admin.domain.actor import Actor
from admin.domain.card_guard import hide_card_numbers
from admin.models import AuditEntry, db, in_transaction


def record(actor: Actor, action: str, subject: str, *, now: datetime, **facts: object) -> None:
    """Add one entry: `action` is "noun.verbed", `subject` is "noun:id", facts are short texts.

    Only inside a transaction: if the entry cannot be written, the change is not made either.
    """
    if not in_transaction():
        raise RuntimeError("an audit entry belongs to the transaction of its change")
    db.session.add(
        AuditEntry(
            at=now,
            actor=actor.name,
            operator_id=actor.operator_id,
            ip=actor.ip,
            request_id=actor.request_id,
            action=action,
            subject=subject,
            facts={name: hide_card_numbers(str(value)) for name, value in facts.items()},
        )
    )
