"""The audit trail: who did what to what, when and with what result. Append-only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from admin.models.base import Base, Key, Moment


class AuditEntry(Base):
    """One fact. The database itself refuses to change or delete it (triggers)."""

    __tablename__ = "audit_entries"

    id: Mapped[Key]
    at: Mapped[Moment] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(sa.String(80))
    operator_id: Mapped[int | None] = mapped_column(index=True)
    ip: Mapped[str | None] = mapped_column(sa.String(45))
    request_id: Mapped[str | None] = mapped_column(sa.String(40))
    action: Mapped[str] = mapped_column(sa.String(80), index=True)  # noun.verbed
    subject: Mapped[str] = mapped_column(sa.String(120), index=True)  # noun:id
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class AuditIsAppendOnly(RuntimeError):
    """An audit entry was about to be changed or deleted."""


@event.listens_for(AuditEntry, "before_update")
@event.listens_for(AuditEntry, "before_delete")
def _refuse(_mapper: Mapper[AuditEntry], _connection: object, _entry: AuditEntry) -> None:
    raise AuditIsAppendOnly("audit entries are never changed or deleted")
