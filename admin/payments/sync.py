"""The walk over the gateway's payments: everything a lost webhook would have said.

Each status is walked on its own, since the gateway filters by a time column that depends on the
status: by day where trade is recent, by week further back, and by day again where a week holds
too much. A window is read until two passes agree on count, sums and ids, and is settled once it
was read after its end. Windows are committed one by one, so a stopped walk goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.gateway.calls.payments import LONGEST_WINDOW
from admin.gateway.client import Gateway
from admin.mirror import daily
from admin.mirror import service as mirror
from admin.models import Payment, SyncWindow, db, lock, transaction

PAGE = 500
OVERLAP = timedelta(minutes=15)  # read this much on both sides of a window
SETTLING = timedelta(seconds=120)  # the newest moments are still moving; leave them
TOUCHED = timedelta(days=7)  # rows of this age are read again by id
MOST_PASSES = 5
LARGEST_WINDOW = 5_000  # payments; a longer window is cut into days
DAILY = 14  # days back that have a window each; before them, weeks
BATCH = 100  # ids one look-up may name
CHANGES = 100  # payments a page of latest changes holds

Report = Callable[[int, int, str], None]


@dataclass(slots=True)
class SyncResult:
    """What one walk brought."""

    windows: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    touched: set[str] = field(default_factory=set)  # imp_uid of what was new or changed


@dataclass(slots=True)
class _Pass:
    """One reading of a window, to be compared with the next."""

    count: int = 0
    amount: int = 0
    cancelled: int = 0
    unreadable: int = 0
    total: int = 0
    seen: dict[str, PaymentSnapshot] = field(default_factory=dict)

    def take(self, payments: Iterable[PaymentSnapshot]) -> None:
        for payment in payments:
            if payment.imp_uid not in self.seen:
                self.count += 1
                self.amount += payment.amount.minor
                self.cancelled += payment.cancelled.minor
            self.seen[payment.imp_uid] = payment

    def news(self, payments: Iterable[PaymentSnapshot]) -> list[PaymentSnapshot]:
        """Of these payments, those that this pass saw differently or not at all."""
        return [one for one in payments if self.seen.get(one.imp_uid) != one]

    def digest(self) -> str:
        text = f"{self.count}|{self.amount}|{self.cancelled}|" + ",".join(sorted(self.seen))
        return hashlib.sha256(text.encode()).hexdigest()


class _TooLarge(Exception):
    """The window holds more than one pass should."""


def walk(
    *, gateway: Gateway, history: timedelta, now: datetime, report: Report | None = None
) -> SyncResult:
    """Bring the mirror in step with the gateway: open windows newest first, then rows by id."""
    tell = report or (lambda done, total, note: None)
    until = now - SETTLING
    _plan(first=now - history, last=until)
    waiting = deque(_open_windows())
    result = SyncResult()
    first_ever = db.session.scalar(sa.select(Payment.id).limit(1)) is None
    done = 0
    while waiting:
        window = waiting.popleft()
        tell(done, done + len(waiting) + 1, f"{kst_date(window.start_at)} {window.status.value}")
        try:
            _walk_window(window, gateway=gateway, until=until, now=now, result=result)
        except _TooLarge:
            waiting.extendleft(_cut(window))
            continue
        done += 1
    if not first_ever:
        _read_changes(gateway=gateway, first=now - history, until=until, now=now, result=result)
    _read_again(gateway=gateway, now=now, result=result)
    daily.fold()
    tell(done, done, f"{result.new} new, {result.changed} changed")
    if result.new or result.changed:
        with transaction():
            record(
                Actor.system("sync"),
                "payments.synced",
                "payments:all",
                now=now,
                new=result.new,
                changed=result.changed,
                unreadable=result.unreadable,
            )
    return result


def _plan(*, first: datetime, last: datetime) -> None:
    """Make sure that windows reach from `first` to `last` for each status, without a gap.

    Two walks meet when a worker was believed dead; the second goes on from what the first planned.
    """
    known = sa.select(SyncWindow.status, sa.func.max(SyncWindow.end_at)).group_by(SyncWindow.status)
    with transaction():
        mirror.take_turn()
        ends = dict(db.session.execute(known).all())
        for status in PaymentStatus:
            for start, end in _spans(ends.get(status, kst_day(kst_date(first))[0]), last):
                db.session.add(SyncWindow(status=status, start_at=start, end_at=end, settled=False))


def _spans(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Weeks while a week ends well in the past, then days up to the one `last` falls on."""
    start = first
    while start <= last:
        week = start + timedelta(days=7)
        day = kst_day(kst_date(start))[1]
        end = week if week <= last - timedelta(days=DAILY) else day
        yield start, end
        start = end


