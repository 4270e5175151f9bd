"""What the gateway tells of a payment beyond its documented fields.

Locks: a moment on payments; the column is empty.
Back: drops the column. A look at a payment tells it again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010_extra_fields"
down_revision = "0009_gateway_circuit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payments", sa.Column("extra", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("payments", "extra")
