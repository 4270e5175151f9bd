"""Pages are asked ahead and together; what becomes of them is as if they came one by one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from admin.domain.clock import kst_date, kst_day, utc_now
from admin.gateway.errors import GatewayError
from admin.models import (
    EscrowOrder,
    GatewayBinding,
    Observation,
    Payment,
    PaymentCancellation,
    PaymentDay,
    PaymentText,
    SyncWindow,
    db,
)
from admin.payments import sync
from admin.payments.sync import walk
from tests.payments.trade import a_payment, awaiting, failed, plant, refunded

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("app")]

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PATIENCE = 20  # seconds that a thread waits for what must come


@pytest.fixture
def now() -> datetime:
    """Noon in Korea, yesterday: no test of days runs over midnight."""
    return kst_day(kst_date(utc_now()) - DAY)[0] + 12 * HOUR


class Watched(httpx.BaseTransport):
    """The real network, which knows how many lists are being asked for at this moment.

    `before` sees each request while it counts, and may hold or refuse it; `after` is told when it
    was answered.
    """

    def __init__(
        self,
        before: Callable[[httpx.Request], None] = lambda request: None,
        after: Callable[[httpx.Request], None] = lambda request: None,
    ) -> None:
        self._before, self._after = before, after
        self._real = httpx.HTTPTransport()
        self._turn = threading.Lock()
        self._now = 0
        self.most = 0
        self.order: list[httpx.URL] = []  # as they were answered

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/payments/status/"):
            return self._real.handle_request(request)
        with self._turn:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self._before(request)
            answer = self._real.handle_request(request)
            answer.read()
            with self._turn:
                self.order.append(request.url)
            self._after(request)
            return answer
        finally:
            with self._turn:
                self._now -= 1

    def close(self) -> None:
        self._real.close()


class Gathering:
    """Holds requests until so many wait together, then has them answered latest first.

    Whoever is left over at the end goes on after a second.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._turn = threading.Condition()
        self._waiting: list[httpx.Request] = []
        self._leaving: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> None:
        with self._turn:
            self._waiting.append(request)
            if len(self._waiting) == self._size:
                self._leaving, self._waiting = [*self._leaving, *self._waiting], []
                self._turn.notify_all()
            came = self._turn.wait_for(lambda: request in self._leaving, timeout=1)
            if not came:
                self._waiting = [one for one in self._waiting if one is not request]
            else:
                self._turn.wait_for(lambda: self._leaving[-1] is request, timeout=PATIENCE)

    def answered(self, request: httpx.Request) -> None:
        with self._turn:
            self._leaving = [one for one in self._leaving if one is not request]
            self._turn.notify_all()


def trade(now: datetime) -> list[dict]:
    """Four days with something of everything, the first day in several pages."""
    return [
        *(a_payment(n, now - HOUR - n * timedelta(minutes=1)) for n in range(1, 12)),
        *(a_payment(n, now - n * HOUR) for n in range(20, 60, 4)),
        failed(70, now - 2 * HOUR),
        awaiting(71, now - 3 * HOUR, due=now + 48 * HOUR, escrow=True),
        refunded(72, now - 30 * HOUR, 4_000),
        refunded(73, now - 55 * HOUR, 10_000),
    ]


def everything() -> dict[str, list[tuple]]:
    """What the mirror holds, without the places and the keys that rows came in by."""
    db.session.rollback()
    uid = Payment.imp_uid
    skipped = {"id", "fetch_seq", "payment_id"}

    def of(table: type, *more: sa.ColumnElement) -> list[tuple]:
        columns = [one for one in table.__table__.c if one.name not in skipped]
        query = sa.select(*more, *columns)
        if more:
            query = query.join(Payment)
        return sorted((tuple(row) for row in db.session.execute(query)), key=repr)

    windows = sa.select(
        SyncWindow.status, SyncWindow.start_at, SyncWindow.settled, SyncWindow.passes,
        SyncWindow.count, SyncWindow.digest, SyncWindow.walked_at,
    )  # fmt: skip
    return {
        "payments": of(Payment),
        "cancellations": of(PaymentCancellation, uid),
        "observations": of(Observation, uid),
        "escrow": of(EscrowOrder, uid),
        "texts": of(PaymentText, uid),
        "days": of(PaymentDay),
        "windows": sorted((tuple(row) for row in db.session.execute(windows)), key=repr),
    }


def forget() -> None:
    """An empty mirror, as before the first walk."""
    db.session.rollback()
    with db.engine.begin() as connection:
        for table in (EscrowOrder, PaymentCancellation, Observation, PaymentText, PaymentDay):
            connection.execute(sa.delete(table))
        connection.execute(sa.text("DELETE FROM payment_pieces"))
        connection.execute(sa.delete(Payment))
        connection.execute(sa.delete(SyncWindow))