def _cut(window: SyncWindow) -> list[SyncWindow]:
    """Replace a window by one for each of its days; the latest comes first."""
    days = []
    start = window.start_at
    with transaction():
        row = lock(SyncWindow, window.id)
        if row is None:  # another walk has cut it, and walks its days
            return []
        db.session.delete(row)
        db.session.flush()
        while start < window.end_at:
            end = min(kst_day(kst_date(start))[1], window.end_at)
            day = SyncWindow(status=window.status, start_at=start, end_at=end, settled=False)
            db.session.add(day)
            days.append(day)
            start = end
    return days


def _open_windows() -> list[SyncWindow]:
    query = (
        sa.select(SyncWindow)
        .where(SyncWindow.settled.is_(False))
        .order_by(SyncWindow.start_at.desc(), SyncWindow.status)
    )
    return list(db.session.scalars(query))


def _walk_window(
    window: SyncWindow, *, gateway: Gateway, until: datetime, now: datetime, result: SyncResult
) -> None:
    """Read one window until two passes agree. The first pass of each is mirrored page by page."""
    last: _Pass | None = None
    passes = 0
    while passes < MOST_PASSES:
        this = _read_window(window, last, gateway=gateway, until=until, now=now, result=result)
        passes += 1
        if last is not None and last.digest() == this.digest():
            break
        if this.total == 0 and last is None and this.count == 0:
            break  # an empty window needs no second reading before it is due again
        last = this
    agreed = passes < MOST_PASSES
    with transaction():
        row = lock(SyncWindow, window.id)
        if row is not None:
            row.passes += passes
            row.count = this.count
            row.digest = this.digest()
            row.unreadable = this.unreadable
            row.walked_at = now
            row.settled = agreed and until >= row.end_at + OVERLAP
    result.windows += 1
    result.unreadable += this.unreadable


def _read_window(
    window: SyncWindow,
    last: _Pass | None,
    *,
    gateway: Gateway,
    until: datetime,
    now: datetime,
    result: SyncResult,
) -> _Pass:
    """One pass. What the pass before saw just the same is not mirrored again."""
    reading = _Pass()
    page = 1
    while page:
        seq = mirror.next_fetch_seq(now=now)
        answer = gateway.list_payments(
            window.status,
            start=window.start_at - OVERLAP,
            end=min(window.end_at + OVERLAP, until),
            page=page,
            limit=PAGE,
            sorting="started",
        )
        reading.take(answer.payments)
        reading.unreadable += len(answer.unreadable)
        reading.total = answer.total
        if reading.total > LARGEST_WINDOW and window.end_at - window.start_at > timedelta(days=1):
            raise _TooLarge
        news = last.news(answer.payments) if last else answer.payments
        _mirror(news, fetch_seq=seq, now=now, result=result)
        page = answer.next
    return reading


def _read_changes(
    *, gateway: Gateway, first: datetime, until: datetime, now: datetime, result: SyncResult
) -> None:
    """Follow what changed long after it was paid, latest change first.

    If the gateway leaves a partial cancel `paid`, the row keeps its place in a window that was
    settled long ago, and no window tells of it. The order of changes does: it is read until a
    page holds nothing that this walk has not seen just the same before.
    """
    end = until
    while end > first:
        start = max(first, end - LONGEST_WINDOW)
        page = 1
        while page:
            seq = mirror.next_fetch_seq(now=now)
            answer = gateway.list_payments(
                PaymentStatus.PAID,
                start=start,
                end=end,
                page=page,
                limit=CHANGES,
                sorting="-updated",
            )
            _mirror(answer.payments, fetch_seq=seq, now=now, result=result)
            if result.touched.isdisjoint(one.imp_uid for one in answer.payments):
                break
            page = answer.next
        end = start


def _read_again(*, gateway: Gateway, now: datetime, result: SyncResult) -> None:
    """Read by id what may have moved without a window telling: unpaid rows and recent ones."""
    moving = sa.or_(
        Payment.status == PaymentStatus.READY,
        Payment.started_at >= now - TOUCHED,
        Payment.cancelled_at >= now - TOUCHED,
    )
    query = sa.select(Payment.imp_uid).where(moving, Payment.checked_at < now).order_by(Payment.id)
    ids = list(db.session.scalars(query))
    for start in range(0, len(ids), BATCH):
        seq = mirror.next_fetch_seq(now=now)
        answer = gateway.get_payments(imp_uids=ids[start : start + BATCH])
        _mirror(answer.payments, fetch_seq=seq, now=now, result=result)


def _mirror(
    payments: Iterable[PaymentSnapshot], *, fetch_seq: int, now: datetime, result: SyncResult
) -> None:
    seen = list(payments)
    if not seen:
        return
    with transaction():
        applied = mirror.apply(
            seen, fetch_seq=fetch_seq, source="sync", actor=Actor.system("sync"), now=now
        )
        result.seen += len(seen)
        result.new += sum(one.new for one in applied)
        result.changed += sum(one.changed and not one.new for one in applied)
        result.touched |= {
            one.merged.result.snapshot.imp_uid for one in applied if one.new or one.changed
        }
    db.session.expunge_all()
