"""Each line is judged before any goes; a number that others have goes only when ticked."""

from __future__ import annotations

import pytest

from admin.delivery_batches.service import LISTS, discard, work
from admin.domain.approval import AlreadyDecided
from admin.domain.batch import BatchState, NothingToSend
from tests.delivery_batches.lists import UIDS, Lists, P, R, line, logis, problems, results, states
from tests.operations.desk import audited


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


def test_the_same_form_sent_twice_is_one_list(lists: Lists) -> None:
    lists.know(1)
    first = lists.give(line(0), form_key="once")
    assert lists.give(line(0), form_key="once").id == first.id
