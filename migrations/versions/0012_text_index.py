"""Search: what each payment is called, the text of each payment in pieces, and the sums of days.

Fills all of it from the payments that are there.

Locks: payments, for about half a minute per 100,000 rows.
Back: drops the index, the sums and the two columns; all of it is made anew on the way up.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.text_index import fill, make_pieces

revision = "0012_text_index"
down_revision = "0011_decisions"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NEW_INDEXES = {
    "ix_payments_standing_started_at_id": ["standing", "started_at", "id"],
    "ix_payments_standing_paid_at_id": ["standing", "paid_at", "id"],
    "ix_payments_standing_vbank_due_at": ["standing", "vbank_due_at"],
    "ix_payments_method_started_at_id": ["method", "started_at", "id"],
    "ix_payments_amount_minor_id": ["amount_minor", "id"],
    "ix_payments_buyer_tel_digits": ["buyer_tel_digits"],
    "ix_payments_merchant_uid_id": ["merchant_uid", "id"],
}
OLD_INDEXES = {
    "ix_payments_status_started_at_id": ["status", "started_at", "id"],
    "ix_payments_pay_method_started_at_id": ["pay_method", "started_at", "id"],
    "ix_payments_merchant_uid": ["merchant_uid"],
}
JUDGE = """
    UPDATE payments SET
        method = CASE WHEN coalesce(wallet, '') <> '' THEN wallet ELSE pay_method END,
        standing = CASE
            WHEN status = 'failed' THEN 'failed'
            WHEN status = 'ready' AND (vbank_num IS NOT NULL OR vbank_due_at IS NOT NULL)
                THEN 'waiting'
            WHEN status = 'ready' THEN 'opened'
            WHEN cancelled_minor = 0 AND (paid_at IS NOT NULL OR status = 'paid') THEN 'paid'
            WHEN cancelled_minor = 0 THEN 'cancelled'
            WHEN cancelled_minor >= amount_minor THEN 'refunded'
            ELSE 'part_refunded' END
"""
SUM = """
    INSERT INTO payment_days
        (basis, span, day, standing, method, count, gross_minor, cancelled_minor)
    SELECT '{basis}', '{span}', {day}, standing, method, count(*),
        sum(CASE WHEN {came} THEN amount_minor ELSE 0 END),
        sum(CASE WHEN {came} THEN cancelled_minor ELSE 0 END)
    FROM payments WHERE {column} IS NOT NULL GROUP BY {day}, standing, method
"""
CAME = "(paid_at IS NOT NULL OR status = 'paid')"
BASES = {"requested": "started_at", "approved": "paid_at", "cancelled": "cancelled_at"}


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for name in ("standing", "method"):
        column = sa.Column(name, sa.String(length=40), nullable=False, server_default="")
        op.add_column("payments", column)
    op.execute(JUDGE)
    for name in OLD_INDEXES:
        op.drop_index(name, table_name="payments")
    for name, columns in NEW_INDEXES.items():
        op.create_index(name, "payments", columns)
    op.create_table(
        "payment_texts",
        sa.Column("payment_id", BIG, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payments.id"], name=op.f("fk_payment_texts_payment_id_payments")
        ),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_payment_texts")),
    )
    op.create_table(
        "payment_days",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("span", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("standing", sa.String(length=40), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_days")),
    )
    make_pieces(op.get_bind())
    for basis, column in BASES.items():
        starts = {
            "day": f"date({column}, '+9 hours')",
            "month": f"date({column}, '+9 hours', 'start of month')",
        }
        if postgres:
            local = f"timezone('Asia/Seoul', {column})"
            starts = {"day": f"({local})::date", "month": f"date_trunc('month', {local})::date"}
        for span, day in starts.items():
            op.execute(SUM.format(basis=basis, span=span, day=day, column=column, came=CAME))
    op.create_index(
        "ix_payment_days_all",
        "payment_days",
        ["basis", "span", "day", "standing", "method", "count", "gross_minor", "cancelled_minor"],
    )
    fill(op.get_bind())


def downgrade() -> None:
    op.execute("DROP TABLE payment_pieces")
    op.drop_table("payment_days")
    op.drop_table("payment_texts")
    for name in NEW_INDEXES:
        op.drop_index(name, table_name="payments")
    for name, columns in OLD_INDEXES.items():
        op.create_index(name, "payments", columns)
    op.drop_column("payments", "method")
    op.drop_column("payments", "standing")
