"""Webhook events: messages from outside, kept as received and never believed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.webhook import WebhookState
from admin.models.base import Base, Key, Moment, text_enum


class WebhookEvent(Base):
    """One message. Only its `imp_uid` is used, and only to go and look."""

    __tablename__ = "webhook_events"

    id: Mapped[Key]
    received_at: Mapped[Moment] = mapped_column(index=True)
    source_ip: Mapped[str | None] = mapped_column(sa.String(45))
    content_type: Mapped[str] = mapped_column(sa.String(80))
    body: Mapped[str] = mapped_column(sa.Text)  # at most 16 KiB, card numbers hidden
    imp_uid: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    state: Mapped[WebhookState] = mapped_column(text_enum(WebhookState))
    worked_at: Mapped[Moment | None]
    result: Mapped[str] = mapped_column(sa.Text, default="")
