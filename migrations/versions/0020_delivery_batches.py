"""Deliveries by the list: what was given, and what became of each line.

Locks: none on tables that hold rows; two new tables.
Back: drops the lists. The deliveries they registered stay, with their operations.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0020_delivery_batches"
down_revision = "0019_key_in"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delivery_batches",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["operators.id"],
            name=op.f("fk_delivery_batches_created_by_id_operators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_batches")),
        sa.UniqueConstraint("form_key", name=op.f("uq_delivery_batches_form_key")),
    )
    op.create_index("ix_delivery_batches_fingerprint", "delivery_batches", ["fingerprint"])
    op.create_table(
        "delivery_batch_rows",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("given", sa.String(length=300), nullable=False),
        sa.Column("payment_id", BIG, nullable=True),
        sa.Column("company", sa.String(length=20), nullable=False),
        sa.Column("invoice", sa.String(length=40), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("shared_with", sa.JSON(), nullable=False),
        sa.Column("is_ticked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_values", sa.JSON(), nullable=False),
        sa.Column("operation_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["delivery_batches.id"],
            name=op.f("fk_delivery_batch_rows_batch_id_delivery_batches"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.id"],
            name=op.f("fk_delivery_batch_rows_payment_id_payments"),
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_delivery_batch_rows_operation_id_operations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_batch_rows")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_delivery_batch_rows_batch_id")),
    )
    op.create_index(
        op.f("ix_delivery_batch_rows_operation_id"), "delivery_batch_rows", ["operation_id"]
    )


def downgrade() -> None:
    op.drop_table("delivery_batch_rows")
    op.drop_table("delivery_batches")
