"""The walk over the gateway's payments: everything a lost webhook would have said.

Each status is walked by day, since the gateway filters by a time column that depends on the
status. A window is read until two passes agree on count, sums and ids, and is settled once it
was read after its end. Windows are committed one by one, so a stopped walk goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from admin.audit.service import record
from admin.domain.actor import Actor
from admin.domain.clock import kst_date, kst_day
from admin.domain.payment import PaymentSnapshot, PaymentStatus
from admin.gateway.client import Gateway
from admin.mirror import service as mirror
from admin.models import Payment, SyncWindow, db, lock, transaction

PAGE = 500
OVERLAP = timedelta(minutes=15)  # read this much on both sides of a window
SETTLING = timedelta(seconds=120)  # the newest moments are still moving; leave them
TOUCHED = timedelta(days=7)  # rows of this age are read again by id
MOST_PASSES = 5
BATCH = 100  # ids one look-up may name

Report = Callable[[int, int, str], None]


@dataclass(slots=True)
class SyncResult:
    """What one walk brought."""

    windows: int = 0
    seen: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0


@dataclass(slots=True)
class _Pass:
    """One reading of a window, to be compared with the next."""

    count: int = 0
    amount: int = 0
    cancelled: int = 0
    unreadable: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        self.ids: set[str] = set()

    def take(self, payments: Iterable[PaymentSnapshot]) -> None:
        for payment in payments:
            if payment.imp_uid not in self.ids:
                self.ids.add(payment.imp_uid)
                self.count += 1
                self.amount += payment.amount.minor
                self.cancelled += payment.cancelled.minor

    def digest(self) -> str:
        text = f"{self.count}|{self.amount}|{self.cancelled}|" + ",".join(sorted(self.ids))
        return hashlib.sha256(text.encode()).hexdigest()


def walk(
    *, gateway: Gateway, history: timedelta, now: datetime, report: Report | None = None
) -> SyncResult:
    """Bring the mirror in step with the gateway: open windows newest first, then rows by id."""
    tell = report or (lambda done, total, note: None)
    until = now - SETTLING
    _plan(first=now - history, last=until)
    open_windows = _open_windows()
    result = SyncResult()
    for done, window in enumerate(open_windows):
        tell(done, len(open_windows), f"{kst_date(window.start_at)} {window.status.value}")
        _walk_window(window, gateway=gateway, until=until, now=now, result=result)
    _read_again(gateway=gateway, now=now, result=result)
    tell(len(open_windows), len(open_windows), f"{result.new} new, {result.changed} changed")
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
    """Make sure that each day up to `last` has a window for each status."""
    known = set(db.session.execute(sa.select(SyncWindow.status, SyncWindow.start_at)).tuples())
    with transaction():
        for start, end in _days(first, last):
            for status in PaymentStatus:
                if (status, start) not in known:
                    db.session.add(
                        SyncWindow(status=status, start_at=start, end_at=end, settled=False)
                    )


def _days(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    day = kst_date(first)
    while day <= kst_date(last):
        yield kst_day(day)
        day += timedelta(days=1)


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
        this = _read_window(window, gateway=gateway, until=until, now=now, result=result)
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
    window: SyncWindow, *, gateway: Gateway, until: datetime, now: datetime, result: SyncResult
) -> _Pass:
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
        _mirror(answer.payments, fetch_seq=seq, now=now, result=result)
        page = answer.next
    return reading


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
    db.session.expunge_all()
