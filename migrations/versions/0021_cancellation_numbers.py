"""An index by which a cancellation's own number finds its payment.

Locks: on PostgreSQL writes to the cancellations wait while it is built (a second or two a million).
Back: drops the index.
"""

from alembic import op

revision = "0021_cancellation_numbers"
down_revision = "0020_delivery_batches"
branch_labels = None
depends_on = None

INDEX = "ix_payment_cancellations_cancellation_id"


def upgrade() -> None:
    op.create_index(op.f(INDEX), "payment_cancellations", ["cancellation_id"])


def downgrade() -> None:
    op.drop_index(op.f(INDEX), "payment_cancellations")
