"""Payments of a card typed here hold their order number and their key; a code is used once.

Locks: two unique indexes of the operations are built anew, and a column without a value is added to
the people; both are short tables.
Back: payments keyed in become charges, which they are to an older program. It sends none of them: a
decision recorded for another kind is refused before it is sent. Used codes are forgotten.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019_key_in"
down_revision = "0018_payment_requests"
branch_labels = None
depends_on = None

OPEN = "('accepted', 'human', 'mismatch', 'needs_approval', 'ready', 'sending', 'unknown')"
SPENT = "('expired', 'not_executed', 'rejected', 'succeeded_late')"


def upgrade() -> None:
    op.add_column("operators", sa.Column("last_code_counter", sa.BigInteger(), nullable=True))
    _hold(
        key_kinds="('billing_key_delete', 'billing_key_issue', 'key_in')",
        charging_kinds="('charge', 'key_in', 'schedule')",
    )


def downgrade() -> None:
    op.execute("UPDATE operations SET kind = 'charge' WHERE kind = 'key_in'")
    _hold(
        key_kinds="('billing_key_delete', 'billing_key_issue')",
        charging_kinds="('charge', 'schedule')",
    )
    op.drop_column("operators", "last_code_counter")


def _hold(*, key_kinds: str, charging_kinds: str) -> None:
    """Build the two indexes that hold a key and an order number, over these kinds."""
    op.drop_index("uq_operations_open_key", "operations")
    op.drop_index("uq_operations_live_charge", "operations")
    _unique("uq_operations_open_key", "customer_uid", f"kind IN {key_kinds} AND state IN {OPEN}")
    _unique(
        "uq_operations_live_charge",
        "merchant_uid",
        f"kind IN {charging_kinds} AND state NOT IN {SPENT}",
    )


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