def test_the_same_rows_come_in_whether_pages_are_asked_one_by_one_or_eight_at_once(
    stand_in, connect, now, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", 3)
    plant(stand_in, *trade(now))
    found, most = {}, {}
    for in_flight in (1, 8):
        together = Gathering(4 if in_flight > 1 else 1)
        network = Watched(together, together.answered)
        for later in (0, 1):
            walk(
                gateway=connect(network=network),
                history=4 * DAY,
                now=now + later * HOUR,
                in_flight=in_flight,
            )
        found[in_flight], most[in_flight] = everything(), network.most
        forget()

    assert found[1] == found[8]
    assert len(found[8]["payments"]) == 25
    assert most[1] == 1
    assert 1 < most[8] <= 8


def test_one_at_a_time_asks_in_the_old_order_and_no_page_too_many(
    stand_in, connect, now, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", 3)
    plant(stand_in, *(a_payment(n, now - HOUR) for n in range(7)))
    network = Watched()

    walk(gateway=connect(network=network), history=timedelta(0), now=now, in_flight=1)

    asked = [(url.path.rsplit("/")[-1], url.params["page"]) for url in network.order]
    assert asked == [
        *(("cancelled", "1"), ("failed", "1")),
        *(("paid", "1"), ("paid", "2"), ("paid", "3")) * 2,
        ("ready", "1"),
    ]


def test_answers_that_come_in_another_order_are_folded_in_the_order_of_their_places(
    stand_in, connect, now, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", 2)
    plant(stand_in, *(a_payment(n, now - HOUR - n * timedelta(minutes=1)) for n in range(16)))
    together = Gathering(3)
    network = Watched(together, together.answered)

    walk(gateway=connect(network=network), history=DAY, now=now)

    answered = [int(url.params["page"]) for url in network.order if url.path.endswith("paid")]
    assert answered != sorted(answered)
    db.session.rollback()
    query = sa.select(Observation.fetch_seq, Payment.started_at).join(Payment)
    seen = list(db.session.execute(query.order_by(Observation.id)))
    places = [place for place, _ in seen]
    assert places == sorted(places)
    assert len(set(places)) == 8
    first_of_page = [started for _, started in seen][::2]
    assert first_of_page == sorted(first_of_page)
    assert db.session.scalar(sa.select(GatewayBinding.fetch_seq)) >= max(places)


def test_a_page_that_fails_leaves_what_was_settled_before_and_no_thread(
    stand_in, connect, now, monkeypatch
):
    """The third page of the day before yesterday fails, after newer days were read."""
    monkeypatch.setattr(sync, "PAGE", 2)
    plant(
        stand_in,
        *(a_payment(n, now - n * HOUR) for n in range(1, 4)),
        *(a_payment(n, now - 50 * HOUR - n * timedelta(minutes=1)) for n in range(10, 20)),
    )
    third_day = kst_day(kst_date(now - 50 * HOUR))[0] - sync.OVERLAP

    def refuse(request: httpx.Request) -> None:
        params = request.url.params
        if params["page"] == "3" and int(params["from"]) == int(third_day.timestamp()):
            raise httpx.ReadError("gone")

    with pytest.raises(GatewayError):
        walk(gateway=connect(network=Watched(refuse)), history=4 * DAY, now=now)

    assert not [one for one in threading.enumerate() if one.name.startswith("walk")]
    db.session.rollback()
    arrived = set(db.session.scalars(sa.select(Payment.imp_uid)))
    assert {f"imp_{n:012d}" for n in (1, 2, 3)} <= arrived
    assert len(arrived) == 3 + 4  # and the two pages before the one that failed
    settled = set(db.session.scalars(sa.select(SyncWindow.start_at).where(SyncWindow.settled)))
    assert third_day + DAY + sync.OVERLAP in settled

    walk(gateway=connect(), history=4 * DAY, now=now)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 13


def test_a_second_pass_begins_only_when_the_first_was_answered_to_its_end(
    stand_in, connect, now, monkeypatch
):
    monkeypatch.setattr(sync, "PAGE", 2)
    plant(stand_in, *(a_payment(n, now - HOUR - n * timedelta(minutes=1)) for n in range(8)))
    together = Gathering(2)
    network = Watched(together, together.answered)

    walk(gateway=connect(network=network), history=timedelta(0), now=now)

    pages = [url.params["page"] for url in network.order if url.path.endswith("paid")]
    assert sorted(pages[:4]) == sorted(pages[4:8]) == ["1", "2", "3", "4"]
    assert len(pages) == 8
