"""How many calls to the gateway have failed in a row.

Locks: none; creates an empty table.
Back: drops the count, which starts anew.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0009_gateway_circuit"
down_revision = "0008_reconciliation"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()


def upgrade() -> None:
    op.create_table(
        "gateway_circuits",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("probe_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_gateway_circuits")),
    )


def downgrade() -> None:
    op.drop_table("gateway_circuits")
