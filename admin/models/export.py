"""Exports: one file that left the house, with everything its passport says."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.domain.export import ExportKind, ExportState, ExportSums, has_expired
from admin.models.base import Base, BigKey, Key, MinorUnits, Moment, text_enum


class Export(Base):
    """One file of a list. The row outlives the file, so that a copy can be checked later."""

    __tablename__ = "exports"
    __table_args__ = (sa.Index("ix_exports_state_expires_at", "state", "expires_at"),)

    id: Mapped[Key]
    form_key: Mapped[str] = mapped_column(sa.String(64), unique=True)
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)  # the file's name in the folder
    list_name: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[ExportKind] = mapped_column(text_enum(ExportKind))
    state: Mapped[ExportState] = mapped_column(text_enum(ExportState))
    query: Mapped[str] = mapped_column(sa.Text)  # the list's query string
    words: Mapped[list[list[str]]] = mapped_column(sa.JSON)  # the same for people: [name, value]
    columns: Mapped[list[str]] = mapped_column(sa.JSON)
    is_personal: Mapped[bool]  # a column with personal data was chosen
    is_masked: Mapped[bool]
    reason: Mapped[str] = mapped_column(sa.Text)
    language: Mapped[str] = mapped_column(sa.String(8))
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"), index=True)
    created_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[Moment]
    attempt: Mapped[int] = mapped_column(default=0)  # fences a writer that was taken for dead
    done_rows: Mapped[int] = mapped_column(default=0)
    all_rows: Mapped[int] = mapped_column(default=0)  # matching when it was asked for
    count: Mapped[int] = mapped_column(default=0)  # summed by the database ...
    gross_minor: Mapped[MinorUnits] = mapped_column(default=0)
    cancelled_minor: Mapped[MinorUnits] = mapped_column(default=0)
    written_count: Mapped[int] = mapped_column(default=0)  # ... and counted while writing
    written_gross_minor: Mapped[MinorUnits] = mapped_column(default=0)
    written_cancelled_minor: Mapped[MinorUnits] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # bytes
    sha256: Mapped[str] = mapped_column(sa.String(64), default="", index=True)
    root: Mapped[str] = mapped_column(sa.String(16), default="")  # one print of all rows
    prints_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    ready_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None]
    ended_at: Mapped[Moment | None]  # cancelled, failed, expired or revoked
    problem: Mapped[str] = mapped_column(sa.Text, default="")
    revoked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("operators.id"))
    revoked_by: Mapped[str] = mapped_column(sa.String(80), default="")
    revoke_reason: Mapped[str] = mapped_column(sa.Text, default="")

    @property
    def sums(self) -> ExportSums:
        """What the database summed in the snapshot the file was written from."""
        return ExportSums(count=self.count, gross=self.gross_minor, cancelled=self.cancelled_minor)

    @property
    def written(self) -> ExportSums:
        """What was counted row by row while writing."""
        return ExportSums(
            count=self.written_count,
            gross=self.written_gross_minor,
            cancelled=self.written_cancelled_minor,
        )

    def state_at(self, now: datetime) -> ExportState:
        """The state people see: a file past its time is gone, whether swept yet or not."""
        late = self.state is ExportState.READY and has_expired(self.expires_at, now=now)
        return ExportState.EXPIRED if late else self.state


class ExportMark(Base):
    """A print of one row of a file, by which a changed copy is recognised."""

    __tablename__ = "export_marks"

    mark: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    export_id: Mapped[int] = mapped_column(
        sa.ForeignKey("exports.id"), primary_key=True, autoincrement=False
    )


class ColumnChoice(Base):
    """The columns of one list that one person chose, in their order."""

    __tablename__ = "column_choices"

    operator_id: Mapped[int] = mapped_column(
        sa.ForeignKey("operators.id"), primary_key=True, autoincrement=False
    )
    list_name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    columns: Mapped[list[str]] = mapped_column(sa.JSON)
    changed_at: Mapped[Moment]
