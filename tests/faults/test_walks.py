"""The mirror agrees with the gateway in the end, whatever happens while it is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

import httpx
import pytest
import sqlalchemy as sa

from admin.domain.clock import KST, kst_date, kst_day, utc_now
from admin.models import Observation, Payment, SyncWindow, db
from admin.payments import sync
from admin.payments.service import sync_payment
from admin.payments.sync import walk
from admin.webhooks.service import receive_event, work_events
from tests.operations.desk import every_operation
from tests.payments.trade import a_payment, awaiting, failed, plant, refunded

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("app")]

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PAID = "/payments/status/paid"


@pytest.fixture
def now() -> datetime:
    """Noon in Korea, yesterday: no test of days runs over midnight."""
    return kst_day(kst_date(utc_now()) - timedelta(days=1))[0] + 12 * HOUR


class Altered(httpx.BaseTransport):
    """The real network; `alter` may change a request of a list, `meanwhile` runs after each."""

    def __init__(
        self,
        *,
        alter: Callable[[httpx.Request], httpx.Request] = lambda request: request,
        meanwhile: Callable[[httpx.Request], None] = lambda request: None,
    ) -> None:
        self._alter, self._meanwhile = alter, meanwhile
        self._turn = Lock()  # pages are read on several threads
        self._real = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != PAID:
            return self._real.handle_request(request)
        answer = self._real.handle_request(self._alter(request))
        answer.read()
        with self._turn:
            self._meanwhile(request)
        return answer

    def close(self) -> None:
        self._real.close()


def mirrored() -> dict[str, tuple[str, int, int]]:
    """Status, amount and cancelled amount of each payment we hold."""
    db.session.rollback()
    db.session.expire_all()
    return {
        one.imp_uid: (one.status.value, one.amount_minor, one.cancelled_minor)
        for one in db.session.scalars(sa.select(Payment))
    }


def at_the_gateway(stand_in, *numbers: int) -> dict[str, tuple[str, int, int]]:
    """The same of the gateway's own rows."""
    found = [stand_in.payment(f"imp_{number:012d}") for number in numbers]
    return {one["imp_uid"]: (one["status"], one["amount"], one["cancel_amount"]) for one in found}


def test_fault_f41_a_day_without_a_single_webhook_leaves_nothing_out(stand_in, gateway, now):
    plant(
        stand_in,
        *(a_payment(number, now - 20 * HOUR) for number in range(1, 5)),
        awaiting(5, now - 19 * HOUR, due=now + 48 * HOUR),
        failed(6, now - 18 * HOUR),
    )
    walk(gateway=gateway, history=timedelta(days=2), now=now)

    stand_in.console_cancel("imp_000000000001")
    stand_in.console_cancel("imp_000000000002", 4_000)
    stand_in.control("buyer/deposit", {"imp_uid": "imp_000000000005"})
    plant(stand_in, a_payment(7, now - HOUR), refunded(8, now - HOUR, 3_000))
    walk(gateway=gateway, history=timedelta(days=2), now=now + 10 * MINUTE)

    assert mirrored() == at_the_gateway(stand_in, *range(1, 9))
    assert stand_in._client.get("/_sandbox/webhooks").json()["response"] == []


def test_fault_f47_a_webhook_amid_the_walk_is_not_undone_by_what_the_walk_read_before(
    stand_in, gateway, connect, now
):
    """The list is read, then the payment is cancelled and looked up, then the list is applied."""
    plant(stand_in, a_payment(1, now - HOUR))
    walk(gateway=gateway, history=timedelta(days=2), now=now)
    with db.engine.begin() as connection:
        connection.execute(sa.delete(SyncWindow))
    struck = []

    def webhook(_request: httpx.Request) -> None:
        if not struck:
            struck.append(True)
            stand_in.console_cancel("imp_000000000001", 4_000)
            body = b'{"imp_uid": "imp_000000000001", "status": "cancelled"}'
            receive_event(body, content_type="application/json", source_ip=None, now=now)
            work_events("imp_000000000001", gateway=gateway, now=now)

    walk(
        gateway=connect(network=Altered(meanwhile=webhook)),
        history=timedelta(days=2),
        now=now + MINUTE,
        in_flight=1,  # what happens meanwhile writes to the database too
    )

    assert struck
    assert mirrored() == at_the_gateway(stand_in, 1)
    assert mirrored()["imp_000000000001"][2] == 4_000
    late = db.session.scalars(sa.select(Observation).where(Observation.stale.is_(True)))
    assert [one.source for one in late] == ["sync"]


def test_fault_f48_what_a_lagging_replica_says_is_counted_and_not_believed(stand_in, gateway, now):
    plant(stand_in, a_payment(1, now - HOUR))
    stand_in.console_cancel("imp_000000000001", 4_000)
    sync_payment("imp_000000000001", source="webhook", gateway=gateway, now=now)
    stand_in.fail_next("/payments/imp_000000000001", "stale_read", when="after_commit")

    applied = sync_payment("imp_000000000001", source="webhook", gateway=gateway, now=now + MINUTE)

    assert applied.merged.stale
    assert mirrored() == at_the_gateway(stand_in, 1)
    query = sa.select(Observation.stale, Observation.cancelled_minor).order_by(Observation.id)
    told = db.session.execute(query)
    assert [tuple(one) for one in told] == [(False, 4_000), (True, 0)]


