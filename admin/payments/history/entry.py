"""One thing that happened, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from flask_babel import gettext

from admin.domain.money import Money


class Origin(Enum):
    """Where an entry comes from; the address of the page narrows by it."""

    GATEWAY = "gateway"
    WEBHOOK = "webhook"
    OPERATION = "operation"
    STAFF = "staff"
    NOTE = "note"
    INQUIRY = "inquiry"
    RECONCILIATION = "reconciliation"
    HOUSE = "house"  # what Jangbu did by a rule, with nobody asking for it


GLYPHS = {
    Origin.GATEWAY: "refresh",
    Origin.WEBHOOK: "bell",
    Origin.OPERATION: "credit-card",
    Origin.STAFF: "user",
    Origin.NOTE: "note",
    Origin.INQUIRY: "message-2",
    Origin.RECONCILIATION: "scale",
    Origin.HOUSE: "clock",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `amount` is money that left us."""

    at: datetime
    text: str
    source: str = ""
    tone: str = "looked"
    amount: Money | None = None
    note: str = ""
    href: str = ""
    origin: Origin | None = None

    @property
    def glyph(self) -> str:
        return GLYPHS[self.origin] if self.origin else ""

    @property
    def origin_word(self) -> str:
        return origin_words()[self.origin] if self.origin else ""


def origin_words() -> dict[Origin, str]:
    """What each origin is called."""
    return {
        Origin.GATEWAY: gettext("Gateway"),
        Origin.WEBHOOK: gettext("Webhooks"),
        Origin.OPERATION: gettext("Operations"),
        Origin.STAFF: gettext("Staff"),
        Origin.NOTE: gettext("Notes"),
        Origin.INQUIRY: gettext("Inquiries"),
        Origin.RECONCILIATION: gettext("Reconciliation"),
        Origin.HOUSE: gettext("By a rule"),
    }
