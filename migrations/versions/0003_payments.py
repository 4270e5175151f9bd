"""Payments: the mirror of the gateway, what it said, and how far the walk has come.

Locks: none; creates empty tables.
Back: drops the mirror, which a walk brings again, and notes, which nothing brings.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0003_payments"
down_revision = "0002_audit"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "gateway_binding",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("include_sandbox", sa.Boolean(), nullable=False),
        sa.Column("bound_at", MOMENT, nullable=False),
        sa.Column("fetch_seq", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_gateway_binding_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_binding")),
    )
    op.create_table(
        "gateway_tokens",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("skew_seconds", sa.Double(), nullable=False),
        sa.Column("asking_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_gateway_tokens")),
    )
    op.create_table(
        "payments",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("imp_uid", sa.String(length=32), nullable=False),
        sa.Column("merchant_uid", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_minor", sa.BigInteger(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("paid_at", MOMENT, nullable=True),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("pay_method", sa.String(length=40), nullable=False),
        sa.Column("wallet", sa.String(length=40), nullable=True),
        sa.Column("pg_provider", sa.String(length=40), nullable=True),
        sa.Column("pg_tid", sa.String(length=80), nullable=True),
        sa.Column("pg_id", sa.String(length=80), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=True),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("escrow", sa.Boolean(), nullable=False),
        sa.Column("apply_num", sa.String(length=40), nullable=True),
        sa.Column("card_code", sa.String(length=20), nullable=True),
        sa.Column("card_name", sa.String(length=80), nullable=True),
        sa.Column("card_number", sa.String(length=40), nullable=True),
        sa.Column("card_quota", sa.Integer(), nullable=False),
        sa.Column("card_type", sa.Integer(), nullable=True),
        sa.Column("bank_code", sa.String(length=20), nullable=True),
        sa.Column("bank_name", sa.String(length=80), nullable=True),
        sa.Column("vbank_code", sa.String(length=20), nullable=True),
        sa.Column("vbank_name", sa.String(length=80), nullable=True),
        sa.Column("vbank_num", sa.String(length=40), nullable=True),
        sa.Column("vbank_holder", sa.String(length=80), nullable=True),
        sa.Column("vbank_due_at", MOMENT, nullable=True),
        sa.Column("vbank_issued_at", MOMENT, nullable=True),
        sa.Column("order_name", sa.String(length=255), nullable=True),
        sa.Column("buyer_name", sa.String(length=80), nullable=True),
        sa.Column("buyer_email", sa.String(length=255), nullable=True),
        sa.Column("buyer_tel", sa.String(length=40), nullable=True),
        sa.Column("buyer_tel_digits", sa.String(length=40), nullable=True),
        sa.Column("buyer_addr", sa.String(length=255), nullable=True),
        sa.Column("buyer_postcode", sa.String(length=20), nullable=True),
        sa.Column("customer_uid", sa.String(length=80), nullable=True),
        sa.Column("customer_uid_usage", sa.String(length=40), nullable=True),
        sa.Column("custom_data", sa.Text(), nullable=True),
        sa.Column("fail_reason", sa.Text(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("receipt_url", sa.Text(), nullable=True),
        sa.Column("cash_receipt_issued", sa.Boolean(), nullable=False),
        sa.Column("fetch_seq", sa.BigInteger(), nullable=False),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "cancelled_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_cancelled_within")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("imp_uid", name=op.f("uq_payments_imp_uid")),
    )
    op.create_index(op.f("ix_payments_apply_num"), "payments", ["apply_num"], unique=False)
    op.create_index("ix_payments_cancelled_at_id", "payments", ["cancelled_at", "id"], unique=False)
    op.create_index(op.f("ix_payments_customer_uid"), "payments", ["customer_uid"], unique=False)
    op.create_index(op.f("ix_payments_merchant_uid"), "payments", ["merchant_uid"], unique=False)
    op.create_index("ix_payments_paid_at_id", "payments", ["paid_at", "id"], unique=False)
    op.create_index(
        "ix_payments_pay_method_started_at_id",
        "payments",
        ["pay_method", "started_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_payments_pg_tid"), "payments", ["pg_tid"], unique=False)
    op.create_index("ix_payments_started_at_id", "payments", ["started_at", "id"], unique=False)
    op.create_index(
        "ix_payments_status_started_at_id", "payments", ["status", "started_at", "id"], unique=False
    )
    op.create_table(
        "payment_cancellations",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("cancellation_id", sa.String(length=80), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_at", MOMENT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("pg_tid", sa.String(length=80), nullable=False),
        sa.Column("receipt_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["payments.id"],
            name=op.f("fk_payment_cancellations_payment_id_payments"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_cancellations")),
        sa.UniqueConstraint("payment_id", "key", name=op.f("uq_payment_cancellations_payment_id")),
    )
    op.create_index(
        op.f("ix_payment_cancellations_cancelled_at"),
        "payment_cancellations",
        ["cancelled_at"],
        unique=False,
    )
    op.create_table(
        "observations",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("fetch_seq", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("cancelled_minor", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_observations_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(
        op.f("ix_observations_payment_id"), "observations", ["payment_id"], unique=False
    )
    op.create_table(
        "notes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column(
            "payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_notes_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    op.create_index(op.f("ix_notes_payment_id"), "notes", ["payment_id"], unique=False)
    op.create_table(
        "sync_windows",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("start_at", MOMENT, nullable=False),
        sa.Column("end_at", MOMENT, nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.Column("walked_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sync_windows")),
        sa.UniqueConstraint("status", "start_at", name=op.f("uq_sync_windows_status")),
    )


def downgrade() -> None:
    op.drop_table("sync_windows")
    op.drop_table("notes")
    op.drop_table("observations")
    op.drop_table("payment_cancellations")
    op.drop_table("payments")
    op.drop_table("gateway_tokens")
    op.drop_table("gateway_binding")