@pytest.mark.parametrize("in_flight", [1, 8])
def test_fault_f49_rows_that_come_and_change_while_a_window_is_paged(
    stand_in, connect, now, monkeypatch, in_flight
):
    """At each page one payment arrives and another one leaves the list for another status."""
    monkeypatch.setattr(sync, "PAGE", 4)
    plant(stand_in, *(a_payment(number, now - HOUR - number * MINUTE) for number in range(1, 13)))
    pages: list[int] = []

    def trade(_request: httpx.Request) -> None:
        pages.append(len(pages) + 1)
        if len(pages) <= 6:
            number = 100 + len(pages)
            plant(stand_in, a_payment(number, now - HOUR - number * MINUTE))
            stand_in.console_cancel(f"imp_{len(pages):012d}")

    walk(
        gateway=connect(network=Altered(meanwhile=trade)),
        history=timedelta(days=1),
        now=now,
        in_flight=in_flight,
    )
    walk(gateway=connect(), history=timedelta(days=1), now=utc_now() + 10 * MINUTE)

    assert len(pages) > 6
    assert mirrored() == at_the_gateway(stand_in, *range(1, 13), *range(101, 107))


@pytest.mark.parametrize("in_flight", [1, 8])
def test_fault_f50_a_list_that_shrinks_under_the_walk_ends_where_it_ends(
    stand_in, connect, now, monkeypatch, in_flight
):
    """Two pages were announced; by the second one it lies past the end, which is a 400."""
    monkeypatch.setattr(sync, "PAGE", 3)
    plant(stand_in, *(a_payment(number, now - HOUR - number * MINUTE) for number in range(1, 7)))
    shrunk = []

    def shrink(_request: httpx.Request) -> None:
        if not shrunk:
            shrunk.append(True)
            for number in range(3, 7):
                stand_in.console_cancel(f"imp_{number:012d}")

    result = walk(
        gateway=connect(network=Altered(meanwhile=shrink)),
        history=timedelta(days=1),
        now=now,
        in_flight=in_flight,
    )

    assert shrunk
    assert "2" in {one["fields"]["page"] for one in stand_in.requests(path=PAID)}
    assert result.windows > 4
    walk(gateway=connect(), history=timedelta(days=1), now=utc_now() + 10 * MINUTE)
    assert mirrored() == at_the_gateway(stand_in, *range(1, 7))


@pytest.mark.parametrize("in_flight", [1, 8])
def test_fault_f50_a_gateway_that_gives_fewer_rows_than_asked_for_is_read_to_the_end(
    stand_in, connect, now, in_flight
):
    plant(stand_in, *(a_payment(number, now - HOUR - number * MINUTE) for number in range(1, 48)))

    def twenty(request: httpx.Request) -> httpx.Request:
        url = request.url.copy_set_param("limit", "20")
        return httpx.Request(request.method, url, headers=request.headers)

    walk(
        gateway=connect(network=Altered(alter=twenty)),
        history=timedelta(days=1),
        now=now,
        in_flight=in_flight,
    )

    assert len(mirrored()) == 47
    assert {one["fields"]["page"] for one in stand_in.requests(path=PAID)} == {"1", "2", "3"}


@pytest.mark.parametrize("skew", [-600, 600])
def test_fault_f51_a_gateway_whose_clock_is_ten_minutes_off_leaves_nothing_out(
    stand_in, connect, now, skew
):
    """Its rows carry its own time; those of our last ten minutes look early or late to us."""
    stand_in.control("clock", {"gateway_skew_s": skew})
    moments = [now - timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)]
    plant(
        stand_in,
        *(
            a_payment(number, moment + timedelta(seconds=skew))
            for number, moment in enumerate(moments, start=1)
        ),
    )
    gateway = connect()

    for later in (timedelta(0), 30 * MINUTE):
        walk(gateway=gateway, history=timedelta(days=1), now=now + later)

    assert mirrored() == at_the_gateway(stand_in, 1, 2, 3, 4)
    assert gateway.clock_skew is not None
    assert abs(gateway.clock_skew.total_seconds() - skew) < 5


@pytest.mark.parametrize(
    "midnight",
    [datetime(2028, 2, 29, tzinfo=KST), datetime(2028, 3, 1, tzinfo=KST)],
    ids=["into_the_leap_day", "out_of_the_leap_day"],
)
def test_fault_f51_no_moment_around_a_korean_midnight_falls_between_two_windows(
    stand_in, gateway, midnight
):
    midnight = midnight.astimezone(UTC)
    stand_in.control("clock", {"now": int((midnight + 2 * HOUR).timestamp())})
    moments = [-3600, -1, 0, 1, 3600]
    plant(
        stand_in,
        *(
            a_payment(number, midnight + timedelta(seconds=moment))
            for number, moment in enumerate(moments, start=1)
        ),
    )

    for later in (-30 * MINUTE, 30 * MINUTE, 2 * HOUR):
        walk(gateway=gateway, history=timedelta(days=2), now=midnight + later)

    assert mirrored() == at_the_gateway(stand_in, 1, 2, 3, 4, 5)
    query = sa.select(SyncWindow.status, SyncWindow.start_at, SyncWindow.end_at)
    spans = [tuple(one) for one in db.session.execute(query.order_by(SyncWindow.start_at))]
    for status in {one[0] for one in spans}:
        ours = [(start, end) for kind, start, end in spans if kind is status]
        assert [end for _, end in ours[:-1]] == [start for start, _ in ours[1:]]
        assert midnight in [start for start, _ in ours]


def test_fault_f41_what_was_given_back_elsewhere_comes_in_and_sends_nothing(stand_in, gateway, now):
    plant(stand_in, refunded(1, now - HOUR, 4_000))

    walk(gateway=gateway, history=timedelta(days=1), now=now)

    assert mirrored() == at_the_gateway(stand_in, 1)
    assert every_operation() == []
    assert stand_in.requests(path="/payments/cancel") == []
