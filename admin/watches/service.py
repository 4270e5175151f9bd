"""Set a watch over a view, look at it, keep it quiet for a while, and end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day
from admin.domain.errors import N_, InvalidInput, NotAllowed, NotFound
from admin.domain.watch import (
    LONGEST_REASON,
    LONGEST_SNOOZE,
    MOST,
    Measure,
    Side,
    is_crossed,
)
from admin.models import SavedView, Watch, WatchPoint, db, lock, transaction
from admin.models.kst import kst_day_of
from admin.models.limits import TookTooLong, reading_within
from admin.payments.finding import PaymentFilter, plan
from admin.saved_views.lists import kept_list
from admin.saved_views.queries import may_change
from admin.saved_views.service import get_view
from admin.watches.queries import measured, watched

SECONDS = 5.0  # that one look may take
KEPT_WHOLE = timedelta(days=7)
TOO_LONG = N_("Adding it up took too long. A period or another condition makes it fast.")
UNREADABLE = N_("Its search cannot be read. Open the list, mend it and save the change.")

# (query string, now) -> what it asks; InvalidInput for one that cannot be read
ReadFilter = Callable[[str, datetime], PaymentFilter]
Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchCommand:
    """What is looked at, and where its limit lies: payments, won or minutes."""

    measure: Measure
    side: Side
    limit: int


def set_watch(view_id: int, command: WatchCommand, *, actor: Actor, now: datetime) -> Watch:
    """Watch a view, or watch it otherwise from now on. Raises InvalidInput, NotAllowed, NotFound.

    Another measure begins another history: won and hours do not stand in one drawing.
    """
    if not 0 <= command.limit <= MOST:
        raise InvalidInput(N_("That limit is too large."), field="limit")
    with transaction():
        view = _changeable(view_id, actor)
        if not kept_list(view.list_name).is_watched:
            raise NotFound()
        watch = lock(Watch, view_id)
        if watch is None:
            watch = Watch(view_id=view_id, measure=command.measure)
            db.session.add(watch)
        elif watch.measure is not command.measure:
            db.session.execute(sa.delete(WatchPoint).where(WatchPoint.view_id == view_id))
        watch.measure, watch.side, watch.limit = command.measure, command.side, command.limit
        watch.value, watch.evaluated_at, watch.problem = None, None, ""
        watch.is_crossed, watch.is_capped, watch.crossed_at = False, False, None
        _record(view_id, "set", actor=actor, now=now, **_facts(command))
    return watch


def snooze(view_id: int, until: date, reason: str, *, actor: Actor, now: datetime) -> Watch:
    """Keep it quiet until a day, and say why. Raises InvalidInput, NotAllowed or NotFound."""
    today = kst_date(now)
    if not today < until <= today + LONGEST_SNOOZE:
        raise InvalidInput(N_("Choose a day after today, within a year."), field="until")
    if not reason:
        raise InvalidInput(N_("Say why, so that the next one knows."), field="reason")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(N_("At most %(max)d characters."), field="reason", max=LONGEST_REASON)
    with transaction():
        watch = _locked(view_id, actor)
        watch.snoozed_until, watch.snooze_reason, watch.snoozed_by = until, reason, actor.name
        _record(view_id, "snoozed", actor=actor, now=now, until=until, reason=reason)
    return watch


def wake(view_id: int, *, actor: Actor, now: datetime) -> Watch:
    """Let it speak again. Raises NotAllowed or NotFound."""
    with transaction():
        watch = _locked(view_id, actor)
        watch.snoozed_until, watch.snooze_reason, watch.snoozed_by = None, "", ""
        _record(view_id, "woken", actor=actor, now=now)
    return watch


def end_watch(view_id: int, *, actor: Actor, now: datetime) -> None:
    """Watch it no longer; what was found goes with it. Raises NotAllowed or NotFound."""
    with transaction():
        _locked(view_id, actor)
        _record(view_id, "ended", actor=actor, now=now)
        db.session.execute(sa.delete(WatchPoint).where(WatchPoint.view_id == view_id))
        db.session.execute(sa.delete(Watch).where(Watch.view_id == view_id))


def get_watch(view_id: int, *, actor: Actor) -> Watch:
    """A watch that `actor` sees. Raises NotFound."""
    get_view(view_id, actor=actor)
    watch = db.session.get(Watch, view_id, populate_existing=True)
    if watch is None:
        raise NotFound()
    return watch


def evaluate_all(*, read: ReadFilter, now: datetime, report: Report | None = None) -> int:
    """Look at every watch that somebody can see; returns how many."""
    found = watched()
    for place, view_id in enumerate(found):
        evaluate(view_id, read=read, now=now)
        if report is not None:
            report(place + 1, len(found))
    return len(found)


def evaluate(view_id: int, *, read: ReadFilter, now: datetime, seconds: float = SECONDS) -> None:
    """Look at one watch and keep what it found. One that takes too long says so instead."""
    watch = db.session.get(Watch, view_id, populate_existing=True)
    if watch is None:
        return
    query, measure, limit = watch.view.query, watch.measure, watch.limit
    value, is_capped, problem = None, False, ""
    try:
        wanted = read(query, now)
        with reading_within(seconds):
            value, is_capped = measured(plan(wanted, now=now), measure, limit)
    except InvalidInput:
        problem = UNREADABLE
    except TookTooLong:
        problem = TOO_LONG
    with transaction():
        watch = lock(Watch, view_id)
        if watch is None or (watch.measure, watch.limit) != (measure, limit):
            return  # ended or set anew meanwhile
        watch.problem, watch.evaluated_at = problem, now
        if problem:
            return  # what was found before stands, with its age
        watch.value, watch.is_capped = value, is_capped
        _judge(watch, now=now)
        if value is not None:
            point = WatchPoint(view_id=view_id, at=now, value=value, is_crossed=watch.is_crossed)
            db.session.add(point)
        _thin_out(view_id, now=now)


def _judge(watch: Watch, *, now: datetime) -> None:
    crossed = is_crossed(watch.side, watch.limit, watch.value)
    if crossed is watch.is_crossed:
        return
    watch.is_crossed, watch.crossed_at = crossed, now if crossed else None
    _record(
        watch.view_id,
        "crossed" if crossed else "settled",
        actor=Actor.system("watches"),
        now=now,
        value=watch.value,
        limit=watch.limit,
    )


def _thin_out(view_id: int, *, now: datetime) -> None:
    """After a week the last look of a Korean day stands for the day."""
    before = kst_day(kst_date(now - KEPT_WHOLE))[0]
    old = sa.and_(WatchPoint.view_id == view_id, WatchPoint.at < before)
    last = sa.select(sa.func.max(WatchPoint.id)).where(old).group_by(kst_day_of(WatchPoint.at))
    db.session.execute(sa.delete(WatchPoint).where(old, WatchPoint.id.not_in(last)))


def _locked(view_id: int, actor: Actor) -> Watch:
    _changeable(view_id, actor)
    watch = lock(Watch, view_id)
    if watch is None:
        raise NotFound()
    return watch


def _changeable(view_id: int, actor: Actor) -> SavedView:
    view = get_view(view_id, actor=actor)
    if not may_change(actor, view):
        raise NotAllowed()
    return view


def _facts(command: WatchCommand) -> dict[str, object]:
    values = {"measure": command.measure.value, "side": command.side.value}
    return {**values, "limit": command.limit}


def _record(view_id: int, verb: str, *, actor: Actor, now: datetime, **facts: object) -> None:
    record(actor, f"watch.{verb}", f"saved_view:{view_id}", now=now, **facts)
