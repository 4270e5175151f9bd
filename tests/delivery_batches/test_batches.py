"""Deliveries by the list: rehearsed, ticked, registered, stopped, and found again after a crash."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO

import httpx
import pytest
import sqlalchemy as sa

from admin.delivery_batches.exports import result
from admin.delivery_batches.queries import rows_of
from admin.delivery_batches.service import (
    LISTS,
    RUN,
    BatchCommand,
    discard,
    go_on,
    rehearse,
    start,
    stop,
    work,
)
from admin.domain.actor import Actor
from admin.domain.approval import AlreadyDecided
from admin.domain.batch import BatchState, NothingToSend, RowState
from admin.domain.delivery_batch import ParcelResult, read_parcels
from admin.domain.errors import NotAllowed
from admin.domain.permissions import Role
from admin.gateway.client import Gateway
from admin.gateway.errors import GatewayError
from admin.models import (
    Delivery,
    DeliveryBatch,
    DeliveryBatchRow,
    Job,
    MoneyOperation,
    Operator,
    Payment,
    db,
    transaction,
)
from tests.conftest import KEY, SECRET, add_operator
from tests.operations.conftest import Connect, connect, desk
from tests.operations.desk import (
    Desk,
    Killed,
    Network,
    audited,
    dying_at_commit,
    killed_after,
    killed_before,
    refused,
)
from tests.people import Person
from tests.stand_in import StandIn

__all__ = ["connect", "desk"]

UIDS = [f"imp_40000000{number:04d}" for number in range(30)]
EN = {"headers": {"Accept-Language": "en"}}
R, P = RowState, ParcelResult


class Lists:
    """Somebody who gives lists of deliveries."""

    def __init__(self, stand_in: StandIn, desk: Desk) -> None:
        self.stand_in, self.desk = stand_in, desk
        self.forms = 0

    def know(self, count: int, **fields: object) -> list[Payment]:
        for uid in UIDS[:count]:
            self.stand_in.paid(uid, escrow=True, **fields)
        return [self.desk.know(uid) for uid in UIDS[:count]]

    def give(self, *lines: str, form_key: str = "") -> DeliveryBatch:
        self.forms += 1
        command = BatchCommand(
            name="parcels.csv",
            rows=read_parcels("\n".join(lines)),
            form_key=form_key or f"list-{self.forms}",
        )
        return rehearse(command, actor=self.desk.actor, now=self.desk.now)

    def start(self, batch: DeliveryBatch, *ticked: int) -> DeliveryBatch:
        return start(batch.id, ticked, actor=self.desk.actor, now=self.desk.now)

    def run(self, batch: DeliveryBatch, gateway: Gateway | None = None) -> DeliveryBatch:
        while work(batch.id, gateway=gateway or self.desk.gateway, now=self.desk.now):
            pass
        return LISTS.get(batch.id)

    def registered(self) -> list[str]:
        """What stands at the gateway, in the order in which it came."""
        return [one["reason"] for one in self.stand_in.effects()]

    def asked(self) -> int:
        """How often the gateway was asked to register anything."""
        return sum(len(self.stand_in.requests(logis(uid), method="POST")) for uid in UIDS)


@pytest.fixture
def lists(stand_in: StandIn, desk: Desk) -> Lists:
    return Lists(stand_in, desk)


def logis(uid: str) -> str:
    return f"/escrows/logis/{uid}"


def line(place: int, *, invoice: str = "", courier: str = "CJGLS") -> str:
    return f"{UIDS[place]},{courier},{invoice or f'68000000{place:04d}'}"


def states(batch: DeliveryBatch) -> list[RowState]:
    db.session.expire_all()
    return [row.state for row in LISTS.get(batch.id).rows]


def results(batch: DeliveryBatch) -> list[object]:
    db.session.rollback()
    db.session.expire_all()
    return [result(one) for one in rows_of(batch.id)]


def problems(batch: DeliveryBatch) -> list[str]:
    db.session.expire_all()
    return [row.problem for row in LISTS.get(batch.id).rows]


def register_elsewhere(stand_in: StandIn, uid: str, now: datetime, invoice: str) -> None:
    """Somebody registers a parcel without us."""
    pair = {"imp_key": KEY, "imp_secret": SECRET}
    answer = httpx.post(f"{stand_in.url}/users/getToken", json=pair, trust_env=False)
    token = answer.json()["response"]["access_token"]
    parcel = {"company": "CJGLS", "invoice": invoice, "sent_at": int(now.timestamp()) - 600}
    httpx.post(
        stand_in.url + logis(uid),
        json={"logis": parcel},
        headers={"Authorization": token},
        trust_env=False,
    ).raise_for_status()


def test_a_rehearsal_judges_every_line_and_sends_nothing(lists: Lists) -> None:
    _, _, sent, other = lists.know(4)
    lists.stand_in.paid("imp_500000000001")
    plain = lists.desk.know("imp_500000000001")
    lists.desk.deliver(sent)
    lists.desk.deliver(other, invoice="680000000003")
    before = lists.asked()

    batch = lists.give(
        line(0),
        line(1, courier="한진택배"),
        "ORD-nothing,CJGLS,680000000099",
        f"{plain.imp_uid},CJGLS,680000000098",
        line(2),
        line(3),
        line(0, invoice="680000000097"),
        f"{UIDS[1]},꿈배송,680000000096",
    )

    assert results(batch) == [P.GOES, P.GOES, *[R.BLOCKED] * 6]
    says = problems(batch)
    assert says[:2] == ["", ""]
    assert "no payment" in says[2]
    assert "no escrow payment" in says[3]
    assert "Another parcel is registered" in says[4]
    assert "very parcel" in says[5]
    assert "in the list already" in says[6]
    assert "no courier" in says[7]
    assert lists.asked() == before
    assert "delivery_batch.rehearsed" in audited()


def test_an_order_that_may_not_be_shipped_says_why(lists: Lists) -> None:
    waiting = {"status": "ready", "paid_at": 0, "pay_method": "vbank", "vbank_num": "5620001"}
    lists.stand_in.paid(UIDS[0], escrow=True, **waiting)
    lists.stand_in.paid(UIDS[1], escrow=True)
    lists.stand_in.paid(UIDS[2], escrow=True)
    lists.stand_in.console_cancel(UIDS[1])
    for uid in UIDS[:3]:
        lists.desk.know(uid)

    batch = lists.give(line(0), line(1), f"{line(2)},2099-01-01 10:00")

    assert states(batch) == [R.BLOCKED] * 3
    assert problems(batch) == [
        "The deposit has not come in yet.",
        "The order was refunded; there is nothing to ship.",
        "The parcel cannot have left in the future.",
    ]
    with pytest.raises(NothingToSend):
        lists.start(batch)
    assert LISTS.get(batch.id).state is BatchState.REHEARSED


def test_nothing_goes_before_somebody_says_so(lists: Lists) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert lists.asked() == 0
    discard(batch.id, actor=lists.desk.actor, now=lists.desk.now)
    with pytest.raises(AlreadyDecided):
        lists.start(batch)
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert lists.asked() == 0


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


def test_a_number_that_stands_twice_goes_only_where_it_is_ticked(lists: Lists) -> None:
    lists.know(3)
    shared = "681111111111"
    batch = lists.give(line(0, invoice=shared), line(1, invoice=shared), line(2))
    assert results(batch) == [P.ASKS, P.ASKS, P.GOES]

    lists.start(batch, 2)
    lists.run(batch)

    assert results(batch) == [R.BLOCKED, P.REGISTERED, P.REGISTERED]
    assert lists.registered() == [f"CJGLS {shared}", "CJGLS 680000000002"]


def test_both_orders_of_one_parcel_go_when_both_are_ticked(lists: Lists) -> None:
    lists.know(2)
    shared = "681111111111"
    batch = lists.give(line(0, invoice=shared), line(1, invoice=shared))
    lists.start(batch, 1, 2)
    lists.run(batch)
    assert results(batch) == [P.REGISTERED] * 2


def test_a_number_registered_for_another_order_goes_only_when_ticked(lists: Lists) -> None:
    first, _ = lists.know(2)
    lists.desk.deliver(first, invoice="681111111111")

    batch = lists.give(line(1, invoice="681111111111"))
    assert results(batch) == [P.ASKS]
    with pytest.raises(NothingToSend):
        lists.start(batch)
    assert results(batch) == [P.ASKS]
    assert len(lists.registered()) == 1

    lists.start(batch, 1)
    lists.run(batch)
    assert results(batch) == [P.REGISTERED]


def test_a_number_whose_registration_is_still_unknown_is_asked_about_too(lists: Lists) -> None:
    first, _ = lists.know(2)
    lists.stand_in.fail_next(logis(UIDS[0]), "drop", method="POST")
    lists.desk.deliver(first, invoice="681111111111")
    assert results(lists.give(line(1, invoice="681111111111"))) == [P.ASKS]


def test_a_number_taken_after_the_list_was_looked_over_is_not_sent(lists: Lists) -> None:
    first, _ = lists.know(2)
    batch = lists.give(line(1, invoice="681111111111"))
    assert results(batch) == [P.GOES]
    lists.start(batch)
    lists.desk.deliver(first, invoice="681111111111")

    lists.run(batch)

    assert states(batch) == [R.REFUSED]
    assert "since the list was looked over" in problems(batch)[0]
    assert len(lists.registered()) == 1


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


def test_the_same_form_sent_twice_is_one_list(lists: Lists) -> None:
    lists.know(1)
    first = lists.give(line(0), form_key="once")
    assert lists.give(line(0), form_key="once").id == first.id


def give_on_the_page(person: Person, lines: str, **fields: object) -> str:
    hidden = person.hidden_fields("/escrow-orders/deliveries/new")
    form = {**hidden, "lines": lines, **fields}
    address = "/escrow-orders/deliveries/"
    return person.post(address, form, follow_redirects=True, **EN).text


def test_a_person_gives_a_list_looks_it_over_and_registers_it(
    support: Person, lists: Lists
) -> None:
    lists.know(2)
    page = give_on_the_page(support, f"{line(0)}\nORD-nothing,CJGLS,680000000099\n{line(1)}")
    assert "no API to correct an invoice number" in page
    assert "We know no payment of this number." in page
    assert "Register 2" in page
    assert lists.asked() == 0
    batch = db.session.scalars(sa.select(DeliveryBatch)).one()
    address = f"/escrow-orders/deliveries/{batch.id}"
    support.post(f"{address}/start/", {}, follow_redirects=True)
    lists.run(batch)

    page = support.get(address, **EN).text
    assert "Register 2" not in page
    content = support.get(f"{address}/result.csv", **EN).text
    cells = [row.split(",") for row in content.splitlines()[1:]]
    assert [row[0] for row in cells] == ["1", "2", "3"]
    assert [content.count(f"68000000000{place}") >= 2 for place in (0, 1)] == [True, True]
    assert content.count("Registered") == 2
    assert support.get(f"{address}/result.xlsx").status_code == 200
    index = support.get("/escrow-orders/deliveries/", **EN).text
    assert address in index


def test_a_shared_number_is_ticked_on_the_page(support: Person, lists: Lists) -> None:
    first, _, _ = lists.know(3)
    lists.desk.deliver(first, invoice="681111111111")
    page = give_on_the_page(support, f"{line(1, invoice='681111111111')}\n{line(2)}")
    assert f"registered for {first.merchant_uid}" in page
    assert 'name="ticked" value="1"' in page
    batch = db.session.scalars(sa.select(DeliveryBatch)).one()
    address = f"/escrow-orders/deliveries/{batch.id}"
    support.post(f"{address}/start/", {"ticked": ["1", "x", "²", "99"]})
    lists.run(batch)
    assert results(batch) == [P.REGISTERED] * 2
    assert support.post(f"{address}/start/", {}).status_code == 409


def test_the_same_list_given_twice_says_so(support: Person, lists: Lists) -> None:
    lists.know(2)
    first = give_on_the_page(support, f"{line(0)}\n{line(1)}")
    second = give_on_the_page(support, f"{line(1)}\n{line(0)}")
    third = give_on_the_page(support, line(1))
    assert "given before" not in first
    assert "given before" in second
    assert "given before" not in third
    key = db.session.scalars(sa.select(sa.func.min(DeliveryBatch.id))).one()
    assert f'href="/escrow-orders/deliveries/{key}"' in second


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


def test_a_file_as_a_korean_spreadsheet_saves_it_is_read(support: Person, lists: Lists) -> None:
    lists.know(1)
    sent = lists.desk.now - timedelta(minutes=10)
    content = f"주문번호,택배사,송장번호\r\n{UIDS[0]},CJ대한통운,6800-0000-0000\r\n"
    given = {"file": (BytesIO(content.encode("cp949")), "송장.csv")}
    assert "송장.csv" in give_on_the_page(support, "", **given)
    (row,) = db.session.scalars(sa.select(DeliveryBatchRow))
    assert (row.company, row.invoice, row.state) == ("CJGLS", "680000000000", R.WAITING)
    assert row.sent_at is not None
    assert row.sent_at > sent


def test_a_card_number_is_nowhere_kept_nor_shown_again(support: Person, lists: Lists) -> None:
    lists.know(1)
    card = "4111-1111-1111-1111"
    page = give_on_the_page(support, f"{line(0)}\nORD-1,CJGLS,{card}")
    assert card not in page
    assert "A card number stands here" in page
    assert card not in str(db.session.execute(sa.select(DeliveryBatchRow.given)).all())
    page = give_on_the_page(support, f'ORD-1,"{card}')
    assert "is not CSV" in page
    assert card not in page


def test_a_viewer_sees_no_list_and_gives_none(viewer: Person, lists: Lists) -> None:
    lists.know(1)
    batch = lists.give(line(0))
    assert viewer.get(f"/escrow-orders/deliveries/{batch.id}").status_code == 403
    assert viewer.post(f"/escrow-orders/deliveries/{batch.id}/start/").status_code == 403
    assert "/escrow-orders/deliveries/" not in viewer.get("/escrow-orders/").text
    assert work(batch.id, gateway=lists.desk.gateway, now=lists.desk.now) == 0
    assert lists.asked() == 0
