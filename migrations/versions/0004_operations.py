"""Operations: every intended write to the gateway, one open refund per payment.

Locks: none; creates empty tables.
Back: drops the operations. Export them first.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0004_operations"
down_revision = "0003_payments"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("gateway_host", sa.String(length=255), nullable=False),
        sa.Column("gateway_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("marker", sa.String(length=12), nullable=False),
        sa.Column("imp_uid", sa.String(length=32), nullable=True),
        sa.Column("merchant_uid", sa.String(length=80), nullable=True),
        sa.Column("customer_uid", sa.String(length=80), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("seen_minor", sa.BigInteger(), nullable=True),
        sa.Column("baseline_cancelled_minor", sa.BigInteger(), nullable=True),
        sa.Column("expected_left_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("claimed_key", sa.String(length=160), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("next_look_at", MOMENT, nullable=True),
        sa.Column("first_absent_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "amount_minor IS NULL OR amount_minor >= 1",
            name=op.f("ck_operations_amount_at_least_one"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["operators.id"], name=op.f("fk_operations_created_by_id_operators")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
        sa.UniqueConstraint("form_key", name=op.f("uq_operations_form_key")),
        sa.UniqueConstraint("imp_uid", "claimed_key", name=op.f("uq_operations_imp_uid")),
    )
    op.create_index(
        op.f("ix_operations_customer_uid"), "operations", ["customer_uid"], unique=False
    )
    op.create_index(op.f("ix_operations_imp_uid"), "operations", ["imp_uid"], unique=False)
    op.create_index(
        "ix_operations_kind_created_at", "operations", ["kind", "created_at"], unique=False
    )
    op.create_index(
        op.f("ix_operations_merchant_uid"), "operations", ["merchant_uid"], unique=False
    )
    op.create_index(
        "ix_operations_state_next_look_at", "operations", ["state", "next_look_at"], unique=False
    )
    op.create_index(
        "uq_operations_live_charge",
        "operations",
        ["merchant_uid"],
        unique=True,
        sqlite_where=sa.text(
            "kind = 'charge' AND state NOT IN ('not_executed', 'rejected', 'expired', 'succeeded_late')"
        ),
        postgresql_where=sa.text(
            "kind = 'charge' AND state NOT IN ('not_executed', 'rejected', 'expired', 'succeeded_late')"
        ),
    )
    op.create_index(
        "uq_operations_open_delivery",
        "operations",
        ["imp_uid"],
        unique=True,
        sqlite_where=sa.text(
            "kind = 'delivery' AND state IN ('accepted', 'human', 'mismatch', 'ready', 'sending', 'unknown')"
        ),
        postgresql_where=sa.text(
            "kind = 'delivery' AND state IN ('accepted', 'human', 'mismatch', 'ready', 'sending', 'unknown')"
        ),
    )
    op.create_index(
        "uq_operations_open_refund",
        "operations",
        ["imp_uid"],
        unique=True,
        sqlite_where=sa.text(
            "kind = 'refund' AND state IN ('accepted', 'human', 'mismatch', 'ready', 'sending', 'unknown')"
        ),
        postgresql_where=sa.text(
            "kind = 'refund' AND state IN ('accepted', 'human', 'mismatch', 'ready', 'sending', 'unknown')"
        ),
    )
    op.create_table(
        "operation_attempts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("operation_id", sa.String(length=26), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("error", sa.String(length=80), nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_operation_attempts_operation_id_operations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_attempts")),
    )
    op.create_index(
        op.f("ix_operation_attempts_operation_id"),
        "operation_attempts",
        ["operation_id"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("operation_attempts")
    op.drop_table("operations")
