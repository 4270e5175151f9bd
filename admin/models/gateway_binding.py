"""Which gateway this database belongs to, and the token its processes share."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from admin.models.base import Base, Moment


class GatewayBinding(Base):
    """One row: the gateway's host and a fingerprint of the key. Another pair stops the start."""

    __tablename__ = "gateway_binding"
    __table_args__ = (sa.CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    host: Mapped[str] = mapped_column(sa.String(255))
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    include_sandbox: Mapped[bool]
    bound_at: Mapped[Moment]
    fetch_seq: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # order of all looks
    seen_at: Mapped[Moment | None]  # when the gateway last answered


class GatewayToken(Base):
    """The access token that all processes share; useless after half an hour."""

    __tablename__ = "gateway_tokens"

    fingerprint: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    token: Mapped[str] = mapped_column(sa.String(255))
    expires_at: Mapped[Moment]
    skew_seconds: Mapped[float]  # the gateway's clock minus ours when it was issued
    asking_until: Mapped[Moment]  # while this lies ahead, one process is asking for a new one


class GatewayCircuit(Base):
    """How many calls to the gateway have failed in a row, counted by all processes together."""

    __tablename__ = "gateway_circuits"

    fingerprint: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    failures: Mapped[int]
    probe_at: Mapped[Moment]  # one look-up may go through then
