"""Cash receipts: their numbers, which the gateway tells for one payment at a time.

Locks: on PostgreSQL writes to the payments wait while an index of those with a receipt is built (a
second a million).
Back: drops the table and the index; the receipts are asked for again after the next upgrade.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import BigKey, UtcDateTime

revision = "0023_cash_receipts"
down_revision = "0022_failed_recurring"
branch_labels = None
depends_on = None

TABLE = "cash_receipts"
INDEX = "ix_payments_cash_receipt"
ISSUED = sa.text("cash_receipt_issued")
NO_NUMBER = sa.text("apply_num IS NULL")
OUTDATED = sa.text("outdated")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("payment_id", BigKey, autoincrement=False, nullable=False),
        sa.Column("apply_num", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("vat_minor", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        sa.Column("receipt_url", sa.Text(), nullable=True),
        sa.Column("first_looked_at", UtcDateTime(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("outdated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_cash_receipts_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_cash_receipts")),
    )
    op.create_index(op.f("ix_cash_receipts_apply_num"), TABLE, ["apply_num"])
    op.create_index(
        op.f("ix_cash_receipts_no_number"),
        TABLE,
        ["looked_at"],
        sqlite_where=NO_NUMBER,
        postgresql_where=NO_NUMBER,
    )
    op.create_index(
        op.f("ix_cash_receipts_outdated"),
        TABLE,
        ["payment_id"],
        sqlite_where=OUTDATED,
        postgresql_where=OUTDATED,
    )
    op.create_index(op.f(INDEX), "payments", ["id"], sqlite_where=ISSUED, postgresql_where=ISSUED)


def downgrade() -> None:
    op.drop_index(op.f(INDEX), "payments")
    op.drop_table(TABLE)
