"""Files that leave the house with a passport, and the columns a person chose.

Locks: none on tables that hold rows; new tables alone.
Back: drops the passports, the marks and the choices; files on disk become unknown. Export first.
"""

import sqlalchemy as sa
from alembic import op

from admin.models.base import UtcDateTime

revision = "0013_exports"
down_revision = "0012_text_index"
branch_labels = None
depends_on = None

MOMENT = UtcDateTime()
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("is_personal", sa.Boolean(), nullable=False),
        sa.Column("is_masked", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("created_by_id", BIG, nullable=True),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("all_rows", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("cancelled_minor", sa.BigInteger(), nullable=False),
        sa.Column("written_count", sa.Integer(), nullable=False),
        sa.Column("written_gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("written_cancelled_minor", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("root", sa.String(length=16), nullable=False),
        sa.Column("prints_sha256", sa.String(length=64), nullable=False),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("revoked_by_id", BIG, nullable=True),
        sa.Column("revoked_by", sa.String(length=80), nullable=False),
        sa.Column("revoke_reason", sa.Text(), nullable=False),
        _to_operators("exports", "created_by_id"),
        _to_operators("exports", "revoked_by_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("form_key", name=op.f("uq_exports_form_key")),
        sa.UniqueConstraint("token", name=op.f("uq_exports_token")),
    )
    op.create_index(op.f("ix_exports_created_by_id"), "exports", ["created_by_id"])
    op.create_index(op.f("ix_exports_sha256"), "exports", ["sha256"])
    op.create_index("ix_exports_state_expires_at", "exports", ["state", "expires_at"])
    op.create_table(
        "export_marks",
        sa.Column("mark", BIG, autoincrement=False, nullable=False),
        sa.Column("export_id", BIG, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["export_id"], ["exports.id"], name=op.f("fk_export_marks_export_id_exports")
        ),
        sa.PrimaryKeyConstraint("mark", "export_id", name=op.f("pk_export_marks")),
    )
    op.create_table(
        "column_choices",
        sa.Column("operator_id", BIG, autoincrement=False, nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        _to_operators("column_choices", "operator_id"),
        sa.PrimaryKeyConstraint("operator_id", "list_name", name=op.f("pk_column_choices")),
    )


def downgrade() -> None:
    op.drop_table("column_choices")
    op.drop_table("export_marks")
    op.drop_table("exports")


def _to_operators(table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], ["operators.id"], name=op.f(f"fk_{table}_{column}_operators")
    )
