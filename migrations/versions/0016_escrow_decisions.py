"""What the buyers of escrow orders decided, when parcels arrived, and bank holidays as data.

An order that was given back in full after its parcel was registered now reads as returned.

Locks: deliveries, for a moment: columns that may be empty rewrite no row.
escrow_orders: the returned ones are written once, under the lock of each row.
Back: drops the decisions, the arrivals and the holidays; what was returned reads as refunded
again, and what the buyers decided as shipped or waiting for it. Export the decisions first.
"""

from datetime import date

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0016_escrow_decisions"
down_revision = "0015_observed_values"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIRST = sa.text("corrects_id IS NULL")

# Weekdays on which banks are closed: public holidays with their substitutes, the 1st of May, and
# election days. Holidays that fall on a weekend are no business days anyway.
HOLIDAYS = [
    ("2025-01-01", "신정"),
    ("2025-01-27", "임시공휴일"),
    ("2025-01-28", "설날 연휴"),
    ("2025-01-29", "설날"),
    ("2025-01-30", "설날 연휴"),
    ("2025-03-03", "삼일절 대체공휴일"),
    ("2025-05-01", "근로자의 날"),
    ("2025-05-05", "어린이날·부처님오신날"),
    ("2025-05-06", "대체공휴일"),
    ("2025-06-03", "대통령 선거일"),
    ("2025-06-06", "현충일"),
    ("2025-08-15", "광복절"),
    ("2025-10-03", "개천절"),
    ("2025-10-06", "추석"),
    ("2025-10-07", "추석 연휴"),
    ("2025-10-08", "추석 대체공휴일"),
    ("2025-10-09", "한글날"),
    ("2025-12-25", "성탄절"),
    ("2026-01-01", "신정"),
    ("2026-02-16", "설날 연휴"),
    ("2026-02-17", "설날"),
    ("2026-02-18", "설날 연휴"),
    ("2026-03-02", "삼일절 대체공휴일"),
    ("2026-05-01", "근로자의 날"),
    ("2026-05-05", "어린이날"),
    ("2026-05-25", "부처님오신날 대체공휴일"),
    ("2026-06-03", "전국동시지방선거일"),
    ("2026-07-17", "제헌절"),
    ("2026-08-17", "광복절 대체공휴일"),
    ("2026-09-24", "추석 연휴"),
    ("2026-09-25", "추석"),
    ("2026-10-05", "개천절 대체공휴일"),
    ("2026-10-09", "한글날"),
    ("2026-12-25", "성탄절"),
    ("2027-01-01", "신정"),
    ("2027-02-08", "설날 연휴"),
    ("2027-02-09", "설날 대체공휴일"),
    ("2027-03-01", "삼일절"),
    ("2027-05-03", "근로자의 날 대체공휴일"),
    ("2027-05-05", "어린이날"),
    ("2027-05-13", "부처님오신날"),
    ("2027-07-19", "제헌절 대체공휴일"),
    ("2027-08-16", "광복절 대체공휴일"),
    ("2027-09-14", "추석 연휴"),
    ("2027-09-15", "추석"),
    ("2027-09-16", "추석 연휴"),
    ("2027-10-04", "개천절 대체공휴일"),
    ("2027-10-11", "한글날 대체공휴일"),
    ("2027-12-27", "성탄절 대체공휴일"),
]


def upgrade() -> None:
    op.create_table(
        "escrow_decisions",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("payment_id", BIG, nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.String(length=40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("corrects_id", BIG, nullable=True),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.Column("operator_id", BIG, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"],
            ["escrow_orders.payment_id"],
            name=op.f("fk_escrow_decisions_payment_id_escrow_orders"),
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"],
            ["escrow_decisions.id"],
            name=op.f("fk_escrow_decisions_corrects_id_escrow_decisions"),
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_escrow_decisions_operator_id_operators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escrow_decisions")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_escrow_decisions_corrects_id")),
    )
    op.create_index(
        "uq_escrow_decisions_first",
        "escrow_decisions",
        ["payment_id"],
        unique=True,
        sqlite_where=FIRST,
        postgresql_where=FIRST,
    )
    op.create_index("ix_escrow_decisions_payment_id_id", "escrow_decisions", ["payment_id", "id"])
    op.add_column("deliveries", sa.Column("arrived_on", sa.Date(), nullable=True))
    op.add_column("deliveries", sa.Column("arrival_by", sa.String(length=80), nullable=True))
    op.add_column("deliveries", sa.Column("arrival_at", MOMENT, nullable=True))
    holidays = op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )
    start = sa.func.current_timestamp()
    op.execute(
        holidays.insert().values(
            [
                {
                    "day": date.fromisoformat(day),
                    "name": name,
                    "added_by": "start",
                    "added_at": start,
                }
                for day, name in HOLIDAYS
            ]
        )
    )
    op.execute(
        "UPDATE escrow_orders SET state = 'returned' WHERE state = 'refunded'"
        " AND payment_id IN (SELECT payment_id FROM deliveries)"
    )


def downgrade() -> None:
    op.execute("UPDATE escrow_orders SET state = 'refunded' WHERE state = 'returned'")
    op.execute(
        "UPDATE escrow_orders SET state = CASE"
        " WHEN payment_id IN (SELECT payment_id FROM deliveries) THEN 'shipped'"
        " ELSE 'to_ship' END WHERE state IN ('confirmed', 'denied')"
    )
    op.drop_table("holidays")
    op.drop_column("deliveries", "arrival_at")
    op.drop_column("deliveries", "arrival_by")
    op.drop_column("deliveries", "arrived_on")
    op.drop_table("escrow_decisions")
