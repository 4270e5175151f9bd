"""Cash receipts (현금영수증): what the gateway told of each payment's, one row a payment."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.models.base import Base, BigKey, MinorUnits, Moment

NO_NUMBER = sa.text("apply_num IS NULL")
# Written the same way in the query, or SQLite does not see that the index serves it.
OUTDATED = sa.text("outdated")


class CashReceipt(Base):
    """The receipt of one payment as it was last told. Amounts in won.

    Without a number: the gateway was asked and told of none; nothing else is known then.
    """

    __tablename__ = "cash_receipts"
    __table_args__ = (
        sa.Index(
            "ix_cash_receipts_no_number",
            "looked_at",
            sqlite_where=NO_NUMBER,
            postgresql_where=NO_NUMBER,
        ),
        sa.Index(
            "ix_cash_receipts_outdated",
            "payment_id",
            sqlite_where=OUTDATED,
            postgresql_where=OUTDATED,
        ),
    )

    payment_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("payments.id"), primary_key=True, autoincrement=False
    )
    apply_num: Mapped[str | None] = mapped_column(sa.String(40), index=True)
    kind: Mapped[str | None] = mapped_column(sa.String(20))  # person, company
    amount_minor: Mapped[MinorUnits | None]
    vat_minor: Mapped[MinorUnits | None]
    applied_at: Mapped[Moment | None]
    cancelled_at: Mapped[Moment | None]
    receipt_url: Mapped[str | None] = mapped_column(sa.Text)
    first_looked_at: Mapped[Moment]
    looked_at: Mapped[Moment]  # when the gateway last answered about it
    outdated: Mapped[bool] = mapped_column(default=False)  # issued or revoked since then
