"""Payment requests: openings of the KCP window that staff compose and send as a link.

Locks: none on tables that hold rows; a new table alone.
Back: drops the requests. The payments that came of them stay; nothing else refers to them.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0018_payment_requests"
down_revision = "0016_escrow_decisions"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "payment_requests",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("merchant_uid", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("pay_method", sa.String(length=40), nullable=False),
        sa.Column("escrow", sa.Boolean(), nullable=False),
        sa.Column("buyer_name", sa.String(length=80), nullable=False),
        sa.Column("customer_id", BIG, nullable=True),
        sa.Column("customer_uid", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=True),
        sa.Column("stored_at", MOMENT, nullable=True),
        sa.Column("booked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_payment_requests_customer_id_customers"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["operators.id"],
            name=op.f("fk_payment_requests_created_by_id_operators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_requests")),
        sa.UniqueConstraint("merchant_uid", name=op.f("uq_payment_requests_merchant_uid")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payment_requests_form_key")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_payment_requests_token_hash")),
    )
    op.create_index(op.f("ix_payment_requests_customer_id"), "payment_requests", ["customer_id"])


def downgrade() -> None:
    op.drop_table("payment_requests")
