"""Read the audit trail."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from admin.models import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What to show. Empty fields do not narrow."""

    actor: str = ""
    action: str = ""
    subject: str = ""


def select_entries(wanted: AuditFilter) -> sa.Select[AuditEntry]:
    """Entries that match, for newest-first paging by id."""
    query = sa.select(AuditEntry)
    if wanted.actor:
        query = query.where(AuditEntry.actor.contains(wanted.actor, autoescape=True))
    if wanted.action:
        query = query.where(AuditEntry.action.startswith(wanted.action, autoescape=True))
    if wanted.subject:
        query = query.where(AuditEntry.subject == wanted.subject)
    return query
