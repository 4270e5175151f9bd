"""Pages by their names: what the menu leads to, and a few that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import current_app, url_for
from flask_babel import lazy_gettext as _l

from admin.domain.permissions import Permission
from admin.domain.search.hangul import initials, is_initials
from admin.domain.search.words import key_of
from admin.web.access import can
from admin.web.i18n import LOCALES, speaking
from admin.web.navigation import MENU, Entry

BESIDE_THE_MENU = (
    Entry(
        label=_l("Find by a pasted message"),
        endpoint="search.paste",
        icon="mail",
        permission=Permission.PAYMENTS_READ,
    ),
    Entry(
        label=_l("Operations"),
        endpoint="operations.index",
        icon="refresh",
        permission=Permission.OPERATIONS_READ,
    ),
    Entry(
        label=_l("Refund by the list"),
        endpoint="refund_batches.index",
        icon="list-check",
        permission=Permission.REFUNDS_BULK,
    ),
    Entry(
        label=_l("Deliveries by the list"),
        endpoint="delivery_batches.index",
        icon="truck-delivery",
        permission=Permission.DELIVERIES_CREATE,
    ),
    Entry(
        label=_l("Rules for refunds"),
        endpoint="refund_rules.index",
        icon="settings",
        permission=Permission.REFUNDS_RULES,
    ),
    Entry(
        label=_l("New inquiry"),
        endpoint="inquiries.new",
        icon="plus",
        permission=Permission.INQUIRIES_WRITE,
    ),
    Entry(
        label=_l("My profile"),
        endpoint="accounts.profile",
        icon="user",
        permission=Permission.OWN_PROFILE,
    ),
)
_FEWEST_INITIALS = 2


def pages_found(text: str, *, most: int) -> list[tuple[str, str, str]]:
    """(name, address, icon) of pages a word of whose Korean or English name begins so.

    Only pages that the reader may open.
    """
    wanted = key_of(text)
    if not wanted:
        return []
    found = [
        (str(entry.label), url_for(entry.endpoint, **dict[str, Any](entry.values)), entry.icon)
        for entry in _entries()
        if can(entry.permission.value) and _begins(entry, wanted)
    ]
    return found[:most]


def _entries() -> Iterator[Entry]:
    for group in (*MENU, BESIDE_THE_MENU):
        for entry in group:
            if entry.endpoint in current_app.view_functions:
                yield entry
                yield from (child for child in entry.children if child.values)


def _begins(entry: Entry, wanted: str) -> bool:
    short = is_initials(wanted) and len(wanted) >= _FEWEST_INITIALS
    for locale in LOCALES:
        with speaking(locale):
            words = str(entry.label).replace("·", " ").replace("&", " ").split()
        for place in range(len(words)):
            name = key_of("".join(words[place:]))
            if name.startswith(wanted):
                return True
            if short and initials(name).startswith(initials(wanted)):
                return True
    return False
