"""Views of lists under a name, the watches over them and what these found.

Locks: none on tables that hold rows; new tables alone.
Back: drops the views, the watches and their history. Nothing else refers to them.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0014_saved_views"
down_revision = "0013_exports"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("owner_id", BIG, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["operators.id"], name=op.f("fk_saved_views_owner_id_operators")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("owner_id", "list_name", "name", name=op.f("uq_saved_views_owner_id")),
    )
    op.create_index("ix_saved_views_list_name_is_shared", "saved_views", ["list_name", "is_shared"])
    op.create_table(
        "watches",
        sa.Column("view_id", BIG, autoincrement=False, nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("limit", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("is_capped", sa.Boolean(), nullable=False),
        sa.Column("is_crossed", sa.Boolean(), nullable=False),
        sa.Column("crossed_at", MOMENT, nullable=True),
        sa.Column("evaluated_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("snoozed_until", sa.Date(), nullable=True),
        sa.Column("snooze_reason", sa.Text(), nullable=False),
        sa.Column("snoozed_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["view_id"], ["saved_views.id"], name=op.f("fk_watches_view_id_saved_views")
        ),
        sa.PrimaryKeyConstraint("view_id", name=op.f("pk_watches")),
    )
    op.create_table(
        "watch_points",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("view_id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("is_crossed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["view_id"], ["watches.view_id"], name=op.f("fk_watch_points_view_id_watches")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_points")),
    )
    op.create_index("ix_watch_points_view_id_at", "watch_points", ["view_id", "at"])


def downgrade() -> None:
    op.drop_table("watch_points")
    op.drop_table("watches")
    op.drop_table("saved_views")
