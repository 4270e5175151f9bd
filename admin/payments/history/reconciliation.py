"""What a reconciliation found of a payment, and how it was settled."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from admin.models import Discrepancy
from admin.payments.history.entry import Entry, Origin
from admin.web.labels import LABELS


def tell_finding(found: Discrepancy) -> list[Entry]:
    """One discrepancy: found, settled."""
    kind, href = str(LABELS[found.kind]), url_for("reconciliation.show", discrepancy_id=found.id)
    entries = [
        Entry(
            origin=Origin.RECONCILIATION,
            at=found.first_seen_at,
            text=gettext("Discrepancy found: %(kind)s", kind=kind),
            source=gettext("Run %(number)s", number=found.first_run_id),
            tone="waiting",
            href=href,
        )
    ]
    if found.resolved_at is not None:
        entries.append(
            Entry(
                origin=Origin.RECONCILIATION,
                at=found.resolved_at,
                text=gettext("Discrepancy settled: %(kind)s", kind=kind),
                source=found.resolution,
                tone="confirmed",
                href=href,
            )
        )
    return entries
