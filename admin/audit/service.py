"""Write the audit trail, in the same transaction as the change it tells of."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from admin.domain.actor import Actor
from admin.domain.card_guard import hide_card_numbers
from admin.models import AuditEntry, db, in_transaction

# Written at once and not gathered by the session: nothing reads an entry back or changes it, and
# nearly every transaction writes one.
_INSERT = sa.insert(db.metadata.tables[AuditEntry.__tablename__]).inline()


def record(actor: Actor, action: str, subject: str, *, now: datetime, **facts: object) -> None:
    """Add one entry: `action` is "noun.verbed", `subject` is "noun:id", facts are short texts.

    Only inside a transaction: if the entry cannot be written, the change is not made either.
    """
    if not in_transaction():
        raise RuntimeError("an audit entry belongs to the transaction of its change")
    entry = {
        "at": now,
        "actor": actor.name,
        "operator_id": actor.operator_id,
        "ip": actor.ip,
        "request_id": actor.request_id,
        "action": action,
        "subject": subject,
        "facts": {name: hide_card_numbers(str(value)) for name, value in facts.items()},
    }
    db.session.execute(_INSERT, entry)
