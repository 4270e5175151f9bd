"""Many deliveries decided at once: rehearsed, agreed to, and registered row by row."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from admin.domain.escrow import DeliveryNotice
from admin.models.base import Moment
from admin.models.batch import Batch, BatchRow


class DeliveryBatch(Batch):
    """One list of parcels. `fingerprint` is the same for the same parcels given once more."""

    __tablename__ = "delivery_batches"
    __table_args__ = (sa.Index("ix_delivery_batches_fingerprint", "fingerprint"),)

    rows: Mapped[list[DeliveryBatchRow]] = relationship(
        back_populates="batch", order_by="DeliveryBatchRow.position"
    )


class DeliveryBatchRow(BatchRow):
    """One parcel of a list."""

    __tablename__ = "delivery_batch_rows"
    __table_args__ = (sa.UniqueConstraint("batch_id", "position"),)

    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("delivery_batches.id"))
    company: Mapped[str] = mapped_column(sa.String(20))  # the gateway's courier code, or ""
    invoice: Mapped[str] = mapped_column(sa.String(40))
    sent_at: Mapped[Moment | None]
    is_shared: Mapped[bool]  # whether other orders, or other lines, have its courier and number
    shared_with: Mapped[list[int]] = mapped_column(sa.JSON)  # their payments, as the person saw it
    is_ticked: Mapped[bool]  # whether it goes all the same

    batch: Mapped[DeliveryBatch] = relationship(back_populates="rows")

    def notice(self) -> DeliveryNotice:
        """The parcel as the domain speaks of it."""
        return DeliveryNotice(
            company=self.company,
            invoice=self.invoice,
            sent_at=self.sent_at or self.batch.created_at,
        )
