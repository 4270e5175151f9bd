"""What the query box of the list offers while one types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from flask_babel import gettext, ngettext

from admin.domain.search.completing import complete
from admin.domain.search.query import Field
from admin.payments.queries import newest_values
from admin.web.i18n import language

LASTS = timedelta(minutes=1)
MOST_OF_A_FIELD = 100
# What staff write by hand may name a person: only what was written more than once is offered.
_WRITTEN = frozenset({Field.REASON})


def make_offers(text: str, cursor: int, *, now: datetime) -> dict[str, Any]:
    """How the piece before the cursor may end, for the open box."""
    offers = complete(text, cursor, language=language(), known=known_values(now=now))
    hits = [
        {
            "title": [(one.label, False)],
            "detail": one.hint,
            "text": one.text_after,
            "cursor": one.cursor_after,
        }
        for one in offers
    ]
    group = {"label": gettext("Go on with"), "hits": hits}
    said = ngettext("%(num)s way to go on", "%(num)s ways to go on", len(hits))
    return {"groups": [group] if hits else [], "said": said if hits else "", "note": ""}


def known_values(*, now: datetime) -> Mapping[Field, list[str]]:
    """Values that stand in the newest payments, the most frequent first. A minute old at most."""
    held = current_app.extensions.get("known_values")
    if held is None or not held[0] <= now < held[0] + LASTS:
        held = current_app.extensions["known_values"] = (now, _read())
    values: Mapping[Field, list[str]] = held[1]
    return values


def _read() -> Mapping[Field, list[str]]:
    return {
        field: _frequent(values, least=2 if field in _WRITTEN else 1)
        for field, values in newest_values().items()
    }


def _frequent(values: Counter[str], *, least: int) -> list[str]:
    return [value for value, times in values.most_common(MOST_OF_A_FIELD) if times >= least]
