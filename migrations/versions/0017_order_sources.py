"""Where an order came from, the programs that bring them, and files on their way in.

Locks: orders, for a moment: columns that may be empty rewrite no row. New tables beside it.
Back: drops tokens, mappings, staged rows and where orders came from; the orders stay.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0017_order_sources"
down_revision = "0016_escrow_decisions"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COUNTS = ("row_count", "done", "to_add", "to_change", "same", "refused", "added", "changed")


def upgrade() -> None:
    op.create_table(
        "order_sources",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_start", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["operators.id"],
            name=op.f("fk_order_sources_created_by_id_operators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_sources")),
        sa.UniqueConstraint("name", name=op.f("uq_order_sources_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_order_sources_token_hash")),
    )
    op.add_column("orders", sa.Column("origin", sa.String(length=40), nullable=True))
    op.add_column("orders", sa.Column("source_id", BIG, nullable=True))
    op.add_column("orders", sa.Column("came_at", MOMENT, nullable=True))
    op.add_column("orders", sa.Column("changed_at", MOMENT, nullable=True))
    op.create_table(
        "order_mappings",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("headings_hash", sa.String(length=64), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_mappings")),
        sa.UniqueConstraint("headings_hash", name=op.f("uq_order_mappings_headings_hash")),
    )
    op.create_table(
        "order_imports",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        *[sa.Column(name, sa.Integer(), nullable=False) for name in (*COUNTS, "unchanged")],
        sa.Column("previews", sa.JSON(), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["operators.id"],
            name=op.f("fk_order_imports_created_by_id_operators"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_imports")),
    )
    op.create_index("ix_order_imports_sha256", "order_imports", ["sha256"])
    op.create_index(op.f("ix_order_imports_expires_at"), "order_imports", ["expires_at"])
    op.create_table(
        "order_import_rows",
        sa.Column("import_id", BIG, autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["order_imports.id"],
            name=op.f("fk_order_import_rows_import_id_order_imports"),
        ),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_order_import_rows")),
    )


def downgrade() -> None:
    op.drop_table("order_import_rows")
    op.drop_table("order_imports")
    op.drop_table("order_mappings")
    for name in ("changed_at", "came_at", "source_id", "origin"):
        op.drop_column("orders", name)
    op.drop_table("order_sources")
