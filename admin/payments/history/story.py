"""What of the timeline a page shows, and the ways to narrow it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from admin.payments.history.entry import GLYPHS, Entry, Origin, origin_words
from admin.web.filters import count

MOST_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The entries of a page, the ways to narrow them, and how many more there are."""

    entries: list[Entry]
    choices: list[dict[str, Any]]
    count: int
    all_href: str = ""


def make_story(
    entries: Sequence[Entry], *, show: str, everything: bool, address: Callable[..., str]
) -> Story:
    """At most MOST_SHOWN entries of one origin, or of all; `address(show=, all=)` leads on."""
    wanted = Origin(show) if show in {one.value for one in Origin} else None
    counts = Counter(entry.origin for entry in entries)
    kept = [one for one in entries if wanted is None or one.origin is wanted]
    shown = kept if everything else kept[:MOST_SHOWN]
    choices = [{"label": gettext("All"), "origin": None, "count": len(entries)}]
    choices += [
        {"label": word, "origin": origin, "count": counts[origin]}
        for origin, word in origin_words().items()
        if counts[origin] or origin is wanted
    ]
    return Story(
        entries=shown,
        choices=[
            {
                "label": one["label"],
                "glyph": GLYPHS[one["origin"]] if one["origin"] else "",
                "count": count(one["count"]),
                "href": address(show=one["origin"].value if one["origin"] else ""),
                "is_current": one["origin"] is wanted,
            }
            for one in choices
        ],
        count=len(kept),
        all_href=address(show=show, all="1") if len(shown) < len(kept) else "",
    )
