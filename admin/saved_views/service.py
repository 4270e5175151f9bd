"""Save a view of a list, rename, share and change it, and remove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.errors import N_, InvalidInput, NotAllowed, NotFound
from admin.domain.saved_view import kept_name
from admin.models import SavedView, Watch, WatchPoint, db, lock, transaction
from admin.saved_views.lists import kept_list
from admin.saved_views.queries import may_change

_TAKEN = N_("You have a view of this list called “%(name)s” already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewCommand:
    """What is kept of which list, under which name, for whom."""

    list_name: str
    query: str
    name: str
    is_shared: bool


def save_view(command: ViewCommand, *, actor: Actor, now: datetime) -> SavedView:
    """Keep a view. Raises InvalidInput for its name or for what must not be kept."""
    kept = kept_list(command.list_name)
    actor.require(kept.permission)
    if actor.operator_id is None:
        raise NotAllowed()
    view = SavedView(
        list_name=kept.name,
        owner_id=actor.operator_id,
        name=kept_name(command.name),
        query=kept.kept(command.query),
        is_shared=command.is_shared,
        created_at=now,
        changed_at=now,
    )
    try:
        with transaction():
            db.session.add(view)
            db.session.flush()
            _record(view, "saved", actor=actor, now=now)
    except IntegrityError:
        raise InvalidInput(_TAKEN, field="name", name=view.name) from None
    return view


def get_view(view_id: int, *, actor: Actor) -> SavedView:
    """A view that `actor` sees. Raises NotFound, also for what somebody keeps to themselves."""
    return _seen(db.session.get(SavedView, view_id, populate_existing=True), actor)


def change_view(
    view_id: int, *, name: str, is_shared: bool, actor: Actor, now: datetime
) -> SavedView:
    """Rename it, share it or keep it to oneself. Raises InvalidInput, NotAllowed or NotFound."""
    text = kept_name(name)
    try:
        with transaction():
            view = _locked(view_id, actor)
            view.name, view.is_shared, view.changed_at = text, is_shared, now
            db.session.flush()
            _record(view, "changed", actor=actor, now=now)
    except IntegrityError:
        raise InvalidInput(_TAKEN, field="name", name=text) from None
    return view


def keep_query(view_id: int, query: str, *, actor: Actor, now: datetime) -> SavedView:
    """Let it ask what the list is asked now. Raises InvalidInput, NotAllowed or NotFound."""
    with transaction():
        view = _locked(view_id, actor)
        view.query, view.changed_at = kept_list(view.list_name).kept(query), now
        _record(view, "changed", actor=actor, now=now)
    return view


def remove_view(view_id: int, *, actor: Actor, now: datetime) -> SavedView:
    """Remove it, with its watch. Raises NotAllowed or NotFound."""
    with transaction():
        view = _locked(view_id, actor)
        _record(view, "removed", actor=actor, now=now)
        db.session.execute(sa.delete(WatchPoint).where(WatchPoint.view_id == view_id))
        db.session.execute(sa.delete(Watch).where(Watch.view_id == view_id))
        db.session.execute(sa.delete(SavedView).where(SavedView.id == view_id))
    return view


def _locked(view_id: int, actor: Actor) -> SavedView:
    view = _seen(lock(SavedView, view_id), actor)
    if not may_change(actor, view):
        raise NotAllowed()
    return view


def _seen(view: SavedView | None, actor: Actor) -> SavedView:
    if view is None or not (view.is_shared or view.owner_id == actor.operator_id):
        raise NotFound()
    actor.require(kept_list(view.list_name).permission)
    return view


def _record(view: SavedView, verb: str, *, actor: Actor, now: datetime) -> None:
    facts = {"list": view.list_name, "name": view.name, "shared": view.is_shared}
    record(actor, f"saved_view.{verb}", f"saved_view:{view.id}", now=now, **facts)
