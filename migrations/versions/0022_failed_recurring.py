"""An index over the failed charges of billing keys, which the first page counts.

Locks: on PostgreSQL writes to the payments wait while it is built (a second a million).
Back: drops the index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022_failed_recurring"
down_revision = "0021_cancellation_numbers"
branch_labels = None
depends_on = None

INDEX = "ix_payments_failed_recurring"
FEW = sa.text("failed_at IS NOT NULL AND customer_uid IS NOT NULL")


def upgrade() -> None:
    op.create_index(op.f(INDEX), "payments", ["failed_at"], sqlite_where=FEW, postgresql_where=FEW)


def downgrade() -> None:
    op.drop_index(op.f(INDEX), "payments")
