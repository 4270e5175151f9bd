"""Read saved views: one's own, and what others share."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, selectinload

from admin.domain.actor import Actor
from admin.domain.permissions import Permission
from admin.models import Operator, SavedView, db

# Every list asks this.
_OWN = SavedView.owner_id == sa.bindparam("owner")
_MENU = (
    sa.select(
        SavedView.id,
        SavedView.name,
        SavedView.query,
        SavedView.owner_id,
        SavedView.is_shared,
        Operator.name.label("owner"),
    )
    .join(SavedView.owner)
    .where(SavedView.list_name == sa.bindparam("list"), sa.or_(_OWN, SavedView.is_shared))
    .order_by(sa.case((_OWN, 0), else_=1), SavedView.name, SavedView.id)
)


def visible_views(actor: Actor, lists: Sequence[str]) -> list[SavedView]:
    """The views of these lists that `actor` sees, by list, one's own first, then by name."""
    own = SavedView.owner_id == actor.operator_id
    query = (
        sa.select(SavedView)
        .join(SavedView.owner)
        .options(contains_eager(SavedView.owner), selectinload(SavedView.watch))
        .where(SavedView.list_name.in_(lists), sa.or_(own, SavedView.is_shared))
        .order_by(SavedView.list_name, sa.case((own, 0), else_=1), SavedView.name, SavedView.id)
    )
    return list(db.session.scalars(query))


def menu_views(actor: Actor, list_name: str) -> list[sa.Row[int, str, str, int, bool, str]]:
    """The same for the menu over one list, with no more of each than the menu shows."""
    found = db.session.execute(_MENU, {"owner": actor.operator_id, "list": list_name})
    return list(found.all())


def may_change(actor: Actor, view: SavedView) -> bool:
    """Whether `actor` may rename, change and remove it: its owner, or a manager what is shared."""
    if view.owner_id == actor.operator_id:
        return True
    return view.is_shared and actor.may(Permission.VIEWS_MANAGE)
