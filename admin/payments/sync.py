"""The walk over the gateway's payments: everything a lost webhook would have said.

Each status is walked on its own, since the gateway filters by a time column that depends on the
status: by day where trade is recent, by week further back, and by day again where a week holds
too much. A window is read until two passes agree on count, sums and ids, and is settled once it
was read after its end. Windows are committed one by one, so a stopped walk goes on where it was.
Pages are asked ahead on other threads and folded here, one after the other.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.gateway.calls.payments import LONGEST_WINDOW
from admin.gateway.client import Gateway
from admin.gateway.wire.payments import PaymentPage
from admin.mirror import daily
from admin.mirror import service as mirror
from admin.models import Payment, SyncWindow, db, lock, transaction
from admin.payments.flight import Question, ask_ahead

PAGE = 200  # payments; folded in one transaction, for which pages on SQLite wait
OVERLAP = timedelta(minutes=15)  # read this much on both sides of a window
SETTLING = timedelta(seconds=120)  # the newest moments are still moving; leave them
TOUCHED = timedelta(days=7)  # rows of this age are read again by id
MOST_PASSES = 5
LARGEST_WINDOW = 5_000  # payments; a longer window is cut into days
DAILY = 14  # days back that have a window each; before them, weeks
BATCH = 100  # ids one look-up may name
IN_FLIGHT = 8  # pages asked for at once, unless the settings say otherwise
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


@dataclass(slots=True, kw_only=True)
class _Walk:
    """What all windows of one walk share."""

    gateway: Gateway
    until: datetime
    now: datetime
    result: SyncResult
    tell: Report
    waiting: deque[SyncWindow]
    under_way: list[_WindowWalk] = field(default_factory=list)
    done: int = 0

    def following(self) -> Question | None:
        """The next page to ask for: of the earliest window that has one, or of a new window.

        A window begins only while those under way are small enough to be held together.
        """
        for one in self.under_way:
            if question := one.following():
                return question
        held = sum(one.this.total for one in self.under_way)
        if not self.waiting or held > LARGEST_WINDOW:
            return None
        window = self.waiting.popleft()
        total = self.done + len(self.under_way) + len(self.waiting) + 1
        note = f"{kst_date(window.start_at)} {window.status.value}"
        self.under_way.append(_WindowWalk(walk=self, window=window))
        told = partial(self.tell, self.done, total, note)
        first = self.under_way[-1].following()
        return replace(first, told=told) if first else None


@dataclass(slots=True, kw_only=True)
class _WindowWalk:
    """One window, read until two passes agree. What the pass before saw just the same is not
    mirrored again.

    Pages of one pass may be asked together, since the first tells how many there are. A pass
    begins when the one before was answered to its end: together they would miss the same.
    """

    walk: _Walk
    window: SyncWindow
    last: _Pass | None = None
    this: _Pass = field(default_factory=_Pass)
    passes: int = 0
    asking: int = 1  # the page to ask for next
    awaited: int = 1  # the page to fold next; 0: nothing is to come any more
    pages: int = 1  # how many there seem to be

    def following(self) -> Question | None:
        """The next page to ask for; None before an answer tells."""
        if self.asking > max(self.pages, self.awaited) or not self.awaited:
            return None
        page, self.asking = self.asking, self.asking + 1
        return Question(
            ask=partial(
                self.walk.gateway.list_payments,
                self.window.status,
                start=self.window.start_at - OVERLAP,
                end=min(self.window.end_at + OVERLAP, self.walk.until),
                page=page,
                limit=PAGE,
                sorting="started",
            ),
            fold=partial(self._fold, self.passes, page),
        )

    def _fold(self, of_pass: int, page: int, answer: PaymentPage, place: int) -> None:
        if (of_pass, page) != (self.passes, self.awaited):
            return  # asked ahead, past what turned out to be the end
        this, walk = self.this, self.walk
        this.take(answer.payments)
        this.unreadable += len(answer.unreadable)
        this.total = answer.total
        length = self.window.end_at - self.window.start_at
        if this.total > LARGEST_WINDOW and length > timedelta(days=1):
            self._leave()
            walk.waiting.extendleft(_cut(self.window))
            return
        news = self.last.news(answer.payments) if self.last else answer.payments
        _apply(news, fetch_seq=place, now=walk.now, result=walk.result)
        if answer.next:
            rows = len(answer.payments) + len(answer.unreadable)
            self.pages = max(self.pages, -(-this.total // rows) if rows else 1)
            self.awaited = answer.next
            if self.awaited != page + 1:
                self.asking = self.awaited
            return
        self._end_pass(page)

    def _end_pass(self, page: int) -> None:
        this = self.this
        self.passes += 1
        empty = this.total == 0 and self.last is None and this.count == 0
        # An empty window needs no second reading before it is due again.
        agreed = empty or (self.last is not None and self.last.digest() == this.digest())
        if not agreed and self.passes < MOST_PASSES:
            self.last, self.this = this, _Pass(total=this.total)
            self.asking, self.awaited, self.pages = 1, 1, page
            return
        self._settle()
        self._leave()
        self.walk.done += 1

    def _settle(self) -> None:
        this, walk = self.this, self.walk
        row = lock(SyncWindow, self.window.id)
        if row is not None:
            row.passes += self.passes
            row.count = this.count
            row.digest = this.digest()
            row.unreadable = this.unreadable
            row.walked_at = walk.now
            agreed = self.passes < MOST_PASSES
            row.settled = agreed and walk.until >= row.end_at + OVERLAP
        walk.result.windows += 1
        walk.result.unreadable += this.unreadable

    def _leave(self) -> None:
        self.awaited = 0
        self.walk.under_way.remove(self)


def walk(
    *,
    gateway: Gateway,
    history: timedelta,
    now: datetime,
    report: Report | None = None,
    in_flight: int = IN_FLIGHT,
) -> SyncResult:
    """Bring the mirror in step with the gateway: open windows newest first, then rows by id.

    At most `in_flight` pages are asked for at once; with 1, one after the other on this thread.
    """
    tell = report or (lambda done, total, note: None)
    until = now - SETTLING
    _plan(first=now - history, last=until)
    result = SyncResult()
    windows = _Walk(
        gateway=gateway,
        until=until,
        now=now,
        result=result,
        tell=tell,
        waiting=deque(_open_windows()),
    )
    first_ever = db.session.scalar(sa.select(Payment.id).limit(1)) is None
    ask_ahead(windows.following, in_flight=in_flight)
    if not first_ever:
        _read_changes(gateway=gateway, first=now - history, until=until, now=now, result=result)
    _read_again(gateway=gateway, now=now, result=result, in_flight=in_flight)
    daily.fold()
    tell(windows.done, windows.done, f"{result.new} new, {result.changed} changed")
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
    db.session.flush()
    return days


def _open_windows() -> list[SyncWindow]:
    query = (
        sa.select(SyncWindow)
        .where(SyncWindow.settled.is_(False))
        .order_by(SyncWindow.start_at.desc(), SyncWindow.status)
    )
    return list(db.session.scalars(query))


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


def _read_again(*, gateway: Gateway, now: datetime, result: SyncResult, in_flight: int) -> None:
    """Read by id what may have moved without a window telling: unpaid rows and recent ones."""
    moving = sa.or_(
        Payment.status == PaymentStatus.READY,
        Payment.started_at >= now - TOUCHED,
        Payment.cancelled_at >= now - TOUCHED,
    )
    query = sa.select(Payment.imp_uid).where(moving, Payment.checked_at < now).order_by(Payment.id)
    ids = list(db.session.scalars(query))
    starts = iter(range(0, len(ids), BATCH))

    def fold(answer: PaymentPage, place: int) -> None:
        _apply(answer.payments, fetch_seq=place, now=now, result=result)

    def following() -> Question | None:
        start = next(starts, None)
        if start is None:
            return None
        ask = partial(gateway.get_payments, imp_uids=ids[start : start + BATCH])
        return Question(ask=ask, fold=fold)

    ask_ahead(following, in_flight=in_flight)


def _mirror(
    payments: Iterable[PaymentSnapshot], *, fetch_seq: int, now: datetime, result: SyncResult
) -> None:
    with transaction():
        _apply(payments, fetch_seq=fetch_seq, now=now, result=result)
    db.session.expunge_all()


def _apply(
    payments: Iterable[PaymentSnapshot], *, fetch_seq: int, now: datetime, result: SyncResult
) -> None:
    """The same inside the caller's transaction."""
    seen = list(payments)
    if not seen:
        return
    applied = mirror.apply(
        seen, fetch_seq=fetch_seq, source="sync", actor=Actor.system("sync"), now=now
    )
    result.seen += len(seen)
    result.new += sum(one.new for one in applied)
    result.changed += sum(one.changed and not one.new for one in applied)
    result.touched |= {
        one.merged.result.snapshot.imp_uid for one in applied if one.new or one.changed
    }
