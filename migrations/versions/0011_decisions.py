"""Second persons, the rules for refunds, and refunds by the list.

An operation may now wait for approval, and holds its payment while it does.

Locks: operations, while its partial indexes are made anew: a moment per 100,000 rows.
Back: drops the approvals, the closures, the lists and the rules, once no operation waits for
approval any more. Export them first.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0011_decisions"
down_revision = "0010_extra_fields"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OPEN_BEFORE = "('accepted', 'human', 'mismatch', 'ready', 'sending', 'unknown')"
OPEN = "('accepted', 'human', 'mismatch', 'needs_approval', 'ready', 'sending', 'unknown')"
SPENT = "('expired', 'not_executed', 'rejected', 'succeeded_late')"

REASONS = [
    ("changed_mind", "단순 변심", "Changed their mind"),
    ("defective", "상품 불량", "Defective goods"),
    ("missing", "상품 누락", "Goods missing"),
    ("late", "배송 지연", "Delivered late"),
    ("duplicate", "중복 결제", "Paid twice"),
    ("other", "기타", "Other"),
]
LIMITS = [
    ("shop", None, 30_000_000),
    ("role:support", 300_000, 1_000_000),
    ("role:finance", 1_000_000, 5_000_000),
    ("role:manager", 5_000_000, 20_000_000),
    ("role:admin", 5_000_000, 20_000_000),
]


def upgrade() -> None:
    reasons = op.create_table(
        "refund_reasons",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=80), nullable=False),
        sa.Column("english", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_refund_reasons")),
    )
    limits = op.create_table(
        "refund_limits",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("per_refund_minor", sa.BigInteger(), nullable=True),
        sa.Column("per_day_minor", sa.BigInteger(), nullable=True),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_refund_limits")),
    )
    op.bulk_insert(
        reasons,
        [
            {"code": code, "text": text, "english": english, "position": place, "is_active": True}
            for place, (code, text, english) in enumerate(REASONS, start=1)
        ],
    )
    start = sa.func.current_timestamp()
    op.execute(
        limits.insert().values(
            [
                {
                    "scope": scope,
                    "per_refund_minor": per_refund,
                    "per_day_minor": per_day,
                    "changed_by": "start",
                    "changed_at": start,
                }
                for scope, per_refund, per_day in LIMITS
            ]
        )
    )
    _create_batches()
    op.add_column("operations", sa.Column("ready_at", MOMENT, nullable=True))
    op.add_column("operations", sa.Column("account", sa.Text(), nullable=True))
    op.add_column("operations", sa.Column("retry_of_id", sa.String(length=26), nullable=True))
    op.create_index(op.f("ix_operations_retry_of_id"), "operations", ["retry_of_id"])
    _create_second_words()
    _drop_partial_indexes()
    _unique("uq_operations_open_refund", "imp_uid", f"kind = 'refund' AND state IN {OPEN}")
    _unique("uq_operations_open_delivery", "imp_uid", f"kind = 'delivery' AND state IN {OPEN}")
    _unique(
        "uq_operations_open_key",
        "customer_uid",
        f"kind IN ('billing_key_delete', 'billing_key_issue') AND state IN {OPEN}",
    )
    _unique(
        "uq_operations_live_charge",
        "merchant_uid",
        f"kind IN ('charge', 'schedule') AND state NOT IN {SPENT}",
    )


def downgrade() -> None:
    _drop_partial_indexes()
    op.drop_index("uq_operations_open_key", "operations")
    _unique("uq_operations_open_refund", "imp_uid", f"kind = 'refund' AND state IN {OPEN_BEFORE}")
    _unique(
        "uq_operations_open_delivery", "imp_uid", f"kind = 'delivery' AND state IN {OPEN_BEFORE}"
    )
    _unique(
        "uq_operations_live_charge", "merchant_uid", f"kind = 'charge' AND state NOT IN {SPENT}"
    )
    op.drop_table("closures")
    op.drop_table("approvals")
    op.drop_index(op.f("ix_operations_retry_of_id"), "operations")
    op.drop_column("operations", "retry_of_id")
    op.drop_column("operations", "account")
    op.drop_column("operations", "ready_at")
    op.drop_table("refund_batch_rows")
    op.drop_table("refund_batches")
    op.drop_table("refund_limits")
    op.drop_table("refund_reasons")


def _create_batches() -> None:
    op.create_table(
        "refund_batches",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("word", sa.String(length=40), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", BIG, nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        _to_operators("refund_batches", "created_by_id"),
        _to_operators("refund_batches", "decided_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_batches")),
        sa.UniqueConstraint("form_key", name=op.f("uq_refund_batches_form_key")),
    )
    op.create_table(
        "refund_batch_rows",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("given", sa.String(length=300), nullable=False),
        sa.Column("payment_id", BIG, nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("seen_minor", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("problem_values", sa.JSON(), nullable=False),
        sa.Column("operation_id", sa.String(length=26), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["refund_batches.id"],
            name=op.f("fk_refund_batch_rows_batch_id_refund_batches"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_refund_batch_rows_payment_id_payments")
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operations.id"],
            name=op.f("fk_refund_batch_rows_operation_id_operations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_batch_rows")),
        sa.UniqueConstraint("batch_id", "position", name=op.f("uq_refund_batch_rows_batch_id")),
    )
    op.create_index(
        op.f("ix_refund_batch_rows_operation_id"), "refund_batch_rows", ["operation_id"]
    )


def _create_second_words() -> None:
    op.create_table(
        "approvals",
        sa.Column("operation_id", sa.String(length=26), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("payment_version", sa.Integer(), nullable=True),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", BIG, nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        _to_operations("approvals"),
        _to_operators("approvals", "decided_by_id"),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_approvals")),
    )
    op.create_table(
        "closures",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("operation_id", sa.String(length=26), nullable=False),
        sa.Column("claim", sa.String(length=40), nullable=False),
        sa.Column("evidence", sa.String(length=160), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("proposed_by_id", BIG, nullable=True),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", BIG, nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        _to_operations("closures"),
        _to_operators("closures", "proposed_by_id"),
        _to_operators("closures", "decided_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closures")),
    )
    op.create_index(op.f("ix_closures_operation_id"), "closures", ["operation_id"])


def _to_operators(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["operators.id"], name=op.f(f"fk_{table}_{column}_operators")
    )


def _to_operations(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["operation_id"], ["operations.id"], name=op.f(f"fk_{table}_operation_id_operations")
    )


def _drop_partial_indexes() -> None:
    for name in ("open_refund", "open_delivery", "live_charge"):
        op.drop_index(f"uq_operations_{name}", "operations")


def _unique(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        "operations",
        [column],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )
