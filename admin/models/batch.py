"""What every list of decisions and each of its lines have, whatever is decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.batch import BatchState, RowState
from admin.models.base import Base, Key, Moment, text_enum


class Batch(Base):
    """A list that is rehearsed, agreed to, and worked off line by line."""

    __abstract__ = True

    id: Mapped[Key]
    form_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(160))  # the file's name, or "" for pasted lines
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[BatchState] = mapped_column(text_enum(BatchState))
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - as SQLAlchemy declares it

    if TYPE_CHECKING:
        rows: Mapped[list[Any]]  # of the list's own kind


class BatchRow(Base):
    """One line: what was given, whose payment it means, and what became of it."""

    __abstract__ = True

    id: Mapped[Key]
    batch_id: Mapped[int]
    position: Mapped[int]  # the line in the file, from 1
    given: Mapped[str] = mapped_column(sa.String(300))  # the line as it was given
    payment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("payments.id"))
    state: Mapped[RowState] = mapped_column(text_enum(RowState))
    problem: Mapped[str] = mapped_column(sa.Text)  # message id of why it cannot go, or ""
    problem_values: Mapped[dict[str, str]] = mapped_column(sa.JSON)
    operation_id: Mapped[str | None] = mapped_column(sa.ForeignKey("operations.id"), index=True)
