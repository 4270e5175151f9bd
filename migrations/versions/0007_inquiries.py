"""Inquiries: questions of customers with answers and notes.

Locks: none; creates empty tables.
Back: drops the inquiries. Export them first.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0007_inquiries"
down_revision = "0006_jobs_and_webhooks"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "inquiries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("customer_name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["operators.id"], name=op.f("fk_inquiries_owner_id_operators")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_inquiries_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiries")),
    )
    op.create_index(op.f("ix_inquiries_owner_id"), "inquiries", ["owner_id"], unique=False)
    op.create_index(op.f("ix_inquiries_payment_id"), "inquiries", ["payment_id"], unique=False)
    op.create_index("ix_inquiries_state_id", "inquiries", ["state", "id"], unique=False)
    op.create_table(
        "inquiry_entries",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "inquiry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["inquiry_id"], ["inquiries.id"], name=op.f("fk_inquiry_entries_inquiry_id_inquiries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inquiry_entries")),
    )
    op.create_index(
        op.f("ix_inquiry_entries_inquiry_id"), "inquiry_entries", ["inquiry_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("inquiry_entries")
    op.drop_table("inquiries")
