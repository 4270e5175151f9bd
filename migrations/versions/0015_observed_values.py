"""What each look changed, with both values, and the people whom notes call.

Locks: observations, for a moment: a column that may be empty rewrites no row.
Back: drops the values and the calls; the names of the changed fields and the notes stay.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0015_observed_values"
down_revision = "0014_saved_views"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNOPENED = sa.text("opened_at IS NULL")


def upgrade() -> None:
    op.add_column("observations", sa.Column("deltas", sa.JSON(), nullable=True))
    op.create_table(
        "note_mentions",
        sa.Column("note_id", BIG, autoincrement=False, nullable=False),
        sa.Column("operator_id", BIG, autoincrement=False, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["note_id"], ["notes.id"], name=op.f("fk_note_mentions_note_id_notes")
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operators.id"], name=op.f("fk_note_mentions_operator_id_operators")
        ),
        sa.PrimaryKeyConstraint("note_id", "operator_id", name=op.f("pk_note_mentions")),
    )
    op.create_index(
        "ix_note_mentions_waiting",
        "note_mentions",
        ["operator_id", "note_id"],
        sqlite_where=UNOPENED,
        postgresql_where=UNOPENED,
    )


def downgrade() -> None:
    op.drop_table("note_mentions")
    op.drop_column("observations", "deltas")
