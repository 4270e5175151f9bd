"""Everything that happened to one payment, the entries of every origin merged and sorted."""

from __future__ import annotations

from admin.domain.permissions import Permission
from admin.models import Payment
from admin.payments.around import Around
from admin.payments.history.entry import Entry
from admin.payments.history.escrow import decisions
from admin.payments.history.gateway import looks, milestones
from admin.payments.history.inquiries import tell_inquiry
from admin.payments.history.operations import tell_operation
from admin.payments.history.reconciliation import tell_finding
from admin.payments.history.staff import acts, notes
from admin.payments.history.webhooks import messages
from admin.web.access import can


def make_history(payment: Payment, around: Around) -> list[Entry]:
    """Every entry of one payment, newest first."""
    entries = [
        *milestones(payment),
        *[entry for one in payment.operations for entry in tell_operation(one)],
        *looks(payment, around),
        *messages(around.messages),
        *acts(around),
        *decisions(payment),
        *notes(payment.notes),
    ]
    if can(Permission.INQUIRIES_READ.value):
        entries += [entry for one in payment.inquiries for entry in tell_inquiry(one)]
    if can(Permission.RECONCILIATION_READ.value):
        entries += [entry for one in around.findings for entry in tell_finding(one)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
