"""A watch as people read it: its figure, its rule, how it stands and a small drawing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import gettext

from admin.domain.actor import Actor
from admin.domain.clock import kst_date
from admin.domain.money import Money
from admin.domain.watch import HOUR, Measure, Side, is_snoozed
from admin.models import Watch, WatchPoint
from admin.saved_views.menu import view_address
from admin.watches.queries import points_of, visible_watches
from admin.web.filters import counted, kst, kst_day, money_with_unit

WIDTH, HEIGHT, EDGE = 120, 28, 3  # of the drawing


def make_tiles(actor: Actor, *, now: datetime) -> list[dict[str, Any]]:
    """The tiles of everything that `actor` may see."""
    return [
        make_tile(watch, points_of(watch.view_id), actor=actor, now=now)
        for watch in visible_watches(actor)
    ]


def make_tile(
    watch: Watch, points: Sequence[WatchPoint], *, actor: Actor, now: datetime
) -> dict[str, Any]:
    """One watch, every text ready. `speaks`: somebody is needed and nobody keeps it quiet."""
    view = watch.view
    quiet = is_snoozed(watch.snoozed_until, kst_date(now))
    tone, state = _standing(watch, quiet)
    return {
        "name": view.name,
        "owner": "" if view.owner_id == actor.operator_id else view.owner.name,
        "href": url_for("watches.show", view_id=view.id),
        "list_href": view_address(view),
        "value": shown(watch.measure, watch.value, is_capped=watch.is_capped),
        "rule": rule(watch),
        "tone": tone,
        "state": state,
        "why": _why(watch),
        "speaks": watch.is_crossed and not quiet,
        "spark": draw(watch, points),
    }


def shown(measure: Measure, value: int | None, *, is_capped: bool = False) -> str:
    """A figure with its unit: `5건`, `128,000원`, `26시간 10분`."""
    if value is None:
        return "–"
    if measure is Measure.COUNT:
        return counted(value, is_capped)
    if measure is Measure.SUM:
        return money_with_unit(Money(value))
    hours, minutes = divmod(value, HOUR)
    if not hours:
        return str(gettext("%(minutes)s min", minutes=minutes))
    if not minutes:
        return str(gettext("%(hours)s h", hours=f"{hours:,}"))
    return str(gettext("%(hours)s h %(minutes)s min", hours=f"{hours:,}", minutes=minutes))


def rule(watch: Watch) -> str:
    """When somebody is needed, as a sentence."""
    limit = shown(watch.measure, watch.limit)
    if watch.side is Side.ABOVE:
        return str(gettext("Someone is needed above %(limit)s.", limit=limit))
    return str(gettext("Someone is needed below %(limit)s.", limit=limit))


def draw(watch: Watch, points: Sequence[WatchPoint]) -> dict[str, Any] | None:
    """A line over the looks and one at the limit, with the same in words; of one look none."""
    if len(points) < 2:
        return None
    values = [point.value for point in points]
    low, high = min(*values, watch.limit), max(*values, watch.limit)
    room = HEIGHT - 2 * EDGE

    def height(value: int) -> int:
        return EDGE + room - (room * (value - low) // (high - low) if high > low else room // 2)

    last = len(points) - 1
    words = gettext(
        "%(count)s looks since %(time)s: lowest %(low)s, highest %(high)s, last %(last)s",
        count=len(points),
        time=kst(points[0].at),
        low=shown(watch.measure, min(values)),
        high=shown(watch.measure, max(values)),
        last=shown(watch.measure, values[-1]),
    )
    return {
        "line": " ".join(
            f"{place * WIDTH // last},{height(value)}" for place, value in enumerate(values)
        ),
        "limit": height(watch.limit),
        "width": WIDTH,
        "height": HEIGHT,
        "words": words,
    }


def _standing(watch: Watch, quiet: bool) -> tuple[str, str]:
    """Tone and words of how it stands."""
    if quiet:
        day = kst_day(watch.snoozed_until)
        return ("amber" if watch.is_crossed else ""), gettext("quiet until %(day)s", day=day)
    if watch.problem:
        return "amber", gettext("not known")
    if watch.is_crossed:
        return "red", gettext("someone is needed")
    if watch.evaluated_at is None:
        return "", gettext("not looked at yet")
    return "", gettext("within the limit")


def _why(watch: Watch) -> str:
    """How far beyond, and since when; "" while it is within."""
    if not watch.is_crossed:
        return ""
    facts = {
        "value": shown(watch.measure, watch.value, is_capped=watch.is_capped),
        "limit": shown(watch.measure, watch.limit),
        "time": kst(watch.crossed_at),
    }
    if watch.side is Side.ABOVE:
        return str(gettext("%(value)s, above %(limit)s since %(time)s", **facts))
    return str(gettext("%(value)s, below %(limit)s since %(time)s", **facts))
