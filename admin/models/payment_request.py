"""Payment requests: one opening of the KCP window, composed by staff and sent as a link."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.money import Currency, Money
from admin.domain.operation import OperationState
from admin.domain.payment_request import RequestFacts
from admin.domain.payment_window import RequestKind
from admin.models.base import Base, Key, MinorUnits, Moment, text_enum
from admin.models.sealed import SealedText


class PaymentRequest(Base):
    """What was composed, once and for all. Where it stands is judged, never written here."""

    __tablename__ = "payment_requests"

    id: Mapped[Key]
    kind: Mapped[RequestKind] = mapped_column(text_enum(RequestKind))
    merchant_uid: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    currency: Mapped[Currency] = mapped_column(text_enum(Currency))
    amount_minor: Mapped[MinorUnits]
    pay_method: Mapped[str] = mapped_column(sa.String(40))
    escrow: Mapped[bool]
    buyer_name: Mapped[str] = mapped_column(sa.String(80))
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customers.id"), index=True)
    customer_uid: Mapped[str | None] = mapped_column(sa.String(80))
    language: Mapped[str] = mapped_column(sa.String(2))
    parameters: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # of IMP.request_pay
    token: Mapped[str] = mapped_column(SealedText)  # staff may copy the link again
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)  # SHA-256, to find it by
    form_key: Mapped[str] = mapped_column(sa.String(64), unique=True)  # minted with the form
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    revoked_at: Mapped[Moment | None]
    revoked_by: Mapped[str] = mapped_column(sa.String(80), default="")
    opened_at: Mapped[Moment | None]  # when the link was first opened
    stored_at: Mapped[Moment | None]  # when the gateway showed the registered card
    booked_at: Mapped[Moment | None]  # when what was paid went into the shop's books

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    def facts(self, prepared: OperationState | None) -> RequestFacts:
        """What its state is judged by. `prepared`: how far registering its amount has come."""
        return RequestFacts(
            amount=self.amount,
            expires_at=self.expires_at,
            revoked_at=self.revoked_at,
            prepared=prepared,
            key_stored=self.stored_at is not None,
        )
