"""Read inquiries."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from admin.domain.inquiry import InquiryState
from admin.models import Inquiry, db


@dataclass(frozen=True, slots=True, kw_only=True)
class InquiryFilter:
    """Empty fields do not narrow."""

    state: InquiryState | None = None
    owner_id: int | None = None
    text: str = ""


def select_inquiries(wanted: InquiryFilter) -> sa.Select[Inquiry]:
    """Inquiries for newest-first paging by id."""
    query = sa.select(Inquiry).options(selectinload(Inquiry.owner), selectinload(Inquiry.payment))
    if wanted.state is not None:
        query = query.where(Inquiry.state == wanted.state)
    if wanted.owner_id is not None:
        query = query.where(Inquiry.owner_id == wanted.owner_id)
    if wanted.text:
        columns = (Inquiry.subject, Inquiry.question, Inquiry.customer_name)
        query = query.where(
            sa.or_(*[one.icontains(wanted.text, autoescape=True) for one in columns])
        )
    return query


def count_by_state() -> dict[InquiryState, int]:
    """How many inquiries stand in each state."""
    query = sa.select(Inquiry.state, sa.func.count()).group_by(Inquiry.state)
    return dict(db.session.execute(query).all())


def find_inquiry(inquiry_id: int) -> Inquiry | None:
    """One inquiry with everything written under it."""
    query = (
        sa.select(Inquiry)
        .where(Inquiry.id == inquiry_id)
        .options(
            selectinload(Inquiry.entries),
            selectinload(Inquiry.owner),
            selectinload(Inquiry.payment),
        )
    )
    return db.session.scalars(query).one_or_none()
