"""What was asked about a payment, answered and closed."""

from __future__ import annotations

from flask import url_for
from flask_babel import gettext

from admin.domain.inquiry import InquiryEntryKind
from admin.models import Inquiry
from admin.payments.history.entry import Entry, Origin


def tell_inquiry(inquiry: Inquiry) -> list[Entry]:
    """One inquiry: opened, each word under it, closed."""
    href = url_for("inquiries.show", inquiry_id=inquiry.id)
    entries = [
        Entry(
            origin=Origin.INQUIRY,
            at=inquiry.created_at,
            text=gettext("Inquiry “%(subject)s”", subject=inquiry.subject),
            source=inquiry.created_by,
            tone="waiting",
            href=href,
        )
    ]
    words = {
        InquiryEntryKind.ANSWER: gettext("Answered: “%(subject)s”", subject=inquiry.subject),
        InquiryEntryKind.NOTE: gettext("Noted under “%(subject)s”", subject=inquiry.subject),
    }
    entries += [
        Entry(
            origin=Origin.INQUIRY,
            at=one.written_at,
            text=words[one.kind],
            source=one.author,
            tone="done",
            href=href,
        )
        for one in inquiry.entries
    ]
    if inquiry.closed_at is not None:
        text = gettext("Closed: “%(subject)s”", subject=inquiry.subject)
        entries.append(
            Entry(origin=Origin.INQUIRY, at=inquiry.closed_at, text=text, tone="done", href=href)
        )
    return entries
