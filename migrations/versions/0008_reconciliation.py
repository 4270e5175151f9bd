"""Reconciliation: runs and the discrepancies they found.

Locks: none; creates empty tables.
Back: drops runs and discrepancies; runs can be made again.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0008_reconciliation"
down_revision = "0007_inquiries"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "reconciliation_runs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("ours_count", sa.Integer(), nullable=False),
        sa.Column("theirs_count", sa.Integer(), nullable=False),
        sa.Column("matched_count", sa.Integer(), nullable=False),
        sa.Column("differing_count", sa.Integer(), nullable=False),
        sa.Column("ours_minor", sa.BigInteger(), nullable=False),
        sa.Column("theirs_minor", sa.BigInteger(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_runs")),
    )
    op.create_index(
        op.f("ix_reconciliation_runs_day"), "reconciliation_runs", ["day"], unique=False
    )
    op.create_table(
        "discrepancies",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("order_number", sa.String(length=80), nullable=False),
        sa.Column("imp_uid", sa.String(length=32), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("at_risk_minor", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.JSON(), nullable=True),
        sa.Column("theirs", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=False),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("resolved_at", MOMENT, nullable=True),
        sa.Column(
            "first_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "last_run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first_run_id"],
            ["reconciliation_runs.id"],
            name=op.f("fk_discrepancies_first_run_id_reconciliation_runs"),
        ),
        sa.ForeignKeyConstraint(
            ["last_run_id"],
            ["reconciliation_runs.id"],
            name=op.f("fk_discrepancies_last_run_id_reconciliation_runs"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_discrepancies")),
        sa.UniqueConstraint("key", name=op.f("uq_discrepancies_key")),
    )
    op.create_index(op.f("ix_discrepancies_day"), "discrepancies", ["day"], unique=False)
    op.create_index(op.f("ix_discrepancies_imp_uid"), "discrepancies", ["imp_uid"], unique=False)
    op.create_index(
        op.f("ix_discrepancies_last_run_id"), "discrepancies", ["last_run_id"], unique=False
    )
    op.create_index(
        op.f("ix_discrepancies_order_number"), "discrepancies", ["order_number"], unique=False
    )
    op.create_index("ix_discrepancies_state_id", "discrepancies", ["state", "id"], unique=False)


def downgrade() -> None:
    op.drop_table("discrepancies")
    op.drop_table("reconciliation_runs")
