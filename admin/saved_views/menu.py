"""The views over a list: which there are, which one is looked at, whether it was changed since."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request, url_for

from admin.domain.errors import InvalidInput
from admin.domain.permissions import Permission
from admin.models import SavedView
from admin.saved_views.lists import KeptList, kept_list
from admin.saved_views.queries import menu_views
from admin.web.access import current_actor
from admin.web.keys import asked_key
from admin.web.links import asked

VIEW = "view"  # the part of an address that names the view it began from


def viewed() -> str | None:
    """The view that the present address began from, for links that stay within it."""
    return request.args.get(VIEW) if asked_key(VIEW) is not None else None


def view_address(view: SavedView | Any) -> str:
    """The list as the view asks it."""
    return _address(kept_list(view.list_name), view.id, view.query)


def make_menu(list_name: str) -> dict[str, Any]:
    """What `components/saved_views.html` shows over a list."""
    actor, kept = current_actor(), kept_list(list_name)
    query = _present(kept)
    rows = menu_views(actor, list_name)
    key = asked_key(VIEW)
    current = next((one for one in rows if one.id == key), None) or next(
        (one for one in rows if one.query == query), None
    )
    lines = [
        {
            "name": one.name,
            "owner": "" if one.owner_id == actor.operator_id else one.owner,
            "is_shared": one.is_shared,
            "href": _address(kept, one.id, one.query),
            "is_current": current is not None and one.id == current.id,
        }
        for one in rows
    ]
    return {
        "list_name": list_name,
        "query": query,
        "kept": [(VIEW, str(current.id))] if current is not None and current.id == key else [],
        "own": [one for one in lines if not one["owner"]],
        "shared": [one for one in lines if one["owner"]],
        "current": _current(current, query) if current is not None else None,
    }


def _current(view: Any, query: str) -> dict[str, Any]:
    actor = current_actor()
    own = view.owner_id == actor.operator_id
    is_changed = view.query != query
    may_change = own or actor.may(Permission.VIEWS_MANAGE)
    return {
        "name": view.name,
        "is_changed": is_changed,
        "save_action": url_for("saved_views.keep", view_id=view.id)
        if is_changed and may_change
        else "",
        "edit_href": url_for("saved_views.edit", view_id=view.id) if may_change else "",
    }


def _present(kept: KeptList) -> str:
    """What a view of the present address would keep; of one that nothing may keep, nothing."""
    try:
        return kept.kept(urlencode(asked()))
    except InvalidInput:
        return ""


def _address(kept: KeptList, view_id: int, query: str) -> str:
    pairs = f"{query}&{VIEW}={view_id}" if query else f"{VIEW}={view_id}"
    return f"{url_for(kept.endpoint)}?{pairs}"
