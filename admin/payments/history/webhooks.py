"""The messages that came about a payment."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext

from admin.models import WebhookEvent
from admin.payments.history.entry import Entry, Origin
from admin.web.labels import LABELS


def messages(events: Sequence[WebhookEvent]) -> list[Entry]:
    """Each message, whatever was made of it."""
    return [
        Entry(
            origin=Origin.WEBHOOK,
            at=event.received_at,
            text=gettext("Webhook received"),
            source=str(LABELS[event.state]),
        )
        for event in events
    ]
