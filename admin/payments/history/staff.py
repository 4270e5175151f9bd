"""What people did and wrote beside operations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from flask_babel import gettext

from admin.models import AuditEntry, Note
from admin.payments.around import Around
from admin.payments.history.entry import Entry, Origin
from admin.web.filters import kst_day


def acts(around: Around) -> list[Entry]:
    """What staff did beside operations and notes, and what the house itself was alarmed by."""
    observed = {one.seen_at for one in around.observations}
    words = {
        "payment.checked": gettext("Looked up at the gateway"),
        "delivery.checked": gettext("Delivery looked up at the gateway"),
        "payment.paid_after_failed": gettext("Paid after it had failed"),
    }
    return [
        Entry(
            origin=Origin.STAFF if one.operator_id else Origin.GATEWAY,
            at=one.at,
            text=_arrival(one) or words.get(one.action, one.action),
            source=one.actor if one.operator_id else "",
            tone="done" if one.operator_id else "waiting",
        )
        for one in around.acts
        if not (one.action == "payment.checked" and one.at in observed)
    ]


def notes(written: Iterable[Note]) -> list[Entry]:
    """The notes of staff, each with those it calls."""
    return [_note(one) for one in written]


def _arrival(entry: AuditEntry) -> str:
    """What staff noted of a parcel's arrival; "" for any other act."""
    if entry.action not in ("escrow.arrival_noted", "escrow.arrival_removed"):
        return ""
    day = kst_day(date.fromisoformat(entry.facts["day"]))
    if entry.action == "escrow.arrival_noted":
        return gettext("The parcel arrived on %(day)s", day=day)
    return gettext("The arrival on %(day)s was taken back", day=day)


def _note(note: Note) -> Entry:
    called = ", ".join(one.operator.name for one in note.mentions)
    return Entry(
        origin=Origin.NOTE,
        at=note.written_at,
        text=gettext("Note for %(names)s", names=called) if called else gettext("Note"),
        source=note.author,
        tone="done",
        note=note.body,
    )
