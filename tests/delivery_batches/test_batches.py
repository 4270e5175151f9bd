"""Deliveries by the list: registered once each, stopped, compared, found again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from admin.delivery_batches.service import LISTS, RUN, discard, go_on, start, stop, work
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided
from admin.domain.batch import BatchState
from admin.domain.delivery_batch import ParcelResult
from admin.domain.errors import NotAllowed
from admin.domain.permissions import Role
from admin.gateway.errors import GatewayError
from admin.models import Delivery, Job, MoneyOperation, Operator, db, transaction
from tests.conftest import add_operator
from tests.delivery_batches.lists import (
    EN,
    UIDS,
    Lists,
    P,
    R,
    line,
    logis,
    problems,
    register_elsewhere,
    results,
    states,
)
from tests.operations.conftest import Connect
from tests.operations.desk import (
    Killed,
    Network,
    audited,
    dying_at_commit,
    killed_after,
    killed_before,
    refused,
)
from tests.people import Person


def test_a_list_is_registered_line_by_line_each_as_its_own_operation(lists: Lists) -> None:
    lists.know(2)
    batch = lists.give(line(0), f"{line(1, courier='HANJIN')},2026-11-01")
    assert problems(batch)[1] == "The parcel left before the order was paid."
    batch = lists.give(line(0), line(1, courier="HANJIN"))
    lists.start(batch)

    assert lists.run(batch).state is BatchState.DONE

    assert lists.registered() == ["CJGLS 680000000000", "HANJIN 680000000001"]
    assert results(batch) == [P.REGISTERED] * 2
    operations = db.session.scalars(sa.select(MoneyOperation)).all()
    rows = LISTS.get(batch.id).rows
    assert {one.id for one in operations} == {row.operation_id for row in rows}
    trail = [one for one in audited() if one.startswith("delivery")]
    assert trail.count("delivery.requested") == 2
    assert [one for one in trail if one.startswith("delivery_batch")] == [
        "delivery_batch.rehearsed",
        "delivery_batch.rehearsed",
        "delivery_batch.started",
        "delivery_batch.done",
    ]


def test_a_long_list_goes_in_rounds(lists: Lists) -> None:
    lists.know(23)
    batch = lists.give(*[line(place) for place in range(23)])
    lists.start(batch)
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 3
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert LISTS.get(batch.id).state is BatchState.DONE
    assert len(lists.registered()) == 23
    jobs = db.session.scalars(sa.select(Job).where(Job.name == RUN)).all()
    assert [job.payload for job in jobs] == [{"batch_id": batch.id}] * len(jobs)


@pytest.mark.parametrize("moment", [killed_before, killed_after], ids=["unsent", "acted_on"])
def test_a_worker_killed_in_the_middle_sends_nothing_twice(
    lists: Lists, connect: Connect, moment: Callable[..., None]
) -> None:
    lists.know(3)
    batch = lists.give(*[line(place) for place in range(3)])
    lists.start(batch)
    dying = connect(network=Network("POST", logis(UIDS[1]), moment))
    with pytest.raises(Killed):
        work(batch.id, gateway=dying, now=lists.desk.now)
    db.session.rollback()
    db.session.expire_all()
    assert states(batch) == [R.STARTED, R.WAITING, R.WAITING]

    assert lists.run(batch).state is BatchState.DONE

    assert results(batch) == [P.REGISTERED, P.UNKNOWN, P.REGISTERED]
    posts = [len(lists.stand_in.requests(logis(uid), method="POST")) for uid in UIDS[:3]]
    assert posts == [1, 1 if moment is killed_after else 0, 1]
    lists.desk.sweep(minutes=3)
    lists.desk.sweep(minutes=15)
    ended = P.REGISTERED if moment is killed_after else P.NOT_REGISTERED
    assert results(batch) == [P.REGISTERED, ended, P.REGISTERED]
    assert lists.asked() == sum(posts)


def test_a_worker_killed_at_any_commit_registers_each_parcel_once_at_most(lists: Lists) -> None:
    lists.know(20)
    for place in range(20):
        batch = lists.give(line(place))
        lists.start(batch)
        try:
            with dying_at_commit(place):
                work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now)
        except Killed:
            db.session.rollback()
            db.session.expire_all()
        else:
            break
        lists.run(batch)
        assert len(lists.stand_in.requests(logis(UIDS[place]), method="POST")) <= 1
        lists.desk.sweep(minutes=2)
        lists.desk.sweep(minutes=14)
        (ended,) = results(batch)
        posts = len(lists.stand_in.requests(logis(UIDS[place]), method="POST"))
        assert posts <= 1
        assert ended is (P.REGISTERED if posts else P.NOT_REGISTERED)
    assert place > 5, "a line takes several commits"


@pytest.mark.parametrize("action", ["drop", "garbage"])
def test_an_unclear_answer_stays_unknown_until_a_look_settles_it(lists: Lists, action: str) -> None:
    lists.know(2)
    lists.stand_in.fail_next(logis(UIDS[0]), action, method="POST", when="after_commit")
    batch = lists.give(line(0), line(1))
    lists.start(batch)

    lists.run(batch)

    assert results(batch) == [P.UNKNOWN, P.REGISTERED]
    lists.desk.sweep(seconds=20)
    assert results(batch) == [P.REGISTERED, P.REGISTERED]
    assert lists.asked() == 2


@pytest.mark.parametrize(
    ("invoice", "ended"), [("680000000000", P.SAME_HELD), ("699999999999", P.OTHER_HELD)]
)
def test_what_the_gateway_holds_already_is_compared(
    lists: Lists, invoice: str, ended: ParcelResult
) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    lists.start(batch)
    register_elsewhere(lists.stand_in, UIDS[0], lists.desk.now, invoice)

    lists.run(batch)

    assert results(batch) == [ended]
    assert lists.registered() == [f"CJGLS {invoice}"]


@pytest.mark.parametrize(
    ("invoice", "ended"), [("680000000000", P.REGISTERED), ("699999999999", P.OTHER_HELD)]
)
def test_a_409_is_compared(
    lists: Lists, connect: Connect, invoice: str, ended: ParcelResult
) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    lists.start(batch)
    now = lists.desk.now
    quicker = Network(
        "POST",
        logis(UIDS[0]),
        lambda _r, _f: register_elsewhere(lists.stand_in, UIDS[0], now, invoice),
    )

    lists.run(batch, connect(network=quicker))

    assert results(batch) == [ended]
    assert len(lists.registered()) == 1


def test_a_refusal_says_why_and_the_rest_goes(lists: Lists) -> None:
    first, _ = lists.know(2)
    batch = lists.give(line(0), line(1))
    lists.start(batch)
    lists.stand_in.console_cancel(UIDS[0])
    lists.desk.know(UIDS[0])

    lists.run(batch)

    assert results(batch) == [R.REFUSED, P.REGISTERED]
    assert problems(batch)[0] == "The order was refunded; there is nothing to ship."
    assert db.session.get(Delivery, first.id) is None


def test_a_parcel_that_could_not_be_sent_says_so(
    support: Person, lists: Lists, connect: Connect
) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    lists.start(batch)
    lists.run(batch, connect(network=Network("POST", logis(UIDS[0]), refused)))
    assert results(batch) == [P.NOT_REGISTERED]
    page = support.get(f"/escrow-orders/deliveries/{batch.id}", **EN).text
    assert '<span class="batch-why">Not sent</span>' in page
    assert lists.registered() == []


def test_a_stopped_list_goes_on_from_where_it_stood(lists: Lists) -> None:
    lists.know(2)
    batch = lists.give(line(0), line(1))
    lists.start(batch)
    stop(batch.id, actor=lists.desk.actor, now=lists.desk.now)
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert lists.asked() == 0
    go_on(batch.id, actor=lists.desk.actor, now=lists.desk.now + timedelta(seconds=1))
    assert lists.run(batch).state is BatchState.DONE
    assert len(lists.registered()) == 2


def test_a_gateway_that_falls_silent_stops_the_list(lists: Lists) -> None:
    lists.know(2)
    batch = lists.give(line(0), line(1))
    lists.start(batch)
    gateway = lists.desk.gateway
    lists.stand_in.fail_next(f"/payments/{UIDS[0]}", "status", status=503, times=15)
    for _ in range(5):
        with pytest.raises(GatewayError):
            gateway.get_payment(UIDS[0])
    assert gateway.is_paused
    assert work(batch.id, gateway=gateway, now=lists.desk.now) == 0
    assert LISTS.get(batch.id).state is BatchState.STOPPED
    assert states(batch) == [R.WAITING, R.WAITING]


def test_somebody_whose_right_was_taken_registers_no_further_parcel(lists: Lists) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    lists.start(batch)
    with transaction():
        db.session.execute(sa.update(Operator).values(active=False))
    db.session.expire_all()
    lists.run(batch)
    assert states(batch) == [R.REFUSED]
    assert lists.asked() == 0


def test_only_who_gave_a_list_starts_it(lists: Lists) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    other = add_operator(Role.MANAGER)
    colleague = Actor(name=other.name, operator_id=other.id, role=Role.MANAGER)
    viewer = Actor(name="Viewer", operator_id=other.id, role=Role.VIEWER)
    for verb in (discard, lambda key, **by: start(key, (), **by)):
        with pytest.raises(AlreadyDecided):
            verb(batch.id, actor=colleague, now=lists.desk.now)
        with pytest.raises(NotAllowed):
            verb(batch.id, actor=viewer, now=lists.desk.now)
    assert LISTS.get(batch.id).state is BatchState.REHEARSED


def test_two_lists_of_the_same_parcels_register_each_once(lists: Lists) -> None:
    lists.know(2)
    first, second = lists.give(line(0), line(1)), lists.give(line(0), line(1))
    lists.start(first)
    lists.start(second)
    work(second.id, gateway=lists.desk.gateway, now=lists.desk.now)
    lists.run(first)
    assert len(lists.registered()) == 2
    assert lists.asked() == 2
    assert states(first) == [R.REFUSED] * 2
