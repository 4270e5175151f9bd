"""Files of orders that people bring: how they are read, and their rows until they are taken."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.order_intake import ImportRowState, ImportState
from admin.models.base import Base, BigKey, Key, Moment, text_enum


class OrderMapping(Base):
    """How files with these headings are read. The next file with the same ones is read alike."""

    __tablename__ = "order_mappings"

    id: Mapped[Key]
    headings_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    columns: Mapped[dict[str, str]] = mapped_column(sa.JSON)  # our field to their heading
    words: Mapped[dict[str, str]] = mapped_column(sa.JSON)  # their status word to ours
    changed_by: Mapped[str] = mapped_column(sa.String(80))
    changed_at: Mapped[Moment]


class OrderImport(Base):
    """One file on its way in. Its rows go as they are taken, and all of them at `expires_at`."""

    __tablename__ = "order_imports"
    __table_args__ = (sa.Index("ix_order_imports_sha256", "sha256"),)

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(sa.String(160))
    sha256: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState))
    headings: Mapped[list[str]] = mapped_column(sa.JSON)
    columns: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    words: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    row_count: Mapped[int]  # of the file
    done: Mapped[int] = mapped_column(default=0)  # rows of the present work that are behind it
    to_add: Mapped[int] = mapped_column(default=0)  # orders, as they were judged
    to_change: Mapped[int] = mapped_column(default=0)
    same: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)  # orders, as they were taken
    changed: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    previews: Mapped[list[Any]] = mapped_column(sa.JSON)  # the first orders that would change
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    ended_at: Mapped[Moment | None]


class OrderImportRow(Base):
    """One row of a file: its cells as they came, without card numbers, and why it was refused."""

    __tablename__ = "order_import_rows"

    import_id: Mapped[int] = mapped_column(
        BigKey, sa.ForeignKey("order_imports.id"), primary_key=True
    )
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[ImportRowState] = mapped_column(text_enum(ImportRowState))
    cells: Mapped[list[str]] = mapped_column(sa.JSON)
    reasons: Mapped[list[Any]] = mapped_column(sa.JSON)  # [field, message id, values]
